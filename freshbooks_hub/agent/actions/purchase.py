"""The values of an expense, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from freshbooks_hub.agent.actions.books import decimal
from freshbooks_hub.agent.actions.canonical import digest
from freshbooks_hub.agent.actions.models import ActionRefused, Receipt, Tax
from freshbooks_hub.agent.names import folded
from freshbooks_hub.agent.untrusted import clean

VENDOR_LIMIT = 100
YEARS = range(1970, 2101)


@dataclass(frozen=True)
class ExpenseRequest:
    """What was asked; `receipt` is checked already. `another_purchase`: an equal expense is not the same one."""

    vendor: str
    date: str
    amount: str
    currency: str
    category: int | str
    taxes: tuple[dict[str, str], ...] = ()
    client: int | str | None = None
    project: int | str | None = None
    billable: bool = False
    notes: str = ""
    receipt: Receipt | None = None
    another_purchase: bool = False


@dataclass(frozen=True)
class Purchase:
    """The checked values of the request."""

    vendor: str
    day: date
    amount: Decimal
    currency: str
    taxes: tuple[Tax, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """Equal for the same purchase, however its vendor is capitalised or its amount written."""
        return digest(
            [folded(self.vendor), self.day.isoformat(), f"{self.amount.normalize():f}", self.currency]
        )


def checked(asked: ExpenseRequest) -> Purchase:
    vendor = clean(asked.vendor, VENDOR_LIMIT)
    if not vendor:
        raise ActionRefused("vendor_missing", "An expense needs its vendor.")
    if not re.fullmatch("[A-Z]{3}", asked.currency):
        raise ActionRefused("invalid_currency", "A currency is three capital letters, for example USD.")
    try:
        day = date.fromisoformat(asked.date)
    except ValueError as error:
        raise ActionRefused("invalid_date", "A date is written YYYY-MM-DD.") from error
    if day.year not in YEARS:
        raise ActionRefused(
            "invalid_date",
            f"The date of an expense lies in the years {YEARS[0]} to {YEARS[-1]}. Check the year.",
        )
    amount = _amount(asked.amount)
    if amount <= 0:
        raise ActionRefused("invalid_amount", "The amount of an expense is more than 0.")
    if len(asked.taxes) > 2:
        raise ActionRefused("too_many_taxes", "An expense takes up to two taxes.")
    taxes = tuple(_tax(tax) for tax in asked.taxes)
    if sum((Decimal(tax.amount or "0") for tax in taxes), Decimal(0)) > amount:
        raise ActionRefused(
            "invalid_tax", "The taxes are a part of the amount, so they cannot be more than it."
        )
    return Purchase(vendor, day, amount, asked.currency, taxes)


def _tax(sent: dict[str, str]) -> Tax:
    name = clean(str(sent.get("name") or ""), 40)
    if not name or "amount" not in sent:
        raise ActionRefused("invalid_tax", "A tax has a name and an amount.")
    amount = _amount(str(sent["amount"]))
    percent = sent.get("percent")
    if amount < 0 or (percent is not None and not 0 <= decimal(percent) <= 100):
        raise ActionRefused("invalid_tax", "A tax has an amount of 0 or more and a percent from 0 to 100.")
    return Tax(name=name, amount=str(amount), percent=str(decimal(percent)) if percent is not None else None)


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", text):
        raise ActionRefused("invalid_amount", "An amount is a decimal number as text, for example 12.50.")
    return Decimal(text)
