"""The scopes that a log-in asks for, and what its connection may not read, reported once and grouped by remedy.

Missing data is no fault: an account has a plan, the user a role, the app some scopes. What worked and is refused now is
a failure of its stream, and reported as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from freshbooks_api import scopes
from freshbooks_api.scopes import (
    ACTIONS,
    OPTIONAL,
    READ,
    WITH_OPTIONAL,
    Scope,
    ScopeSet,
    granted,
    missing,
    needed,
)
from freshbooks_api.streams import STREAMS
from freshbooks_hub.core.errors import InvalidConfig
from freshbooks_hub.core.labels import stream_labels

PROFILE = "user:profile:read"
NAME = re.compile(r"user:[a-z_]+:(read|write)")
KNOWN = {scope.name: scope for scope in (*READ, *OPTIONAL, *ACTIONS)}
# What works with a set, and what does not.
WORKS = {
    ScopeSet.readable: "All data that FreshBooks offers, as far as your plan and role allow.",
    ScopeSet.extended: (
        "The same, and two scopes that few apps have: user:retainers:read, and user:account:read for the chart of "
        "accounts, the trial balance and the general ledger, where FreshBooks asks for it. Enable both on your app "
        "first, or FreshBooks refuses the whole log-in."
    ),
    ScopeSet.basic: (
        "Clients, invoices, expenses and FreshBooks' own reports: balances, invoiced revenue and spending work. "
        "Without the other scopes there are no payments, credit notes, estimates, time, projects, bills or ledger."
    ),
}
# What keeps an app from being saved, or saves it with less than was typed (freshbooks-api.md 1.3).
REGISTERING = (
    "The app's name must be unique in all of FreshBooks, so add your company's to it. "
    "“Name has already been taken.” means this.",
    "The redirect URI counts once it is added with the + button. "
    "“This cannot be blank” under a filled field means this.",
    "Adding a scope can empty the redirect URI. Look at it again before you save.",
    "A new app has one scope, user:profile:read. Every other one is added by hand.",
)
REGISTERING_SHORT = (
    "The app's name must be unique in all of FreshBooks; a new app has the scope user:profile:read alone.\n"
    "Add the redirect URI with +, and look at it again before you save: adding scopes can empty it."
)
FRESHBOOKS_SAYS = "The requested scope is invalid, unknown, or malformed"
ORDER = {stream.name: number for number, stream in enumerate(STREAMS)}
SCOPE_OF = {stream.name: stream.scope_name for stream in STREAMS}


def asked(choice: str, actions: bool = False) -> tuple[str, ...]:
    """The names of the scopes of `choice`: `basic`, `readable`, `extended`, or names with commas or blanks between.

    The profile is always among them; `actions` adds those of agents' approved actions. Raises InvalidConfig.
    """
    text = choice.strip().lower()
    if text in set(ScopeSet):
        return names(needed(ScopeSet(text), actions))
    listed = text.replace(",", " ").split()
    wrong = [name for name in listed if not NAME.fullmatch(name)]
    if wrong or not listed:
        raise InvalidConfig(
            f"{' '.join(wrong)[:80] or 'An empty list'} is not a valid choice of scopes. Choose basic or readable "
            "(or extended), or list scopes like user:invoices:read,user:clients:read."
        )
    extra = names(ACTIONS) if actions else ()
    return tuple(dict.fromkeys((PROFILE, *listed, *extra)))


def names(scopes: Iterable[Scope]) -> tuple[str, ...]:
    """Their names, in order."""
    return tuple(scope.name for scope in scopes)


def described(wanted: Iterable[str]) -> list[Scope]:
    """Scopes by their names; one that nothing here needs is described by its name."""
    return [KNOWN.get(name) or Scope(name, "not used", f"{name} was not approved.") for name in wanted]


def not_approved(access_token: str, wanted: Iterable[str] | None) -> list[Scope]:
    """Scopes that were `wanted` (None: unknown, so all that reading needs) and that the token lacks."""
    return missing(access_token, READ if wanted is None else described(wanted))


def not_approved_text(scope: Scope) -> str:
    """What is lost without a scope that was not approved, in a sentence or two."""
    return f"Not approved: {scope.name}. {scope.cost}"


def asks_for_actions(access_token: str) -> bool:
    """Whether the token may write, so that the next log-in is to ask for that again."""
    return bool(set(granted(access_token) or ()) & {s.name for s in ACTIONS if s.name.endswith(":write")})


def set_of(wanted: Iterable[str] | None) -> ScopeSet | None:
    """The set that was asked for, with or without actions; None for another list. Unknown counts as readable."""
    if wanted is None:
        return ScopeSet.readable
    read = {name for name in wanted if name not in set(names(ACTIONS))}
    return next((s for s in ScopeSet if read == set(names(needed(s)))), None)


def if_refused(wanted: Iterable[str], less: str) -> str:
    """What to do when FreshBooks' page refuses the scopes; it names none. `less`: how to go on with fewer."""
    shown = f'If FreshBooks says "{FRESHBOOKS_SAYS}", one of these scopes is not enabled on your app'
    if set(wanted) <= set(names(needed(ScopeSet.basic, actions=True))):
        return f"{shown}: enable all of them in the developer portal."
    return f"{shown}: enable all of them in the developer portal, or {less}."


