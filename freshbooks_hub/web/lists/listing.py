"""What a list is, as data: the mart, its columns, filters and totals. All SQL in it is ours, never a user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PAGE = 50  # rows
NONE = "none"  # the value of a filter for rows without one


class Kind(StrEnum):
    """How a value reads on a page and in a file."""

    text = "text"
    money = "money"  # in the row's currency_code
    hours = "hours"
    number = "number"
    percent = "percent"
    day = "day"
    moment = "moment"  # UTC in the mart, the business's zone where it is shown
    flag = "flag"


NUMERIC = {Kind.money, Kind.hours, Kind.number, Kind.percent}
DESCENDING_FIRST = NUMERIC | {Kind.day, Kind.moment, Kind.flag}


@dataclass(frozen=True)
class Link:
    """To the page of what a cell names: `path`, followed by the value of `column`; without one there is no link.

    `sql`: where that is not a column of the mart.
    """

    path: str
    column: str
    sql: str = ""


@dataclass(frozen=True)
class Column:
    """One column. `name` is its key in a row and in `sort`.

    `sql`: where it is not a column of the mart. `needs`: another mart that `sql` reads. `unknown`: the condition under
    which null is unknown, and not nothing. `words` put a code into words, `looks` make it a pill. `empty`: what stands
    for null text. `more`: shown only among all columns, and in files.
    """

    name: str
    label: str
    kind: Kind = Kind.text
    sql: str = ""
    needs: str = ""
    link: Link | None = None
    unknown: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    looks: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    more: bool = False

    @property
    def expression(self) -> str:
        """The SQL of its value."""
        return self.sql or self.name

    @property
    def is_numeric(self) -> bool:
        """Whether it stands to the right."""
        return self.kind in NUMERIC

    def stands_empty(self, row: Mapping[str, object]) -> bool:
        """Whether a null of this row is something without a name, and not nothing at all."""
        return bool(self.empty) and (self.link is None or row.get(self.link.column) is not None)

    def in_words(self, text: str) -> str:
        """A code in the words of its column; a code that is new with blanks for its underscores."""
        if not self.words:
            return text
        return self.words.get(text) or text.replace("_", " ").capitalize()

    @property
    def first_sort(self) -> str:
        """The order that a click on its head gives: text from A, what is largest or newest first."""
        return f"-{self.name}" if self.kind in DESCENDING_FIRST else self.name


@dataclass(frozen=True)
class Total:
    """A figure over all rows of the filter, per currency: the sum of `sql` where `where`.

    Null as soon as one row is `unknown`. `always`: also when it is nothing.
    """

    name: str
    label: str
    sql: str
    where: str = ""
    unknown: str = ""
    kind: Kind = Kind.money
    always: bool = True


@dataclass(frozen=True)
class Option:
    """One word of a Choice, and which rows it means. `needs`: another mart that the condition reads."""

    word: str
    label: str
    condition: str
    needs: str = ""


@dataclass(frozen=True)
class Choice:
    """A filter of fixed words; with a `default` one of them always holds."""

    name: str
    label: str
    options: tuple[Option, ...]
    default: str = ""


@dataclass(frozen=True)
class Value:
    """A filter on one value of `column`, called by `shown`, an aggregate; `none` is for rows without one.

    `condition`: where it is more than equality; each `?` is the value. `needs`: another mart that it reads.
    """

    name: str
    label: str
    column: str
    shown: str = ""
    is_number: bool = False
    condition: str = ""
    needs: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    offered: bool = True  # as a field; else only where the address has it


@dataclass(frozen=True)
class Listing:
    """A list of the rows of one mart.

    `key` makes every order a total one. `day`: the column of `from` and `to`, and what happened on it. `stream`: the
    data without which there is nothing to show. `currency`: the column of each row's currency, empty where the rows
    have no money; `by_currency`: whether the totals are of one currency each. `accounting`: whether only businesses
    with accounting have such rows. `page`: the entry of the navigation.
    """

    path: str
    title: str
    noun: str
    lead: str
    mart: str
    stream: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: str
    search: tuple[str, ...]
    search_label: str
    day: tuple[str, str] | None = None
    filters: tuple[Choice | Value, ...] = ()
    totals: tuple[Total, ...] = ()
    currency: str = "currency_code"
    by_currency: bool = True
    accounting: bool = True
    page: str = ""
    nouns: str = ""

    @property
    def many(self) -> str:
        """The plural of `noun`."""
        return self.nouns or f"{self.noun}s"
