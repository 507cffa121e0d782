"""Questions to rows: what moves an invoice, how lines name time entries, whether sums come out (P4, P5, P10)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from freshbooks_api.verified import LINKS, UNKNOWN, Fact, Result
from source_freshbooks.components.assumptions import Changes
from source_freshbooks.verify.asking import Asker, ListStream, NotAnswered, Row, moment, rows_of

LATE = timedelta(seconds=60)
NEWEST, ENOUGH = 10, 3  # of the newest records, so many prove it
OFF = Decimal("0.01")
OBJECTS = "object with id"
WAYS = {OBJECTS: "objects", "number": "numbers"}  # of a line to name time entries, that a draft may use

Streams = dict[str, ListStream]


def movements(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P4: a payment, and a change of lines alone, move the `updated` of their invoice (freshbooks-api.md 3.4)."""
    paid, lines = "A payment moves its invoice's stamp", "A change of lines moves their invoice's stamp"
    zone = changes.zone("invoices", "eastern")
    try:
        invoices = rows_of(ask.first(streams["invoices"]))
    except (NotAnswered, KeyError):
        yield Fact("P4", paid, Result.no_data, "invoices", "not answered")
        return
    moved = {row.get("invoiceid"): at for row in invoices if (at := moment(row.get("updated"), zone))}
    try:
        payments = rows_of(ask.first(streams["payments"]))
        ids = sorted({row["invoiceid"] for row in payments[:NEWEST] if row.get("invoiceid")})
        if ids and sum(row.get("invoiceid") in moved for row in payments) < ENOUGH:
            older = rows_of(ask.page(streams["invoices"], **{"search[invoiceids][]": ids}))
            moved |= {row.get("invoiceid"): at for row in older if (at := moment(row.get("updated"), zone))}
        own = changes.zone("payments", "eastern")
        late = [
            at - moved[row["invoiceid"]] > LATE
            for row in payments
            if row.get("invoiceid") in moved and (at := moment(row.get("updated"), own))
        ]
        yield _moves(paid, late[:NEWEST], changes)
    except (NotAnswered, KeyError):
        yield Fact("P4", paid, Result.no_data, "invoices", "not answered")
    yield _moves(lines, [_has_later_line(row, moved, zone) for row in invoices if row.get("lines")], changes)


def _has_later_line(row: Row, moved: dict[Any, datetime], zone: str) -> bool:
    at = moved.get(row.get("invoiceid"))
    stamps = [moment(line.get("updated"), zone) for line in row["lines"] if isinstance(line, dict)]
    return at is not None and any(stamp is not None and stamp - at > LATE for stamp in stamps)


def _moves(text: str, late: list[bool], changes: Changes) -> Fact:
    """`late`: of each record, whether it is newer than its invoice's stamp."""
    found = f"{sum(late)} of {len(late)} newer than their invoice's stamp"
    if sum(late) >= ENOUGH:
        changes.add("whole", "invoices")
        return Fact("P4", text, Result.refuted, "invoices", found, "all invoices are read at each sync")
    if len(late) >= ENOUGH and not any(late):
        return Fact("P4", text, Result.proved, "invoices", found)
    return Fact("P4", text, Result.no_data, "invoices", found)


