"""What the headers of all answers tell, without a request of its own: rate limit and version (P11)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from freshbooks_api.request_window import LIMIT
from freshbooks_api.verified import Fact, Result
from source_freshbooks.verify.asking import Asker

VERSION = "2023-02-20"  # freshbooks-api.md 1.2: of an answer to a request that named none


@dataclass(frozen=True)
class _Count:
    """What an answer says is left of the window that ends at `reset` (unix time, as text; "" if untold)."""

    part: str
    reset: str
    left: int


def headers(ask: Asker) -> Iterator[Fact]:
    """P11: the limit and whether it is one for all, `Retry-After`, the version (freshbooks-api.md 6.3)."""
    yield _limit(ask)
    yield _counter(ask)
    yield _retry_after(ask)
    yield _version(ask)


def _limit(ask: Asker) -> Fact:
    text = f"At least {LIMIT} requests a minute are allowed"
    told = {
        int(value) for _, answer in ask.headers if (value := answer.get("X-RateLimit-Limit", "")).isdigit()
    }
    if not told:
        return Fact("P11", text, Result.no_data, "", "no answer tells the limit")
    least = min(told)
    if least >= LIMIT:
        return Fact("P11", text, Result.proved, "", f"{least} a minute")
    return Fact("P11", text, Result.refuted, "", f"{least} a minute", "no more are sent")


def _counter(ask: Asker) -> Fact:
    """One counter for all falls with each answer; one for each part goes on where that part left off."""
    text = "All parts of the API count against one limit"
    counts = [
        _Count(part, answer.get("X-RateLimit-Reset", ""), int(left))
        for part, answer in ask.headers
        if (left := answer.get("X-RateLimit-Remaining", "")).isdigit()
    ]
    one = own = 0
    last: dict[tuple[str, str], int] = {}
    for before, count in pairwise(counts):
        last[before.part, before.reset] = before.left
        mine = last.get((count.part, count.reset))
        if before.part == count.part or before.reset != count.reset or mine is None:
            continue
        by_one, by_own = abs(before.left - 1 - count.left), abs(mine - 1 - count.left)
        one += by_one < by_own
        own += by_own < by_one
    if one > 2 * own:
        return Fact("P11", text, Result.proved)
    if own > 2 * one:
        change = "none needed: requests to all of them are counted together"
        return Fact("P11", text, Result.refuted, "", "each part has a count of its own", change)
    return Fact("P11", text, Result.no_data, "", "the counts do not tell")


def _retry_after(ask: Asker) -> Fact:
    text = "Good answers carry Retry-After, which is obeyed after 429 and 503 alone"
    with_it = sum("Retry-After" in answer for _, answer in ask.headers)
    if not ask.headers:
        return Fact("P11", text, Result.no_data, "", "no good answer")
    if with_it:
        return Fact("P11", text, Result.proved)
    return Fact("P11", text, Result.refuted, "", "none does", "none needed")


def _version(ask: Asker) -> Fact:
    text = f"Answers are of the API's version {VERSION}"
    told = {version for _, answer in ask.headers if (version := _known(answer))}
    if not told:
        return Fact("P11", text, Result.no_data, "", "no answer tells it")
    if told == {VERSION}:
        return Fact("P11", text, Result.proved)
    return Fact("P11", text, Result.refuted, "", ", ".join(sorted(told)), "none: what differs is told above")


def _known(answer: Mapping[str, str]) -> str:
    """The version if it is a date, so that nothing else gets into a report."""
    version = answer.get("X-Api-Version", "")
    return version if re.fullmatch(r"\d{4}-\d\d-\d\d", version) else "another" if version else ""