class Why(StrEnum):
    """Why a stream is not available; the first three are a matter of scopes."""

    not_granted = "not_granted"
    not_asked = "not_asked"
    beyond = "beyond"
    gated = "gated"
    refused = "refused"
    absent = "absent"


OF_BUSINESSES = frozenset({Why.gated, Why.refused, Why.absent})


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
            case Why.beyond:
                return f"it needs {', '.join(self.scopes)}, which few apps have, so this connection did not ask for it"
            case Why.gated:
                return "the plan of the business does not include it"
            case Why.absent:
                return "FreshBooks has no such list or report for the business"
            case _:
                return "your role in the business does not allow it"

    @property
    def remedy(self) -> str:
        """A sentence."""
        match self.why:
            case Why.not_granted:
                again = WITH_OPTIONAL if scopes.is_optional(self.scopes) else "freshbooks connect"
                return f"To get it, enable them on your app in the FreshBooks developer portal, then: {again}"
            case Why.not_asked:
                return "To get it: freshbooks connect --scopes readable"
            case Why.beyond:
                return f"To get it, enable that on your app in the FreshBooks developer portal, then: {WITH_OPTIONAL}"
            case Why.gated:
                return "It is read automatically once the plan includes it."
            case Why.absent:
                return "It is read automatically once there is one."
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
    """Streams whose scope the token lacks; none if the token does not show its scopes. `asked`: None where unknown."""
    lacking = {scope.name for scope in scopes.missing(access_token, (*scopes.READ, *scopes.OPTIONAL))}
    beyond = {scope.name for scope in scopes.OPTIONAL}
    wanted = set(KNOWN) - beyond if asked is None else set(asked)

    def why(scope: str) -> Why:
        if scope in wanted:
            return Why.not_granted
        return Why.beyond if scope in beyond else Why.not_asked

    return [
        Refusal(stream.name, why(stream.scope_name), scopes=(stream.scope_name,))
        for stream in STREAMS
        if stream.scope_name in lacking
    ]


def group(refusals: Iterable[Refusal], names: Mapping[int, str]) -> list[NotAvailable]:
    """One for each reason; where plan or role are the reason, one for each set of businesses."""
    businesses: dict[tuple[Why, str], set[int]] = {}
    lacking: dict[tuple[Why, str], set[str]] = {}
    for one in refusals:
        key = (one.why, one.stream)
        businesses.setdefault(key, set())
        if one.business_id is not None and one.why in OF_BUSINESSES:
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
