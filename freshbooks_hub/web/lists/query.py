"""From a list and what was asked of it to SQL over the mart, and to its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from freshbooks_hub.web.lists.asked import SEARCH, Asked, Condition, read
from freshbooks_hub.web.lists.listing import (
    DESCENDING_FIRST,
    NONE,
    PAGE,
    Choice,
    Column,
    Kind,
    Listing,
    Total,
    Value,
)
from freshbooks_hub.web.marts import Marts, Row

OFFERED = 200  # values in a field to choose from
FOUND = "temp.found_rows"


@dataclass(frozen=True)
class Totals:
    """Of one currency (null where the list has none): how many rows, and each total by its name, null when unknown."""

    currency_code: str | None
    rows: int
    values: Row


class Query:
    """The statements of one list for one business. Values are bound; names and conditions are the list's own.

    `found`: the marts that the list reads and that exist.
    """

    def __init__(self, listing: Listing, business_id: int, asked: Asked, found: set[str]) -> None:
        self.listing, self.asked, self.found = listing, asked, found
        parts = ["business_id = ?", *(condition.sql for condition in asked.conditions)]
        self._where = " AND ".join(f"({part})" for part in parts)
        self._values: tuple[object, ...] = (
            business_id,
            *(value for one in asked.conditions for value in one.values),
        )
        self._business_id = business_id
        self._found: tuple[str, tuple[object, ...]] = f"({self._matches()})", self._values

    def find(self, marts: Marts) -> None:
        """Look for the words of a search once, for totals and page: to look into every row is most of the work."""
        if any(condition.name == SEARCH for condition in self.asked.conditions):
            marts.rows(f"CREATE OR REPLACE TEMP TABLE {FOUND} AS {self._matches()}", *self._values)
            self._found = FOUND, ()

    def totals(self, marts: Marts) -> list[Totals]:
        """For each currency, the one with most rows first; none without rows."""
        found, values = self._found
        sums = "".join(f", {_sum(one)} AS {one.name}" for one in self.listing.totals)
        rows = marts.rows(
            f"SELECT currency, count(*) AS rows{sums} FROM {found} "  # noqa: S608
            "GROUP BY currency ORDER BY rows DESC, currency",
            *values,
        )
        return [Totals(row["currency"], row["rows"], row) for row in rows if row["rows"]]

    def page(self, marts: Marts, page: int, count: int) -> list[Row]:
        """The rows of one page, counted from 1, of `count` rows in all."""
        return marts.rows(*self.statement(page, count))

    def statement(self, page: int, count: int) -> tuple[Any, ...]:
        """The SQL of one page, and its values.

        Only what orders the rows is read of them all, and of that as few as possible are put in order: a page of the
        second half is counted from the end.
        """
        found, values = self._found
        before = (page - 1) * PAGE
        after = max(0, count - before - PAGE)
        descending, nulls, key_order = self._descending, "LAST", "DESC"
        limit, offset = PAGE, before
        if after < before:
            descending, nulls, key_order = not descending, "FIRST", "ASC"
            limit, offset = max(0, min(PAGE, count - before)), after
        order = ", ".join(
            [
                f"sorted {'DESC' if descending else 'ASC'} NULLS {nulls}",
                *(f"{key} {key_order}" for key in self.listing.key),
            ]
        )
        shown = f"SELECT row_id FROM {found} ORDER BY {order} LIMIT {limit} OFFSET {offset}"  # noqa: S608
        return self._select(f"rowid IN ({shown})"), *values

    def all(self, marts: Marts) -> Iterator[Row]:
        """Every row, in the same order, a few at a time."""
        return marts.stream(self._select(self._where), *self._values)

    def options(self, marts: Marts, one: Value) -> list[tuple[str, str]] | None:
        """The values of a filter that occur, each with its name; None when they are too many to choose from."""
        rows = marts.rows(
            f"{self._values_of(one)} AND {one.column} IS NOT NULL GROUP BY {one.column} "
            f"ORDER BY strip_accents(lower(shown::VARCHAR)), value LIMIT {OFFERED + 1}",
            self._business_id,
        )
        return None if len(rows) > OFFERED else [(str(row["value"]), _name(one, row)) for row in rows]

    def named(self, marts: Marts, one: Value, condition: Condition) -> str:
        """What the value of a filter is called: a client's id by the client's name."""
        if condition.text == NONE:
            return NONE
        rows = marts.rows(
            f"{self._values_of(one)} AND {one.column} = ? GROUP BY {one.column}",
            self._business_id,
            condition.values[0],
        )
        return _name(one, rows[0]) if rows else condition.text

    def _values_of(self, one: Value) -> str:
        return (
            f"SELECT {one.column} AS value, {one.shown or one.column} AS shown "  # noqa: S608
            f"FROM {one.needs or self.listing.mart} WHERE business_id = ?"
        )

    def _select(self, where: str) -> str:
        listing = self.listing
        fields = {column.name: column.expression for column in listing.columns}
        for column in listing.columns:
            if column.link:
                fields.setdefault(column.link.column, column.link.sql or column.link.column)
            if column.unknown:
                fields[unknown_key(column)] = column.unknown
        if listing.currency:
            fields["currency_code"] = listing.currency
        select = ", ".join(f"{sql} AS {name}" for name, sql in fields.items())
        return f"SELECT {select} FROM {listing.mart} WHERE {where} ORDER BY {self._order()}"  # noqa: S608

    def _matches(self) -> str:
        """The rows that match: of each its place in the mart, and what totals and order need."""
        listing = self.listing
        fields = {
            "row_id": "rowid",
            "currency": listing.currency if listing.by_currency else "NULL::VARCHAR",
            "sorted": self._sorted,
            **{key: key for key in listing.key},
        }
        for one in listing.totals:
            fields[one.name] = f"CASE WHEN {one.where} THEN {one.sql} END" if one.where else one.sql
            if one.unknown:
                fields[_unknown_total(one)] = one.unknown
        select = ", ".join(f"{sql} AS {name}" for name, sql in fields.items())
        return f"SELECT {select} FROM {listing.mart} WHERE {self._where}"  # noqa: S608

    def _order(self) -> str:
        first = f"{self._sorted} {'DESC' if self._descending else 'ASC'} NULLS LAST"
        return ", ".join([first, *(f"{key} DESC" for key in self.listing.key)])

    @property
    def _sorted(self) -> str:
        name = self.asked.sort.removeprefix("-")
        column = next((one for one in self.listing.columns if one.name == name), None)
        return _sorted(column) if column else "NULL"

    @property
    def _descending(self) -> bool:
        return self.asked.sort.startswith("-")


def asked_of(marts: Marts, listing: Listing, business_id: int, given: Mapping[str, str]) -> Query | None:
    """What the parameters `given` ask of a list, as far as these marts have it; None where its mart does not exist."""
    found = _existing(listing, marts)
    if listing.mart not in found:
        return None
    fitted = _fitted(listing, marts, found)
    return Query(fitted, business_id, read(fitted, given, found), found)


def _existing(listing: Listing, marts: Marts) -> set[str]:
    """Of the marts that the list reads, those that there are."""
    needed = {listing.mart, *(column.needs for column in listing.columns)}
    for one in listing.filters:
        needed |= {option.needs for option in one.options} if isinstance(one, Choice) else {one.needs}
    return {mart for mart in needed - {""} if marts.columns(mart)}


def _fitted(listing: Listing, marts: Marts, found: set[str]) -> Listing:
    """The list without columns that these marts, which may be those of an earlier version, do not have."""
    names = marts.columns(listing.mart)
    columns = tuple(
        column
        for column in listing.columns
        if (column.sql or column.name in names) and (not column.needs or column.needs in found)
    )
    return replace(listing, columns=columns)


def unknown_key(column: Column) -> str:
    """Where a row says whether the null of this column is unknown."""
    return f"{column.name}__unknown"


def _unknown_total(total: Total) -> str:
    return f"{total.name}__unknown"


def _sum(total: Total) -> str:
    known = f"coalesce(sum({total.name}), 0)"
    return (
        f"CASE WHEN NOT bool_or({_unknown_total(total)} IS TRUE) THEN {known} END" if total.unknown else known
    )


def _sorted(column: Column) -> str:
    return f"strip_accents(lower({column.expression}))" if column.kind is Kind.text else column.expression


def _name(one: Value, row: Row) -> str:
    shown = row["shown"]
    return one.words.get(str(row["value"]), str(shown) if shown else str(row["value"]))


def orders(listing: Listing) -> list[tuple[str, str]]:
    """Every order of a list's columns with its name, for a field to choose from."""
    found = []
    for column in listing.columns:
        if column.more:
            continue
        words = ("A to Z", "Z to A")
        if column.kind in {Kind.day, Kind.moment}:
            words = ("oldest first", "newest first")
        elif column.kind in DESCENDING_FIRST:
            words = ("smallest first", "largest first")
        both = [
            (column.name, f"{column.label}, {words[0]}"),
            (f"-{column.name}", f"{column.label}, {words[1]}"),
        ]
        found += both if column.first_sort == column.name else both[::-1]
    return found
