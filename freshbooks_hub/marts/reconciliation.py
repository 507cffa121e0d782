"""Where figures of the published marts differ from what they should equal (mart `fb_reconciliation`)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from freshbooks_hub.core.labels import plural

if TYPE_CHECKING:
    import duckdb

# How one figure of a kind of check (`check_kind`) differs, and how several do.
DIFFERING = {
    "freshbooks_report": (
        "figure differs from FreshBooks' own reports",
        "figures differ from FreshBooks' own reports",
    ),
    "own_arithmetic": ("figure does not add up as expected", "figures do not add up as expected"),
}


@dataclass(frozen=True)
class Difference:
    """One figure; amounts are decimals as text, in `currency_code`. `wrong_rows` names the rows behind it.

    `check_kind`: against a report of FreshBooks, or against the arithmetic that we expect of it, which it may break.
    """

    check_kind: str
    check_name: str
    business_name: str | None
    currency_code: str
    end_date: str | None
    our_amount: str | None
    freshbooks_amount: str | None
    difference_amount: str | None
    wrong_rows: str | None

    def __str__(self) -> str:
        day = f" up to {self.end_date}" if self.end_date else ""
        where = "at FreshBooks" if self.check_kind == "freshbooks_report" else "expected"
        return (
            f"{self.check_name} of {self.business_name or 'the business'}{day}: {self.our_amount} here, "
            f"{self.freshbooks_amount} {where} ({self.currency_code})"
        )


def differences(marts: Path) -> list[Difference]:
    """Every figure that differs by more than a cent, largest difference first. Raises MartsDamaged."""
    from freshbooks_hub.marts.open import NoMarts, open_marts

    try:
        with open_marts(marts) as db:
            return find_differences(db)
    except NoMarts:
        return []


def find_differences(db: duckdb.DuckDBPyConnection) -> list[Difference]:
    """The same, of open marts."""
    import duckdb  # not for those who only read what was kept (findings.py)

    from freshbooks_hub.marts.rows import money_writer

    try:
        cursor = db.execute(
            "SELECT check_kind, check_name, business_name, currency_code, end_date::VARCHAR, our_amount, "
            "freshbooks_amount, difference_amount, wrong_rows "
            "FROM fb_reconciliation WHERE NOT is_ok "
            "ORDER BY abs(difference_amount) DESC, check_name, business_id, currency_code, end_date"
        )
        written = money_writer(cursor.description or [])
        rows = [written(row) for row in cursor.fetchall()]
    except duckdb.CatalogException:  # those of an earlier version
        return []
    return [
        Difference(*(str(value) if isinstance(value, Decimal) else value for value in row)) for row in rows
    ]


def attention(warnings: list[str], found: list[Difference]) -> list[str]:
    """What a user must know at the end of a sync, a paragraph each."""
    notes = [f"Warning: {text}" for text in warnings]
    for what, of_kind in by_kind(found):
        notes.append(
            f"Attention: {what}; the largest: {of_kind[0]}. "
            'See them all: freshbooks query "from fb_reconciliation where not is_ok"'
        )
    return notes


def by_kind(found: list[Difference]) -> list[tuple[str, list[Difference]]]:
    """For each kind of check that found some: a clause with their number, and the differences."""
    kinds = {kind: [one for one in found if one.check_kind == kind] for kind in DIFFERING}
    return [(counted(kind, len(listed)), listed) for kind, listed in kinds.items() if listed]


def counted(kind: str, number: int) -> str:
    """`3 figures do not add up as expected`."""
    return plural(number, *DIFFERING[kind])
