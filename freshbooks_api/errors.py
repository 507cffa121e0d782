"""Errors of the FreshBooks API, in any family's envelope (freshbooks-api.md 6.1), and codes of failures of the source.

The source writes a code into its error trace and the hub reads it there, so that sentences for users can be reworded
without a change of behaviour. It is the first word of the trace's `internal_message`: the protocol has no field for it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

# Errnos of what the plan does not include: clients, items, bills, bill vendors, bill payments (freshbooks-api.md 6.1).
PLAN = frozenset({7005, 12001, 41001, 31001, 41101})

RATE_LIMITED = "rate_limited"  # FreshBooks asked to slow down for longer than the source waits

_CODE = re.compile(r"code=(\w+)\s")
_REQUIRED = re.compile(r"Required:\s*\[([^\]]*)\]")
_SCOPE = re.compile(r"\w+:\w+:\w+")


class AnswerError(NamedTuple):
    """The first error of an answer. `message` is FreshBooks' own text, which may quote what strangers wrote."""

    errno: int | None
    message: str
    field: str | None = None


def error_of(body: Any) -> AnswerError | None:
    """The error in an answer, whose status may be 200; None without one, and if it is not a JSON object."""
    if not isinstance(body, dict):
        return None
    inner = body.get("response")
    if isinstance(inner, dict) and inner.get("errors"):
        errors = inner["errors"]
        first = errors[0] if isinstance(errors, list) else errors
        if not isinstance(first, dict):
            return AnswerError(None, str(first))
        field = first.get("field")
        return AnswerError(
            _int(first.get("errno")), str(first.get("message")), str(field) if field is not None else None
        )
    details = body.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and "reason" in details[0]:
        metadata = details[0].get("metadata")
        given = metadata.get("message") if isinstance(metadata, dict) else None
        return AnswerError(_int(details[0]["reason"]), str(given or body.get("message")))
    if isinstance(body.get("errors"), dict):  # the ledger's family
        return AnswerError(None, str(body["errors"].get("message")))
    if "error" in body:
        return AnswerError(_int(body.get("errno")), str(body.get("error_description") or body["error"]))
    if "message" in body and set(body) <= {"message", "code", "errno", "details"}:
        return AnswerError(_int(body.get("errno")), str(body["message"]))
    return None


def missing_scopes(text: str) -> tuple[str, ...] | None:
    """The scopes that a 403 asks for, empty if it names none; None if it is about something else.

    In which part of the answer they stand depends on the family, so the whole text is searched.
    """
    raw = text.replace("\\u0027", "'")
    if "insufficient_scope" not in raw:
        return None
    found = _REQUIRED.search(raw)
    return tuple(_SCOPE.findall(found[1])) if found else ()


def with_code(code: str | None, text: str) -> str:
    """The internal message of a failure."""
    return f"code={code} {text}" if code else text


def code_of(internal_message: str | None) -> str | None:
    """The code in an internal message, if it has one."""
    found = _CODE.match(internal_message or "")
    return found[1] if found else None


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
