"""Data that this connection cannot read and never could: told once, grouped by what to do about it.

That is no fault: an account has a plan, the user a role, the app some scopes. What worked and is refused now is a
failure of its stream, and told as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from freshbooks_api import scopes
from freshbooks_api.streams import ENTITIES
from freshbooks_hub.core.stream_labels import stream_labels

ORDER = {entity.stream: number for number, entity in enumerate(ENTITIES)}
SCOPE_OF = {entity.stream: entity.scope_name for entity in ENTITIES}


class Why(StrEnum):
    """Why a stream is not available; the first two are a matter of scopes."""

    not_granted = "not_granted"
    not_asked = "not_asked"
    gated = "gated"
    refused = "refused"


@dataclass(frozen=True)
class Refusal:
    """One stream that cannot be read; of one business, or (None) of any."""

    stream: str
    why: Why
    business_id: int | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotAvailable:
    """Streams with one reason and remedy. `businesses`: names of those concerned, empty for all."""

    why: Why
    streams: tuple[str, ...]
    businesses: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """A clause."""
        match self.why:
            case Why.not_granted:
                one = len(self.scopes) == 1
                return f"the scope{'' if one else 's'} {', '.join(self.scopes)} {'was' if one else 'were'} not approved"
            case Why.not_asked:
                return "this connection was made without the scopes for it"
            case Why.gated:
                return "the plan of the business does not include it"
            case _:
                return "your role in the business does not allow it"

    @property
    def remedy(self) -> str:
        """A sentence."""
        match self.why:
            case Why.not_granted:
                return "To get it, enable them on your app in the FreshBooks developer portal, then: freshbooks connect"
            case Why.not_asked:
                return "To get it: freshbooks connect --scopes readable"
            case Why.gated:
                return "It is read automatically once the plan includes it."
            case _:
                return "To get it, ask the owner of the business for an administrator's role."

    @property
    def what(self) -> str:
        """Which data, of which business."""
        where = f" of {', '.join(self.businesses)}" if self.businesses else ""
        return f"{stream_labels(self.streams)}{where}"

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}. {self.remedy}"

    def as_json(self) -> dict[str, Any]:
        """For `freshbooks status --json`."""
        return {
            "why": self.why.value,
            "streams": list(self.streams),
            "businesses": list(self.businesses),
            "missing_scopes": list(self.scopes),
            "reason": self.reason,
            "remedy": self.remedy,
        }


def by_token(access_token: str, asked: Iterable[str] | None) -> list[Refusal]:
    """Streams whose scope the token lacks; none for a token that does not tell. `asked`: None where unknown."""
    lacking = {scope.name for scope in scopes.missing(access_token, scopes.READ)}
    wanted = None if asked is None else set(asked)
    return [
        Refusal(
            entity.stream,
            Why.not_granted if wanted is None or entity.scope_name in wanted else Why.not_asked,
            scopes=(entity.scope_name,),
        )
        for entity in ENTITIES
        if entity.scope_name in lacking
    ]


def group(refusals: Iterable[Refusal], names: Mapping[int, str]) -> list[NotAvailable]:
    """One for each reason; where plan or role are the reason, one for each set of businesses."""
    businesses: dict[tuple[Why, str], set[int]] = {}
    lacking: dict[tuple[Why, str], set[str]] = {}
    for one in refusals:
        key = (one.why, one.stream)
        businesses.setdefault(key, set())
        if one.business_id is not None and one.why in {Why.gated, Why.refused}:
            businesses[key].add(one.business_id)
        lacking.setdefault(key, set()).update(one.scopes)
    groups: dict[tuple[Why, frozenset[int]], list[str]] = {}
    for (why, stream), ids in businesses.items():
        groups.setdefault((why, frozenset(ids)), []).append(stream)
    return [
        NotAvailable(
            why,
            tuple(sorted(streams, key=lambda stream: ORDER.get(stream, len(ORDER)))),
            tuple(names.get(number, str(number)) for number in sorted(ids)),
            tuple(sorted(set().union(*(lacking[why, stream] for stream in streams)))),
        )
        for (why, ids), streams in sorted(
            groups.items(), key=lambda g: (list(Why).index(g[0][0]), sorted(g[0][1]))
        )
    ]
