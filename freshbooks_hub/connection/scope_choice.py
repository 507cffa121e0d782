"""Which scopes a log-in asks for: a set by its name, or a list; and what the user is told of the choice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from freshbooks_api.scopes import ACTIONS, READ, Scope, ScopeSet, granted, missing, needed
from freshbooks_hub.core.errors import InvalidConfig

PROFILE = "user:profile:read"
NAME = re.compile(r"user:[a-z_]+:(read|write)")
KNOWN = {scope.name: scope for scope in (*READ, *ACTIONS)}
# What works with a set, and what does not.
WORKS = {
    ScopeSet.readable: "All data that FreshBooks offers, as far as your plan and role allow.",
    ScopeSet.basic: (
        "Clients, invoices, expenses and FreshBooks' own reports: balances, invoiced revenue and spending work. "
        "Without the other scopes there are no payments, credit notes, estimates, time, projects, bills or ledger."
    ),
}
FRESHBOOKS_SAYS = "The requested scope is invalid, unknown, or malformed"


def asked(choice: str, actions: bool = False) -> tuple[str, ...]:
    """The names of the scopes of `choice`: `basic`, `readable`, or names with commas or blanks between them.

    The profile is always among them; `actions` adds those of agents' approved actions. Raises InvalidConfig.
    """
    text = choice.strip().lower()
    if text in set(ScopeSet):
        return names(needed(ScopeSet(text), actions))
    listed = text.replace(",", " ").split()
    wrong = [name for name in listed if not NAME.fullmatch(name)]
    if wrong or not listed:
        raise InvalidConfig(
            f"{' '.join(wrong)[:80] or 'An empty list'} is not a valid choice of scopes. Choose basic or readable, or "
            "list scopes like user:invoices:read,user:clients:read."
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


def told(scope: Scope) -> str:
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
