"""Questions to the account: what may be read, where payables are, where reports are (P6, P7, P9)."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from freshbooks_api.streams import STREAMS
from freshbooks_api.verified import Fact, Result
from source_freshbooks.components.assumptions import Changes
from source_freshbooks.components.endpoints import FAMILIES
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.permissions import is_gate, refusal
from source_freshbooks.components.report_paths import places
from source_freshbooks.components.retriever_report import CASH_BASED
from source_freshbooks.verify.asking import Asker, ListStream, NotAnswered, ReportStream, rows_of

Streams = dict[str, ListStream]
PAYABLES = ("bills", "bill_vendors")
DETAILS = "journal_entry_details"


def permissions(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:  # noqa: ARG001 - as the others
    """P6: every stream may be read; if not, whether scope, plan or role is the reason (freshbooks-api.md 1.5, 1.6)."""
    text = "The authorization, the plan and the role let it be read"
    for stream in streams.values():
        try:
            ask.first(stream)
            yield Fact("P6", text, Result.proved, stream.name)
        except NotAnswered as error:
            if error.refused is None or not is_gate(error.refused):
                yield Fact("P6", text, Result.no_data, stream.name, "not answered")
                continue
            yield Fact("P6", text, Result.refuted, stream.name, _reason(error.refused), "left out")


def _reason(refused: FreshbooksError) -> str:
    return f"needs {' '.join(refused.scopes)}" if refused.scopes else str(refusal(refused))


def optional(ask: Asker) -> Iterator[Fact]:
    """P6: which of the lists and reports are there that not every account has, or that few apps have the scope for.

    Nothing is assumed of them, so none is refuted: each is read where it answers (freshbooks-api.md 1.5, 3.10).
    """
    text = "What not every account or app has is there"
    for stream in STREAMS:
        if not stream.optional:
            continue
        if not all(ask.ids.get(name) for name in FAMILIES[stream.family].needs):
            yield Fact("P6", text, Result.no_data, stream.name, "not answered")
            continue
        params: dict[str, Any] = {**stream.params}
        if FAMILIES[stream.family].sized:
            params |= {"page_number": 1, "page_size": 1}
        try:
            ask.body(stream.path.format_map(ask.ids), params, stream.headers)
            yield Fact("P6", text, Result.proved, stream.name)
        except NotAnswered as error:
            found = "not answered"
            if error.refused is not None and error.refused.status == 404:
                found = "not there"
            elif error.refused is not None and is_gate(error.refused):
                found = _reason(error.refused)
            yield Fact("P6", text, Result.no_data, stream.name, found)


def payables(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:  # noqa: ARG001 - as the others
    """P7: what is owed to vendors is in the lists of bills, and not in Bill Pay, which no API shows."""
    text = "Bills that you owe are in the list of bills"
    try:
        counts = [ask.first(streams[name]).total for name in PAYABLES]
        accounts = rows_of(ask.first(streams["journal_entry_accounts"]))
    except (NotAnswered, KeyError):
        yield Fact("P7", text, Result.no_data, "bills", "not answered")
        return
    if any(counts):
        yield Fact("P7", text, Result.proved, "bills", f"{counts[0]} bills, {counts[1]} vendors")
    elif any("accounts payable" in str(row.get("account_name")).lower() and _owed(row) for row in accounts):
        found, change = "no bill and no vendor, but Accounts Payable has a balance", "payables are incomplete"
        yield Fact("P7", text, Result.refuted, "bills", found, change)
    else:
        yield Fact("P7", text, Result.no_data, "bills", "no bills, and Accounts Payable is empty")


def _owed(row: Any) -> bool:
    try:
        return Decimal(str(row.get("balance"))) != 0
    except InvalidOperation:
        return False


def reports(ask: Asker, found_reports: list[ReportStream], changes: Changes) -> Iterator[Fact]:
    """P9: each report answers at its older path, for the month that was asked for (freshbooks-api.md 3.10)."""
    text = "Reports answer at the older path, for the period asked for"
    start, end = _closed_month(ask)
    for report in found_reports:
        said = _report(ask, report, None, start, end)
        if said == "right":
            yield Fact("P9", text, Result.proved, report.name)
            continue
        if said not in ("gone", "another period"):
            yield Fact("P9", text, Result.no_data, report.name, said)
            continue
        place = next(
            (p for p in ("uuid", "business") if _report(ask, report, p, start, end) == "right"), None
        )
        if place:
            changes.put("reports", report.report, place)
        change = "read at the newer path" if place else "the newer path is no better"
        yield Fact("P9", text, Result.refuted, report.name, said, change)


def two_paths(ask: Asker, found_reports: list[ReportStream]) -> Iterator[Fact]:
    """P9: where a report answers at the older path and at the newer one, both tell the same totals."""
    text = "The report has the same totals at the older path and at the newer one"
    start, end = _closed_month(ask)
    for report in found_reports:
        if report.report not in TOTALS or _report(ask, report, None, start, end) != "right":
            continue
        place = next(
            (p for p in ("uuid", "business") if _report(ask, report, p, start, end) == "right"), None
        )
        if place is None:
            yield Fact(
                "P9", text, Result.no_data, report.name, "the newer path does not answer for that month"
            )
            continue
        try:
            older, newer = (TOTALS[report.report](_told(ask, report, at, start, end)) for at in (None, place))
        except (NotAnswered, KeyError, TypeError, InvalidOperation):
            yield Fact("P9", text, Result.no_data, report.name, "an unknown shape")
            continue
        if not any(older) and not any(newer):
            yield Fact("P9", text, Result.no_data, report.name, "nothing in that month")
        elif older == newer:
            yield Fact("P9", text, Result.proved, report.name)
        else:
            yield Fact("P9", text, Result.refuted, report.name, "they differ", "the older path is read")


def _closed_month(ask: Asker) -> tuple[date, date]:
    end = ask.now.date().replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


def _of_profit_and_loss(told: Any) -> list[Decimal]:
    rows = (told[name]["total"] for name in ("total_income", "total_expenses", "net_profit"))
    return [Decimal(str(total["amount"])) for total in rows]


def _of_trial_balance(told: Any) -> list[Decimal]:
    return [
        sum((Decimal(str(row[side]["amount"])) for row in told["data"]), Decimal(0))
        for side in ("debit", "credit")
    ]


# By the name in the older path, what is compared with the newer one.
TOTALS: dict[str, Callable[[Any], list[Decimal]]] = {
    "profitloss_entity": _of_profit_and_loss,
    "trial_balance": _of_trial_balance,
}


def _told(ask: Asker, report: ReportStream, place: str | None, start: date, end: date) -> Any:
    """The report as it is told at the older path, or at the newer one with the id `place`; raises NotAnswered."""
    path, key = next(places(ask.ids, report.report, report.rows, found_out=place))
    params = {**report.params, report.end: end.isoformat()}
    if not report.as_of:
        params["start_date"] = start.isoformat()
    if report.bases:
        params["cash_based"] = CASH_BASED[report.bases[0]]
    return ask.body(path, params)["response"]["result"][key]


def _report(ask: Asker, report: ReportStream, place: str | None, start: date, end: date) -> str:
    """ "right", "gone", "another period", or why nothing is known."""
    if not ask.ids.get("account_id") or (place == "uuid" and not ask.ids.get("business_uuid")):
        return "not answered"
    try:
        told = _told(ask, report, place, start, end)
        days = [str(told[name])[:10] for name in ("start_date", "end_date") if told.get(name)]
    except NotAnswered as error:
        return "gone" if error.refused is not None and error.refused.status == 404 else "not answered"
    except (KeyError, TypeError, AttributeError):
        return "an unknown shape"
    if report.as_of:
        return "right"
    if not days:
        return "the answer tells no period"
    return "right" if days == [start.isoformat(), end.isoformat()] else "another period"


def ledger_filter(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P9: the ledger's rows can be asked for by their dates (freshbooks-api.md 3.3)."""
    text = "The ledger is filtered by dates"
    try:
        every = ask.first(streams[DETAILS]).total
        start, end = _closed_month(ask)
        dates = {"search[start_date]": start.isoformat(), "search[end_date]": end.isoformat()}
        some = ask.page(streams[DETAILS], **dates)
    except (NotAnswered, KeyError):
        yield Fact("P9", text, Result.no_data, DETAILS, "not answered")
        return
    days = [str(row.get("user_entered_date"))[:7] for row in rows_of(some)]
    if not every or not (some.total or days):
        yield Fact("P9", text, Result.no_data, DETAILS, "no rows in that month")
    elif all(day == end.isoformat()[:7] for day in days):
        yield Fact("P9", text, Result.proved, DETAILS)
    else:
        changes.add("unfiltered", DETAILS)
        yield Fact(
            "P9", text, Result.refuted, DETAILS, "rows of other months came", "the whole ledger is read"
        )
