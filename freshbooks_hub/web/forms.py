"""Forms: their CSRF token, what they may hold, and what a person typed, shown again beside the field that is wrong."""

from __future__ import annotations

import functools
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from freshbooks_hub.core.errors import HubError

NO_LABELS: Mapping[str, str] = MappingProxyType({})
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MOST_FIELDS = 1000  # that of a user has one for each connection

Act = Callable[[Request, FormData], Response]


@dataclass
class Typed:
    """`values`: text by the name of the field; `problems`: a sentence by the same, "" for the form as a whole.

    Passwords are not shown again, so a template gives their fields no value.
    """

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> Typed:
        """What was sent, without blanks around it."""
        return cls({name: str(value).strip() for name, value in form.multi_items()})

    def get(self, name: str) -> str:
        """The text of a field; empty if there is none."""
        return self.values.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self.values

    @contextmanager
    def problem_of(self, name: str = "", label: str = "") -> Iterator[None]:
        """Record the error that the block raises as the problem of this field, which `label` names."""
        try:
            yield
        except HubError as error:
            self.problems[name] = f"{label}: {error}" if label else str(error)


def csrf_token(request: Request) -> str:
    """The token of this browser's session, made at the first form."""
    token: str = request.session.setdefault("csrf", secrets.token_urlsafe(32))
    return token


def action(
    act: Act, several_lines: Container[str] = (), labels: Mapping[str, str] = NO_LABELS
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that changes something: checks the form, and runs `act(request, form)` in a thread.

    The form holds this session's token, and no control characters: only fields of `several_lines` have line breaks.
    `labels`: of the fields in which a person writes, as the page has them.
    """

    @functools.wraps(act)
    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            sent, expected = form.get("csrf"), request.session.get("csrf")
            if not (isinstance(sent, str) and expected and same_text(sent, expected)):
                raise HTTPException(403, "The form was too old. Go back, reload the page and try again.")
            for name, value in form.multi_items():
                text = value.strip() if isinstance(value, str) else ""
                if name in several_lines:
                    text = text.replace("\r\n", "").replace("\n", "").replace("\t", "")
                if not isinstance(value, str) or UNPRINTABLE.search(name + text):
                    raise HTTPException(
                        400,
                        f"{labels.get(name, 'This form')}: it holds a line break or another control character. "
                        "Remove it.",
                    )
            return await run_in_threadpool(act, request, form)

    return endpoint


def same_text(one: str, other: str) -> bool:
    """Compare in a time that does not reveal how much was right; any text can be compared."""
    return hmac.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (one, other)))