def time_links(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P5: an invoice's line names its billed time entries by objects with an id (freshbooks-api.md 7.4).

    How they are named is for drafts, whose lines name theirs so.
    """
    text = "Lines name their time entries as objects with an id"
    try:
        lines = [
            line
            for row in rows_of(ask.first(streams["invoices"]))
            for line in row.get("lines") or []
            if isinstance(line, dict)
        ]
        links = [link for line in lines for link in line.get("modern_time_entries") or []]
        if not links:
            yield Fact("P5", text, Result.no_data, "invoices", "no line names one")
            return
        billed = rows_of(ask.page(streams["time_entries"], team="true", billed="true"))
    except (NotAnswered, KeyError):
        yield Fact("P5", text, Result.no_data, "invoices", "not answered")
        return
    numbers = {row.get("id") for row in billed}
    shapes = {_shape(link) for link in links}
    known = sum(_number(link) in numbers for link in links)
    found = f"{', '.join(sorted(shapes))}; {known} of {len(links)} are billed entries"
    if shapes == {OBJECTS} and not known:
        yield Fact("P5", text, Result.no_data, "invoices", found)
        return
    way = WAYS.get(shapes.pop(), UNKNOWN) if known and len(shapes) == 1 else UNKNOWN
    changes.put(LINKS, "time_entries", way)
    if way == WAYS[OBJECTS]:
        yield Fact("P5", text, Result.proved, "invoices", found)
    else:
        change = "drafts only mark entries as billed" if way == UNKNOWN else "drafts name them in that way"
        yield Fact("P5", text, Result.refuted, "invoices", found, change)


def _shape(link: Any) -> str:
    if isinstance(link, dict):
        return OBJECTS if type(link.get("id")) is int else "other object"
    return {int: "number", str: "text"}.get(type(link), "other")


def _number(link: Any) -> int | None:
    found = link.get("id") if isinstance(link, dict) else link
    return found if type(found) is int else None


def expense_links(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P5: an expense that was billed on is named by a line of type 1 of its invoice (freshbooks-api.md 7.2)."""
    text = "Lines of type 1 name the expenses that they bill on"
    try:
        invoices = rows_of(ask.first(streams["invoices"]))
        expenses = rows_of(ask.first(streams["expenses"]))
    except (NotAnswered, KeyError):
        yield Fact("P5", text, Result.no_data, "expenses", "not answered")
        return
    lines = [line for row in invoices for line in row.get("lines") or [] if isinstance(line, dict)]
    named = [line for line in lines if str(line.get("expenseid") or 0) != "0"]
    shown = {str(row.get("invoiceid")) for row in invoices if row.get("lines")}
    billed = [row for row in expenses if str(row.get("invoiceid") or 0) in shown]
    right = sum(str(line.get("type")) == "1" for line in named)
    found = f"{right} of {len(named)} lines that name an expense; {len(billed)} expenses name such an invoice"
    if named and right == len(named):
        yield Fact("P5", text, Result.proved, "expenses", found)
    elif named or len(billed) > 1:  # one may be left of a line that was taken off
        changes.put(LINKS, "expenses", UNKNOWN)
        yield Fact("P5", text, Result.refuted, "expenses", found, "no draft bills an expense on")
    else:
        yield Fact("P5", text, Result.no_data, "expenses", found)


def arithmetic(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:  # noqa: ARG001 - as the others
    """P10: amount = lines - discount + tax, outstanding = amount - paid, two decimals (freshbooks-api.md 5)."""
    total, open_, two = (
        "An invoice is its lines without discount plus tax",
        "Outstanding is the amount without what was paid",
        "Money has two decimals",
    )
    try:
        rows = [
            row
            for row in rows_of(ask.first(streams["invoices"]))
            if row.get("lines") and row.get("v3_status") != "draft" and str(row.get("vis_state", 0)) != "1"
        ]
    except (NotAnswered, KeyError):
        yield Fact("P10", total, Result.no_data, "invoices", "not answered")
        return
    sums = [abs(gap) > OFF for row in rows if (gap := _gap_of_total(row)) is not None]
    rests = [abs(gap) > OFF for row in rows if (gap := _gap_of_rest(row)) is not None]
    for text, off in ((total, sums), (open_, rests)):
        found = f"{sum(off)} of {len(off)} differ by more than a hundredth"
        result = Result.no_data if not off else Result.refuted if any(off) else Result.proved
        yield Fact("P10", text, result, "invoices", found if off else "no invoice to add up")
    places = _decimals(rows)
    if places:
        odd = [code for code, written in places.items() if written != 2]
        said = f"{len(places) - len(odd)} of {len(places)} currencies"
        change = "rows keep every digit, and what the marts round to hundredths is listed" if odd else ""
        yield Fact("P10", two, Result.refuted if odd else Result.proved, "invoices", said, change)


def _money(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value["amount"]))
    except (KeyError, TypeError, InvalidOperation):
        return None


def _gap_of_total(row: Row) -> Decimal | None:
    """Taxes are of the line after its discount; each is rounded for the document. Compound taxes are left out."""
    amount = _money(row.get("amount"))
    discount = _money(row.get("discount_total")) or Decimal(0)
    net = Decimal(0)
    taxes: dict[tuple[Any, Decimal], Decimal] = {}
    for line in row["lines"]:
        part = _money(line.get("amount"))
        if part is None or line.get("compounded_tax"):
            return None
        net += part
        for number in ("1", "2"):
            try:
                percent = Decimal(str(line.get(f"taxAmount{number}") or 0))
            except InvalidOperation:
                return None
            name = (line.get(f"taxName{number}"), percent)
            taxes[name] = taxes.get(name, Decimal(0)) + part * percent / 100
    if amount is None:
        return None
    left = 1 - abs(discount) / net if net else Decimal(1)
    taxed = sum((round(tax * left, 2) for tax in taxes.values()), Decimal(0))
    return amount - (net - abs(discount) + taxed)


def _gap_of_rest(row: Row) -> Decimal | None:
    amount, paid, rest = (_money(row.get(name)) for name in ("amount", "paid", "outstanding"))
    return None if amount is None or paid is None or rest is None else rest - (amount - paid)


def _decimals(rows: list[Row]) -> dict[str, int]:
    """By currency, the most decimals that an amount is written with."""
    found: dict[str, int] = {}
    for row in rows:
        for name in ("amount", "paid", "outstanding"):
            value = row.get(name)
            if isinstance(value, dict) and isinstance(value.get("amount"), str):
                places = len(value["amount"].partition(".")[2])
                code = str(value.get("code"))
                found[code] = max(found.get(code, 0), places)
    return found
