"""OAuth scopes: what each one is for, what is lost without it, and which a token has (freshbooks-api.md 1.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# The only scope of apps older than October 2021.
EVERYTHING = "admin:all:legacy"


@dataclass(frozen=True)
class Scope:
    """A scope's name, what it is requested for, and `cost`: a sentence on what is lost without it."""

    name: str
    purpose: str
    cost: str


def _read(thing: str, purpose: str, cost: str) -> Scope:
    return Scope(f"user:{thing}:read", purpose, cost)


READ = (
    _read("profile", "who is connected, and to which businesses", "Without it nothing can be read."),
    _read(
        "bill_payments",
        "payments of bills",
        "Bill payments cannot be read, so money paid out and cash are unknown.",
    ),
    _read("bill_vendors", "vendors of bills", "Bill vendors cannot be read; bills still name their vendor."),
    _read(
        "billable_items",
        "items, tasks, services and their rates",
        "Items and services cannot be read, so time billed at a service's rate has no value.",
    ),
    _read("bills", "bills that you owe", "Bills cannot be read, so what you owe is unknown."),
    _read(
        "business",
        "the business's own settings",
        "Business settings cannot be read, so the base currency is unknown.",
    ),
    _read(
        "clients",
        "clients and their contacts",
        "Clients cannot be read, so contacts are missing and clients are named as on their invoices.",
    ),
    _read(
        "credit_notes",
        "credit notes",
        "Credit notes cannot be read, so unused credit and money received in advance are unknown.",
    ),
    _read("estimates", "estimates", "Estimates cannot be read, so there is no pipeline."),
    _read("expenses", "expenses and their categories", "Expenses cannot be read, so spending is unknown."),
    _read(
        "invoices",
        "invoices with their lines, recurring invoices",
        "Invoices cannot be read, so balances and revenue are unknown.",
    ),
    _read(
        "journal_entries",
        "the ledger: accounts and journal entries",
        "Journal entries cannot be read, so there is no general ledger.",
    ),
    _read("other_income", "other income", "Other income cannot be read, so money received is unknown."),
    _read(
        "payments",
        "payments received",
        "Payments cannot be read, so paid amounts come from the invoices alone and collected revenue is unknown.",
    ),
    _read("projects", "projects", "Projects cannot be read, so time has no project or project rate."),
    _read(
        "reports",
        "FreshBooks' own reports, to check our figures against",
        "Reports cannot be read, so figures are not compared with FreshBooks' own.",
    ),
    _read("taxes", "taxes", "The list of taxes cannot be read; taxes on documents are."),
    _read(
        "teams",
        "team members, staff and their rates",
        "Team members cannot be read, so time has no person's name or rate.",
    ),
    _read(
        "time_entries", "tracked time", "Time entries cannot be read, so hours and unbilled time are unknown."
    ),
)
# Asking for a scope that is not enabled on the app fails the whole consent (freshbooks-api.md 1.5), and few apps have
# these, so only `ScopeSet.extended` asks for them.
ACCOUNT = _read(
    "account",
    "the chart of accounts, the trial balance and the general ledger, where FreshBooks asks for it",
    "Where FreshBooks asks for it, ledger accounts, the trial balance and the general ledger cannot be read.",
)
RETAINERS = _read("retainers", "retainers of clients", "Retainers cannot be read.")
OPTIONAL = (ACCOUNT, RETAINERS)
# How to request such a scope; `source_freshbooks` and the hub show it to users.
WITH_OPTIONAL = "freshbooks connect --scopes extended"
BASIC = tuple(
    scope
    for scope in READ
    if scope.name.split(":")[1] in {"profile", "invoices", "clients", "expenses", "reports"}
)
ACTIONS = (
    Scope(
        "user:invoices:write",
        "draft an invoice, and send it once you approved it",
        "Agents cannot draft or send invoices.",
    ),
    Scope(
        "user:time_entries:write",
        "log time once you approved it, and mark the time of such an invoice as billed",
        "Agents cannot log time, and the time on a drafted invoice is not marked as billed in FreshBooks.",
    ),
    Scope("user:expenses:write", "enter an expense once you approved it", "Agents cannot create expenses."),
    Scope("user:payments:write", "record a payment once you approved it", "Agents cannot record payments."),
    Scope(
        "user:clients:write",
        "add or change a client once you approved it",
        "Agents cannot add or change clients.",
    ),
    Scope("user:estimates:write", "draft an estimate once you approved it", "Agents cannot draft estimates."),
    Scope("user:uploads:read", "look at an uploaded receipt", "Uploaded receipts cannot be looked at."),
    Scope(
        "user:uploads:write", "upload the receipt of an expense", "Expenses are created without a receipt."
    ),
)
BASIC_ACTIONS = ACTIONS[:1]


class ScopeSet(StrEnum):
    """What a connection asks to read: the five basic scopes, everything that the streams need, or the optional too."""

    extended = "extended"
    basic = "basic"
    readable = "readable"


def needed(scope_set: ScopeSet = ScopeSet.readable, actions: bool = False) -> tuple[Scope, ...]:
    """The scopes of a set; with `actions` also those for the writes of approved actions.

    The basic set with actions is the six scopes that short set-up guides name.
    """
    if scope_set is ScopeSet.basic:
        return BASIC + BASIC_ACTIONS if actions else BASIC
    read = READ + OPTIONAL if scope_set is ScopeSet.extended else READ
    return read + ACTIONS if actions else read


def is_optional(names: Iterable[str]) -> bool:
    """Whether a scope is among `names` that a log-in asks for only where the user says so."""
    return not {scope.name for scope in OPTIONAL}.isdisjoint(names)


def granted(access_token: str) -> frozenset[str] | None:
    """The scopes in the token's claim; None if the token shows none (usually it is a JWT)."""
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        scope = claims["scope"]
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    return frozenset(scope.split() if isinstance(scope, str) else scope)


def missing(access_token: str, wanted: Iterable[Scope]) -> list[Scope]:
    """Those of `wanted` that `access_token` lacks; empty if the token does not show its scopes."""
    have = granted(access_token)
    if have is None or EVERYTHING in have:
        return []
    return [scope for scope in wanted if scope.name not in have]
