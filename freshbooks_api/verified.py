"""Results of `source-freshbooks verify`: facts proved or refuted on the user's account, and two ways to show them.

Every text of a fact is made of our own words, names of streams, counts, types and hours. No name, amount, number or id
of the books ever enters one, so that a report can be pasted into a public issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The layout of the document; one of another layout is not used.
LAYOUT = 1
# Among what to do differently, how an invoice's lines name what they bill, for drafts: `time_entries` as "objects" or
# "numbers", `expenses` as documented, or either UNKNOWN where it is in a way that nothing here can write.
LINKS = "links"
UNKNOWN = "unknown"


class Result(StrEnum):
    """What the account showed about a fact that the code relies on."""

    proved = "proved"
    refuted = "refuted"
    no_data = "no data"


@dataclass(frozen=True)
class Fact:
    """A question by its number in freshbooks-api.md 9.2, with the answer.

    `fact`: what is assumed. `subject`: the stream it is about, or "". `found`: what was seen. `change`: what is read
    differently from now on, or "".
    """

    probe: str
    fact: str
    result: Result
    subject: str = ""
    found: str = ""
    change: str = ""

    def as_json(self) -> dict[str, str]:
        """For the document."""
        return {**vars(self), "result": str(self.result)}


def grouped(facts: Iterable[Fact]) -> list[tuple[Fact, list[str]]]:
    """Facts that differ in their subject alone, together; the refuted first, then by number."""
    together: dict[Fact, list[str]] = {}
    for fact in facts:
        bare = Fact(fact.probe, fact.fact, fact.result, "", fact.found, fact.change)
        subjects = together.setdefault(bare, [])
        if fact.subject:
            subjects.append(fact.subject)
    order = [Result.refuted, Result.proved, Result.no_data]
    return sorted(
        together.items(), key=lambda item: (order.index(item[0].result), int(item[0].probe.lstrip("P")))
    )


def facts_of(business: Mapping[str, Any]) -> list[Fact]:
    """The facts of one business of the document."""
    return [Fact(**{**fact, "result": Result(fact["result"])}) for fact in business["facts"]]


def table(document: Mapping[str, Any]) -> str:
    """A line for each fact and result, by business; the refuted first, with what is done because of it."""
    lines = []
    for business_id, business in document["businesses"].items():
        lines.append(f"Business {business_id}: {business['requests']} requests")
        for fact, subjects in grouped(facts_of(business)):
            lines.append(f"  {fact.result:<8} {fact.probe:<4} {sentence(fact, subjects)}")
    return "\n".join([*lines, _count(document)])


def redacted(document: Mapping[str, Any]) -> str:
    """Markdown for a public issue: businesses are counted and not named."""
    lines = [f"### source-freshbooks {document['version']}, verify of {document['checked_at'][:10]}"]
    for number, business in enumerate(document["businesses"].values(), 1):
        lines += [
            "",
            f"Business #{number}, {business['requests']} requests",
            "",
            "| result | probe | fact |",
            "| --- | --- | --- |",
        ]
        for fact, subjects in grouped(facts_of(business)):
            lines.append(f"| {fact.result} | {fact.probe} | {sentence(fact, subjects)} |")
    return "\n".join([*lines, "", "No name, amount, number or id of the books is in this report."])


def sentence(fact: Fact, subjects: list[str]) -> str:
    """The fact with its subject, what was found, and what is done because of it."""
    about = f" ({', '.join(subjects)})" if subjects else ""
    found = f": {fact.found}" if fact.found else ""
    change = f". Now: {fact.change}" if fact.change else ""
    return f"{fact.fact}{about}{found}{change}"


def _count(document: Mapping[str, Any]) -> str:
    facts = [fact for business in document["businesses"].values() for fact in facts_of(business)]
    refuted = sum(fact.result is Result.refuted for fact in facts)
    proved = sum(fact.result is Result.proved for fact in facts)
    return f"{proved} proved, {refuted} refuted, {len(facts) - proved - refuted} without data."
