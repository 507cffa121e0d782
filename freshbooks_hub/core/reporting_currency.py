"""The reporting currency, in which totals are also shown, with the user's own dated rates.

A rate is how much of the reporting currency one unit of another is worth from its day on. Totals in it are shown beside
those of each currency, never in their place; without a rate there is no total, and a sentence says why.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from freshbooks_hub.core.currencies import rounded
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private

FILE = "reporting_currency.json"
COLUMNS = ("date", "currency", "rate")
LARGEST = 5_000_000  # bytes of a file of rates


@dataclass(frozen=True)
class Rate:
    """From `day` on, one unit of `currency` is worth `rate` of the reporting currency."""

    day: date
    currency: str
    rate: Decimal


@dataclass(frozen=True)
class Total:
    """Amounts of several currencies together, in the reporting currency; null when `missing` says what lacks.

    `rates`: those that were used, by currency.
    """

    amount: Decimal | None
    rates: list[Rate]
    missing: str | None


@dataclass(frozen=True)
class ReportingCurrency:
    """`code`: ISO 4217, in capitals. `rates`: the earliest first."""

    code: str
    rates: tuple[Rate, ...] = ()

    @classmethod
    def beside(cls, marts: Path) -> ReportingCurrency | None:
        """What is set for the home of these marts; None when nothing is. Raises HubError for a damaged file."""
        path = marts.with_name(FILE)
        if not path.exists():
            return None
        try:
            document = json.loads(path.read_text())
            rates = [
                Rate(date.fromisoformat(day), code, Decimal(rate)) for day, code, rate in document["rates"]
            ]
            return cls(str(document["currency"]), tuple(rates))
        except (OSError, ValueError, KeyError, TypeError, InvalidOperation) as error:
            raise HubError(
                "The reporting currency cannot be read. Set it again: freshbooks currency CAD --rates rates.csv"
            ) from error

    def save(self, marts: Path) -> None:
        """Keep it for the home of these marts; raises HomeError when the disk does not take it."""
        document = {
            "currency": self.code,
            "rates": [(str(r.day), r.currency, str(r.rate)) for r in self.rates],
        }
        with disk_errors(marts.parent):
            write_private(marts.with_name(FILE), json.dumps(document).encode())

    def csv(self) -> str:
        """The rates as a file of rates has them, see `parse_rates`."""
        lines = [COLUMNS, *((str(rate.day), rate.currency, str(rate.rate)) for rate in self.rates)]
        return "".join(f"{','.join(line)}\n" for line in lines)

    def rate(self, currency: str, day: date) -> Rate | None:
        """The newest rate of `currency` on or before `day`; of the reporting currency itself it is 1."""
        if currency == self.code:
            return Rate(day, currency, Decimal(1))
        known = [rate for rate in self.rates if rate.currency == currency and rate.day <= day]
        return known[-1] if known else None

    def total(self, amounts: Mapping[str, Decimal | None], day: date) -> Total:
        """The amounts (by currency) in the reporting currency on `day`, each rounded half up, then added.

        An amount of nought needs no rate.
        """
        found: list[Rate] = []
        whole = Decimal(0)
        unknown: list[str] = []
        without: list[str] = []
        for currency, amount in sorted(amounts.items()):
            rate = self.rate(currency, day)
            if amount is None:
                unknown.append(currency)
            elif rate is None and amount:
                without.append(currency)
            elif rate is not None and amount:
                whole += rounded(amount * rate.rate, self.code)
                found.append(rate)
        missing = None
        if without:
            missing = (
                f"There is no rate of {' and '.join(without)} on or before {day}, "
                f"so the total in {self.code} is unknown."
            )
        elif unknown:
            missing = f"The amount in {' and '.join(unknown)} is unknown, and so is the total in {self.code}."
        used = [rate for rate in found if rate.currency != self.code]
        return Total(None if missing else whole, used, missing)


def set_reporting_currency(marts: Path, code: str, rates: tuple[Rate, ...] | None) -> None:
    """Set it for the home of these marts. `rates`: None keeps those of before, where they are in the same currency.

    Raises HubError when the code is none or the disk does not take it.
    """
    wanted = currency_code(code)
    earlier = ReportingCurrency.beside(marts) if rates is None else None
    kept = earlier.rates if earlier and earlier.code == wanted else ()
    ReportingCurrency(wanted, kept if rates is None else rates).save(marts)


def clear_reporting_currency(marts: Path) -> None:
    """Show totals per currency alone."""
    with disk_errors(marts.parent):
        marts.with_name(FILE).unlink(missing_ok=True)


def currency_code(text: str) -> str:
    """The code in capitals; raises HubError if it is not a currency."""
    code = text.strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise HubError(f"{text!r} is not a currency code. It has three letters, such as CAD.")
    return code


def read_rates(path: Path) -> tuple[Rate, ...]:
    """The rates in a CSV file, see `parse_rates`. Raises HubError."""
    try:
        if path.stat().st_size > LARGEST:
            raise HubError(f"{str(path)!r} is too large for a file of rates.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise HubError(
            f"{str(path)!r} cannot be read. Give a CSV file in UTF-8 with the columns date, currency and rate."
        ) from error
    return parse_rates(text)


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Rates from CSV with the columns date, currency and rate, the earliest first.

    Raises HubError, naming the line that cannot be used.
    """
    lines = csv.DictReader(io.StringIO(text, newline=""))
    lines.fieldnames = [(name or "").strip().lower() for name in lines.fieldnames or []]
    if absent := [name for name in COLUMNS if name not in lines.fieldnames]:
        raise HubError(
            f"The rates have no column {' and no column '.join(absent)}. Their first line is: date,currency,rate"
        )
    found: dict[tuple[date, str], Rate] = {}
    for line in lines:
        if not any(line.get(name) for name in COLUMNS):
            continue
        rate = _rate(line, lines.line_num)
        if found.setdefault((rate.day, rate.currency), rate) != rate:
            raise HubError(f"Line {lines.line_num} has a second rate of {rate.currency} for {rate.day}.")
    return tuple(sorted(found.values(), key=lambda rate: (rate.day, rate.currency)))


def _rate(line: Mapping[str, str | None], number: int) -> Rate:
    try:
        day = date.fromisoformat((line["date"] or "").strip())
        currency = currency_code(line["currency"] or "")
        rate = Decimal((line["rate"] or "").strip())
    except (ValueError, InvalidOperation, HubError) as error:
        raise HubError(
            f"Line {number} of the rates cannot be read. It should be like 2026-10-31,USD,1.3745"
        ) from error
    if not rate.is_finite() or not Decimal("1e-9") <= rate <= Decimal("1e9"):
        raise HubError(f"Line {number} of the rates: a rate is a number above 0.")
    return Rate(day, currency, rate)
