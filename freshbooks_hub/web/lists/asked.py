"""What an address asks of a list, checked: only what the list declares gets through, the rest is told or ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from freshbooks_hub.core.labels import day_text
from freshbooks_hub.web.forms import UNPRINTABLE
from freshbooks_hub.web.lists.listing import NONE, Choice, Listing, Option, Value

SEARCH = "q"
LONGEST = 200  # characters of a search
WORDS = 8  # of a search
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Condition:
    """A part of WHERE with its values, and how it reads to a person; `name` is the parameter that it came by."""

    name: str
    label: str
    text: str
    sql: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True)
class Asked:
    """`problems`: what could not be used, in sentences. `page` counts from 1, and may lie beyond the last one."""

    conditions: tuple[Condition, ...]
    problems: tuple[str, ...]
    sort: str
    page: int
    all_columns: bool

    def without(self, *names: str) -> bool:
        """Whether any condition came by another parameter than these."""
        return any(condition.name not in names for condition in self.conditions)


def read(
    listing: Listing,
    given: Mapping[str, str],
    marts: set[str],
    accented: Callable[[], tuple[str, ...]],
) -> Asked:
    """The parameters `given` of an address; `marts` are those that exist.

    `accented` finds of the columns that are searched those in which some text is not of ASCII.
    """
    conditions: list[Condition] = []
    problems: list[str] = []
    for part in (
        _search(listing, given, accented),
        *(_filter(one, given, marts) for one in listing.filters),
        *(_day(listing, given, name) for name in ("from", "to")),
    ):
        if isinstance(part, Condition):
            conditions.append(part)
        elif part:
            problems.append(part)
    return Asked(
        tuple(conditions), tuple(problems), _sort(listing, given), _page(given), given.get("columns") == "all"
    )


def _search(
    listing: Listing, given: Mapping[str, str], accented: Callable[[], tuple[str, ...]]
) -> Condition | None:
    text = " ".join(UNPRINTABLE.sub(" ", given.get(SEARCH, ""))[:LONGEST].split())
    words = text.split()[:WORDS]
    if not words:
        return None
    sql, values = _holds(words, listing.search, accented)
    return Condition(SEARCH, "Search", text, sql, values)


def _holds(
    words: list[str], columns: tuple[str, ...], accented: Callable[[], tuple[str, ...]]
) -> tuple[str, tuple[str, ...]]:
    """Whether each word is in one of the columns, whatever its case and accents; SQL and values.

    Column by column, not over all of them as one text: DuckDB then looks at each different value once.
    """
    accents = "contains(strip_accents(lower({0})), strip_accents(lower(?)))"
    sql, values = _each(words, columns, accents)
    if not all(word.isascii() and not set(word) & set("%_\\") for word in words):
        return sql, values
    # A quarter of the work, for rows without any accent.
    plain, patterns = _each([f"%{word}%" for word in words], columns, "{0} ILIKE ?")
    has_accents = " OR ".join(map(is_accented, accented()))
    return (
        (f"({plain}) OR (({has_accents}) AND ({sql}))", patterns + values)
        if has_accents
        else (plain, patterns)
    )


def is_accented(column: str) -> str:
    """A condition: a text of ASCII has as many bytes as characters."""
    return f"strlen({column}) <> length({column})"


def _each(words: list[str], columns: tuple[str, ...], holds: str) -> tuple[str, tuple[str, ...]]:
    one = f"({' OR '.join(holds.format(column) for column in columns)})"
    return " AND ".join([one] * len(words)), tuple(word for word in words for _ in columns)


def _filter(one: Choice | Value, given: Mapping[str, str], marts: set[str]) -> Condition | str | None:
    text = given.get(one.name, "").strip() or (one.default if isinstance(one, Choice) else "")
    if not text:
        return None
    if isinstance(one, Choice):
        option = next((option for option in offered(one, marts) if option.word == text), None)
        if option is None:
            return f"{one.label}: there is no “{text[:LONGEST]}”, so it was left out."
        return Condition(one.name, one.label, option.label, option.condition)
    if one.needs and one.needs not in marts:
        return f"{one.label} cannot be filtered: the data for it is not synced."
    if text == NONE and not one.needs:
        return Condition(
            one.name, one.label, NONE, f"({one.column} IS NULL OR {one.column}::VARCHAR = 'none')"
        )
    value: object = text
    if one.is_number:
        if not (text.isascii() and text.isdigit()) or int(text[:20]) > LARGEST:
            return f"{one.label}: “{text[:LONGEST]}” is not a number, so it was left out."
        value = int(text)
    elif UNPRINTABLE.search(text):
        return f"{one.label}: it holds a control character, so it was left out."
    sql = one.condition or f"{one.column} = ?"
    return Condition(one.name, one.label, text, f"({sql})", (value,) * sql.count("?"))


def offered(one: Choice, marts: set[str]) -> list[Option]:
    """The words of a choice that can be told with these marts."""
    return [option for option in one.options if not option.needs or option.needs in marts]


def _day(listing: Listing, given: Mapping[str, str], name: str) -> Condition | str | None:
    text = given.get(name, "").strip()
    if not text or listing.day is None:
        return None
    column, day_label = listing.day
    operator, word = (">=", "from") if name == "from" else ("<=", "up to")
    label = f"{day_label} {word}"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return f"{label}: “{text[:LONGEST]}” is not a date such as 2026-10-31, so it was left out."
    return Condition(name, label, day_text(day), f"{column} {operator} ?", (day,))


def _sort(listing: Listing, given: Mapping[str, str]) -> str:
    """As `name` or `-name` of a column of the list."""
    asked = given.get("sort", "")
    names = {column.name for column in listing.columns}
    return asked if asked.removeprefix("-") in names and not asked.startswith("--") else listing.sort


def _page(given: Mapping[str, str]) -> int:
    text = given.get("page", "")
    return max(1, int(text[:9])) if text.isascii() and text.isdigit() else 1
