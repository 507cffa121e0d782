"""The OAuth scopes: which are needed for what, and which a token has (freshbooks-api.md 1.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass

# The only scope of apps older than October 2021.
EVERYTHING = "admin:all:legacy"


@dataclass(frozen=True)
class Scope:
    """A scope's name, and in words what it is asked for."""

    name: str
    purpose: str


READ = tuple(
    Scope(f"user:{thing}:read", purpose)
    for thing, purpose in (
        ("profile", "who is connected, and to which businesses"),
        ("bill_payments", "payments of bills"),
        ("bill_vendors", "vendors of bills"),
        ("billable_items", "items, tasks, services and their rates"),
        ("bills", "bills that you owe"),
        ("business", "the business's own settings"),
        ("clients", "clients and their contacts"),
        ("credit_notes", "credit notes"),
        ("estimates", "estimates"),
        ("expenses", "expenses and their categories"),
        ("invoices", "invoices with their lines, recurring invoices"),
        ("journal_entries", "the ledger: accounts and journal entries"),
        ("other_income", "other income"),
        ("payments", "payments received"),
        ("projects", "projects"),
        ("reports", "FreshBooks' own reports, to check our figures against"),
        ("taxes", "taxes"),
        ("teams", "team members, staff and their rates"),
        ("time_entries", "tracked time"),
    )
)
ACTIONS = (
    Scope("user:invoices:write", "draft an invoice, and send it once you approved it"),
    Scope("user:time_entries:write", "mark the time of such an invoice as billed"),
    Scope("user:expenses:write", "enter an expense once you approved it"),
    Scope("user:uploads:read", "look at an uploaded receipt"),
    Scope("user:uploads:write", "upload the receipt of an expense"),
)


def needed(actions: bool = False) -> tuple[Scope, ...]:
    """The read-only set, or with `actions` the set that lets agents' approved actions write."""
    return READ + ACTIONS if actions else READ


def granted(access_token: str) -> frozenset[str] | None:
    """The scopes in the token's claim; None for a token that does not tell (it is a JWT as a rule)."""
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        scope = claims["scope"]
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    return frozenset(scope.split() if isinstance(scope, str) else scope)


def missing(access_token: str, wanted: Iterable[Scope]) -> list[Scope]:
    """Those of `wanted` that `access_token` lacks; empty for a token that does not tell."""
    have = granted(access_token)
    if have is None or EVERYTHING in have:
        return []
    return [scope for scope in wanted if scope.name not in have]


def allows_actions(access_token: str) -> bool:
    """Whether agents' actions may write with this token, as far as it tells."""
    return not missing(access_token, ACTIONS)
