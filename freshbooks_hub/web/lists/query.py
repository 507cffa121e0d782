"""From a list and what was asked of it to SQL over the mart, and to its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from freshbooks_hub.web.lists.asked import SEARCH, Asked, Condition, is_accented, read
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
BY_CURRENCY = "GROUP BY currency ORDER BY rows DESC, currency"


@dataclass(frozen=True)
class Totals:
    """Of one currency (null where the list has none): how many rows, and each total by its name, null when unknown."""

    currency_code: str | None
    rows: int
    values: Row


@dataclass(frozen=True)
class Page:
    """What one page shows: of all rows their totals and count, and those of the page `number`, counted from 1."""

    totals: list[Totals]
    count: int
    number: int
    rows: list[Row]


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

    def shown(self, marts: Marts) -> Page:
        """The page that was asked for, or the last one where there are fewer."""
        searched = any(condition.name == SEARCH for condition in self.asked.conditions)
        totals, row_ids = self._search(marts) if searched else (self.totals(marts), [])
        count = sum(one.rows for one in totals)
        number = min(self.asked.page, max(1, -(-count // PAGE)))
        if row_ids:
            rows = marts.rows(self._select("rowid IN (SELECT unnest(?))"), row_ids)
        else:
            rows = self.page(marts, number, count) if count else []
        return Page(totals, count, number, rows)

    def totals(self, marts: Marts) -> list[Totals]:
        """For each currency, the one with most rows first; none without rows."""
        rows = marts.rows(f"SELECT {self._sums()} FROM ({self._matches()}) {BY_CURRENCY}", *self._values)  # noqa: S608
        return _totals(rows)

    def _search(self, marts: Marts) -> tuple[list[Totals], list[int]]:
        """The totals, and the rows of the page that was asked for, none beyond the last one.

        In one statement, since to look into every row for the words is most of the work; what is found is neither
        looked for twice nor made a table, which would cost as much again.
        """
        order = self._order_found()
        page = f"SELECT row_id FROM found ORDER BY {order} LIMIT {PAGE} OFFSET {(self.asked.page - 1) * PAGE}"  # noqa: S608
        rows = marts.rows(
            f"WITH found AS MATERIALIZED ({self._matches()}) "  # noqa: S608
            f"SELECT {self._sums()}, (SELECT list(row_id) FROM ({page})) AS row_ids FROM found {BY_CURRENCY}",
            *self._values,
        )
        return _totals(rows), (rows[0]["row_ids"] or []) if rows else []

    def page(self, marts: Marts, page: int, count: int) -> list[Row]:
        """The rows of one page, counted from 1, of `count` rows in all."""
        return marts.rows(*self.statement(page, count))

    def statement(self, page: int, count: int) -> tuple[Any, ...]:
        """The SQL of one page, and its values.

        Only what orders the rows is read of them all, and of that as few as possible are put in order: a page of the
        second half is counted from the end.
        """
        before = (page - 1) * PAGE
        after = max(0, count - before - PAGE)
        from_end = after < before
        limit, offset = (max(0, min(PAGE, count - before)), after) if from_end else (PAGE, before)
        shown = (
            f"SELECT row_id FROM ({self._matches()}) ORDER BY {self._order_found(from_end)} "  # noqa: S608
            f"LIMIT {limit} OFFSET {offset}"
        )
        return self._select(f"rowid IN ({shown})"), *self._values

    def all(self, marts: Marts) -> Iterator[Row]:
        """Every row, in the same order, a few at a time."""
        return marts.stream(self._select(self._where), *self._values)

    def options(self, marts: Marts, one: Value) -> list[tuple[str, str]] | None:
        """The values of a filter that occur, each with its name; None when they are too many to choose from."""
        rows = marts.kept_rows(
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
            fields[one.name] = one.sql
            if one.where:
                fields[_counted(one)] = one.where
            if one.unknown:
                fields[_unknown_total(one)] = one.unknown
        select = ", ".join(f"{sql} AS {name}" for name, sql in fields.items())
        return f"SELECT {select} FROM {listing.mart} WHERE {self._where}"  # noqa: S608

    def _sums(self) -> str:
        return ", ".join(
            ["currency", "count(*) AS rows", *(f"{_sum(one)} AS {one.name}" for one in self.listing.totals)]
        )

    def _order_found(self, from_end: bool = False) -> str:
        """The order of what matches, by the names of `_matches`."""
        direction, nulls, keys = ("DESC" if self._descending != from_end else "ASC"), "LAST", "DESC"
        if from_end:
            nulls, keys = "FIRST", "ASC"
        return ", ".join(
            [f"sorted {direction} NULLS {nulls}", *(f"{key} {keys}" for key in self.listing.key)]
        )

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
    asked = read(fitted, given, found, lambda: _accented(marts, fitted))
    return Query(fitted, business_id, asked, found)


def _accented(marts: Marts, listing: Listing) -> tuple[str, ...]:
    """Of the columns that are searched, those in which some text is not of ASCII."""
    each = ", ".join(f"bool_or({is_accented(one)}) AS c{number}" for number, one in enumerate(listing.search))
    rows = marts.kept_rows(f"SELECT {each} FROM {listing.mart}")  # noqa: S608 - names of ours
    return tuple(
        one for row in rows for one, found in zip(listing.search, row.values(), strict=True) if found
    )


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


def _totals(rows: list[Row]) -> list[Totals]:
    return [Totals(row["currency"], row["rows"], row) for row in rows if row["rows"]]


def unknown_key(column: Column) -> str:
    """Where a row says whether the null of this column is unknown."""
    return f"{column.name}__unknown"


def _unknown_total(total: Total) -> str:
    return f"{total.name}__unknown"


def _counted(total: Total) -> str:
    return f"{total.name}__counted"


def _sum(total: Total) -> str:
    counted = f" FILTER ({_counted(total)})" if total.where else ""
    known = f"coalesce(sum({total.name}){counted}, 0)"
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
