"""Codes of failures: the source writes one into its error trace, the hub reads it there.

It is the first word of the trace's `internal_message`, for the protocol has no field of its own; the sentence for
the user may then be reworded without a change of behaviour.
"""

from __future__ import annotations

import re

RATE_LIMITED = "rate_limited"  # FreshBooks asked to slow down, longer than the source waits

_CODE = re.compile(r"code=(\w+)\s")


def with_code(code: str | None, text: str) -> str:
    """The internal message of a failure."""
    return f"code={code} {text}" if code else text


def code_of(internal_message: str | None) -> str | None:
    """The code in an internal message, if it has one."""
    found = _CODE.match(internal_message or "")
    return found[1] if found else None
