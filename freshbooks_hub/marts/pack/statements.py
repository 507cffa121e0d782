"""Rows of a statement's mart, laid out as accountants read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from freshbooks_hub.core.currencies import known_sum
from freshbooks_hub.marts.rows import Row

Amount = Decimal | None
ZERO = Decimal(0)
SECTIONS = ("income", "total income", "expenses", "total expenses", "net profit")
BETWEEN = " > "


def profit_and_loss_rows(found: Iterable[Row], months: Sequence[date]) -> Iterator[Row]:
    """One row per currency, section and line: an amount for each month, and their sum.

    `found`: currency, section, path and code of the line, first day of the month, amount; of all months that there are,
    because the reports of a currency begin with its first amount: before it there was nothing, after it a month
    without a report is unknown, and so is the sum.
    """
    begun: dict[str, date] = {}
    read: set[tuple[str, date]] = set()
    lines: dict[tuple[str, str, tuple[str, ...]], dict[date, Amount]] = {}
    ranks: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for currency, section, path, code, month, amount in found:
        begun[currency] = min(month, begun.get(currency, month))
        read.add((currency, month))
        if month not in months:
            continue
        names = tuple((path or "no name").split(BETWEEN))
        key = (currency, section, names)
        of_line = lines.setdefault(key, {})
        earlier = of_line.get(month, ZERO)
        of_line[month] = None if earlier is None or amount is None else earlier + amount
        rank = _rank(code)
        ranks[key] = min(rank, ranks.get(key, rank))

    def position(key: tuple[str, str, tuple[str, ...]]) -> Any:
        """As FreshBooks sorts: each line below the one that it is a part of. A section that is new comes last."""
        currency, section, names = key
        above = [names[: depth + 1] for depth in range(len(names))]
        number = SECTIONS.index(section) if section in SECTIONS else len(SECTIONS)
        return (
            currency,
            number,
            section,
            [(ranks.get((currency, section, part), 0), part[-1]) for part in above],
        )

    for key in sorted(lines, key=position):
        currency, section, names = key
        amounts = [
            lines[key].get(month, ZERO if (currency, month) in read or month < begun[currency] else None)
            for month in months
        ]
        yield currency, section.capitalize(), BETWEEN.join(names), *amounts, known_sum(amounts)


def sales_tax_rows(found: Iterable[Row]) -> Iterator[Row]:
    """The months of each tax, and below them their sum. `found` is in the order of currency and tax."""
    for (currency, tax), group in groupby(found, key=lambda row: (row[0], row[1])):
        rows = list(group)
        for _, _, month, *amounts, unknown in rows:
            yield currency, tax, f"{month:%b %Y}", *amounts, unknown
        amounts = [known_sum(column) for column in zip(*(row[3:-1] for row in rows), strict=True)]
        yield currency, tax, "Total", *amounts, None


def _rank(code: str | None) -> int:
    """The last part of a line's code, such as 3 of 1.2.3."""
    last = (code or "").rpartition(".")[2]
    return int(last) if last.isdecimal() else 0
