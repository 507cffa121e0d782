"""Requests as the sandbox meets them: their log, their limits, and the faults that tests set.

A fault is what a network, a proxy or the service itself does to a request now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from freshbooks_sandbox.behaviours import Behaviours

_WINDOW = 60  # seconds
KINDS = (
    "status",  # answers `status` with `body` instead of doing the work; HTML unless the body is JSON-able
    "drop_before",  # closes the connection, nothing was done
    "drop_after",  # does the work, then closes the connection without an answer
    "duplicate",  # does the work twice, as when a proxy repeats the request; answers the second time
    "slow",  # waits `seconds`, then does the work
    "hang",  # never answers
    "truncate",  # does the work, sends half of the body, closes the connection
    "not_json",  # 200 with an HTML page
    "error_200",  # 200 with `response.errors` and `errno`
    "rate_limited",  # 429 with Retry-After: `seconds`
    "expire_token",  # the access token of the request dies just before it
    "short_page",  # the list of the answer loses its last `rows` rows; total and pages stay
    "rewrite",  # the body of the answer becomes `rewrite(body)`; in-process use only
    "wrong_total",  # total (and pages) of the answer are off by `rows`
)
AFTER = frozenset({"drop_after", "rewrite", "truncate", "short_page", "wrong_total"})


@dataclass
class Fault:
    """Strikes requests that match in method, path (a glob), page and query: `times` times, after `skip`."""

    kind: str
    path: str = "*"
    method: str | None = None
    page: int | None = None
    query: str | None = None  # a glob over the raw, decoded query string
    times: int | None = 1  # None: for ever
    skip: int = 0
    status: int = 503
    body: Any = None
    errno: int = 1003
    seconds: float = 1.0
    rows: int = 1
    rewrite: Callable[[bytes], bytes] | None = None
    hits: int = 0

    def matches(self, method: str, path: str, query: str, page: int) -> bool:
        return (
            (self.times is None or self.hits < self.times)
            and (self.method is None or self.method == method)
            and fnmatchcase(path, self.path)
            and (self.page is None or self.page == page)
            and (self.query is None or fnmatchcase(query, self.query))
        )


class Faults:
    """The faults that are set; the first that matches a request strikes it."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, **spec: Any) -> Fault:
        fault = Fault(**spec)
        if fault.kind not in KINDS:
            raise ValueError(f"unknown kind {fault.kind!r}; one of {', '.join(KINDS)}")
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def take(self, method: str, path: str, query: str, page: int) -> Fault | None:
        for fault in self.active:
            if not fault.matches(method, path, query, page):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        names = [f.name for f in fields(Fault) if f.name != "rewrite"]
        return [{name: getattr(fault, name) for name in names} for fault in self.active]


@dataclass
class LoggedRequest:
    """One request as it arrived; `status` is None while it runs or when no answer was sent."""

    method: str
    path: str
    query: list[tuple[str, str]]
    at: str
    status: int | None = None
    fault: str | None = None
    body: bytes = field(default=b"", repr=False)
    note: dict[str, Any] = field(default_factory=dict)  # `grant_type` of token calls

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "body": self.body.decode("utf-8", "replace")}


class RequestLog(list[LoggedRequest]):
    """Requests in order of arrival; the control endpoints are not in it."""

    def matching(self, path: str = "*", method: str | None = None) -> list[LoggedRequest]:
        """Those whose path fits the glob."""
        return [r for r in self if fnmatchcase(r.path, path) and method in (None, r.method)]


@dataclass
class Limits:
    """Requests in fixed windows of a minute (freshbooks-api.md 6.3): accounting POSTs, and all others.

    None refuses nothing; the headers stay. Where the behaviour `shared_limit` is off, each part of the API (the first
    word of its paths) has such counters of its own.
    """

    general: int | None = 600
    posts: int | None = 250
    behaviours: Behaviours = field(default_factory=Behaviours)
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)  # counter -> (window, used)

    def count(self, method: str, path: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Whether the request passes, and the headers that every answer carries."""
        posting = method == "POST" and path.startswith("/accounting/")
        counter, allowed = ("posts", self.posts) if posting else ("general", self.general)
        if not self.behaviours.shared_limit:
            counter += f" of {path.split('/')[1]}"
        window = int(now.timestamp()) // _WINDOW
        known, used = self._used.get(counter, (window, 0))
        used = used + 1 if known == window else 1
        self._used[counter] = (window, used)
        limit = allowed if allowed is not None else 1_000_000
        reset = (window + 1) * _WINDOW
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - used, 0)),
            "X-RateLimit-Reset": str(reset),
            "Retry-After": str(max(reset - int(now.timestamp()), 1)),
        }
        return used <= limit, headers
