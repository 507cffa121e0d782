"""Reports as streams: one record is a whole report of a business, a currency and a period.

A report is read again as long as its period is open, and its rows have no ids of their own; as one record, rows that
vanished from it vanish downstream too. Dates are flat (`search[…]` would be ignored and the report run for today) and
reports are never paged (freshbooks-api.md 3.10).

A report shows one currency alone, and none is shown that nobody asked for. The currencies of a business are those of
the base, of the clients, and of whatever has an amount: an expense may be in a currency that no client has. A list that
may not be read adds none, and reports that name no currency show the base. Deleted rows are in no report. The lists
are read without includes, once per business and sync, and only where a report is read.

Some reports have two bases: accrual counts what was billed, cash what was paid (`cash_based`). These are read on both,
a record each. Where FreshBooks answers on another basis than was asked for, that record is left out.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pendulum

from source_freshbooks.components.connection import Connection
from source_freshbooks.components.deletions import ACTIVE, ARCHIVED
from source_freshbooks.components.endpoints import FAMILIES, Page
from source_freshbooks.components.errors import FreshbooksError, is_damaged
from source_freshbooks.components.http import Client
from source_freshbooks.components.normalization import RecordShaper
from source_freshbooks.components.paging import fetch_ahead, read_list
from source_freshbooks.components.permissions import is_gate
from source_freshbooks.components.report_paths import Place, ask, places
from source_freshbooks.components.retriever_base import Pages, PerBusinessRetriever
from source_freshbooks.components.timestamps import BEGINNING, observed_at, parse_utc

logger = logging.getLogger("airbyte.freshbooks")

EARLIEST = date(2000, 1, 1)
EASTERN = "America/New_York"
CASH_BASED = {"accrual": "false", "cash": "true"}
# A name and the key of the older result.
COLLECTED = Place("payments_collected", "payments_collected")
PROFIT_AND_LOSS = Place("profitloss_entity", "profitloss")

Code = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Period:
    """A calendar month, or for a report as of a day that day alone (`start` is None)."""

    start: date | None
    end: date


@dataclass
class ReportRetriever(PerBusinessRetriever):
    """Parameters: report, the name in the path; rows, the result key; params, what it needs besides the period.

    as_of: the report has one date, not two. Then it is read for each month's end and for today. end: the name of
    that date's parameter. newer: it is at the newer path alone (report_paths.py). listed: the field that holds the
    result, where it is a list. bases: those that it is read on, where it has any (keys of CASH_BASED).
    """

    report: str = ""
    rows: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    as_of: bool = False
    end: str = "end_date"
    newer: bool = False
    listed: str = ""
    bases: list[str] = field(default_factory=list)

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        today = _today(ids.get("timezone"))
        for currency in self._currencies(ids, today):
            first = self._first_day(ids, currency, since, today)
            periods = list(months_until(today, first, self.as_of))
            for basis in self.bases or [""]:
                yield self.expect(len(periods))
                yield from self._read_ahead(ids, currency, basis, periods, shaper)

    def _read_ahead(
        self,
        ids: Mapping[str, Any],
        currency: str,
        basis: str,
        periods: list[Period],
        shaper: RecordShaper,
    ) -> Pages:
        def ask(period: Period) -> tuple[dict[str, Any], str]:
            return self._ask(ids, currency, basis, period)

        answers = fetch_ahead(ask, periods, self.connection.page_workers, self.connection.pages_in_flight)
        for period, (body, observed) in zip(periods, answers, strict=True):
            if basis and _is_other_basis(body, basis):
                logger.warning(
                    "%s %s %s: FreshBooks answered on another basis than %s; this record is left out.",
                    self.name,
                    currency,
                    period.end,
                    basis,
                )
                continue
            record = {
                **shaper.shape(body),
                "account_id": ids["account_id"],
                "business_id": ids["business_id"],
                "currency_code": currency,
                **({"basis": basis} if basis else {}),
                **({"start_date": period.start.isoformat()} if period.start else {}),
                "end_date": period.end.isoformat(),
                "observed_at": observed,
                "is_deleted": False,
                "is_archived": False,
            }
            yield self.serialize([record], {0: shaper.changes} if shaper.changes else {})

    def _ask(
        self, ids: Mapping[str, Any], currency: str, basis: str, period: Period
    ) -> tuple[dict[str, Any], str]:
        params: dict[str, Any] = {**self.params, "currency_code": currency, self.end: period.end.isoformat()}
        if basis:
            params["cash_based"] = CASH_BASED[basis]
        if period.start:
            params["start_date"] = period.start.isoformat()
        return self._report(ids, Place(self.report, self.rows), params, self.newer, self.listed)

    def _report(
        self,
        ids: Mapping[str, Any],
        report: Place,
        params: Mapping[str, Any],
        newer: bool = False,
        listed: str = "",
    ) -> tuple[dict[str, Any], str]:
        found_out = self.connection.assumptions.of(ids["business_id"]).reports.get(report.path)
        candidates = list(places(ids, report.path, report.key, newer, found_out))
        body, response, place = ask(self.connection, self.client, ids, candidates, params)
        if is_damaged(response):
            logger.warning(
                "%s of %s: FreshBooks sent bytes that are not text; they are U+FFFD in the record.",
                self.name,
                " ".join(map(str, params.values())),
            )
        try:
            found = body["response"]["result"][place.key]
            if listed and isinstance(found, list):
                found = {listed: found}
            if not isinstance(found, dict):
                raise TypeError("the report is not an object")
        except (KeyError, TypeError) as error:
            raise FreshbooksError(
                f"FreshBooks answered the report {report.path} in an unknown shape ({type(error).__name__}: {error}). "
                "Run again; if it stays so, report it with this text."
            ) from None
        return found, observed_at(response)

    def _currencies(self, ids: Mapping[str, Any], today: date) -> list[str]:
        def find() -> list[str]:
            # The reports first: where they are refused, no list is read for them.
            days = {"start_date": EARLIEST.isoformat(), "end_date": today.isoformat()}
            collected, _ = self._report(ids, COLLECTED, days)
            profit, _ = self._report(ids, PROFIT_AND_LOSS, days)
            found = currencies(self.connection, self.client, ids)
            reported = [
                profit.get("currency_code"),
                *(total.get("code") for total in collected.get("totals") or []),
            ]
            return sorted(found | {code for code in reported if isinstance(code, str) and code})

        return self.connection.cached(("currencies", ids["business_id"]), find)

    def _first_day(self, ids: Mapping[str, Any], currency: str, since: str | None, today: date) -> date:
        """The first month to read: of the cursor's window, or of the first income or expense there ever was."""
        if since and since > BEGINNING:
            return parse_utc(since).date()

        def find() -> date:
            params = {
                "start_date": EARLIEST.isoformat(),
                "end_date": today.isoformat(),
                "currency_code": currency,
                "resolution": "m",
            }
            report, _ = self._report(ids, PROFIT_AND_LOSS, params)
            return first_month(report) or today

        return self.connection.cached(("first_day", ids["business_id"], currency), find)


def first_month(profit_and_loss: Mapping[str, Any]) -> date | None:
    """The first month with an amount in a report by month; None if there is none."""
    labels = profit_and_loss.get("labels") or []
    rows = [*(profit_and_loss.get("income") or []), *(profit_and_loss.get("expenses") or [])]
    used = [
        label
        for i, label in enumerate(labels)
        if any(float(row["data"][i]["amount"]) != 0 for row in rows if i < len(row.get("data") or []))
    ]
    return date.fromisoformat(used[0][:10]) if used else None


def months_until(today: date, first: date, as_of: bool) -> Iterator[Period]:
    """Every month from that of `first` to that of `today`; as-of days are the ends of past months and today."""
    start = pendulum.date(first.year, first.month, 1)
    while start <= today:
        end = start.end_of("month")
        yield Period(None, min(end, today)) if as_of else Period(start, end)
        start = start.add(months=1)


def _is_other_basis(report: Mapping[str, Any], basis: str) -> bool:
    """Whether the report says that it is on another basis; one that says nothing is on the one asked for."""
    told = report.get("cash_based")
    return isinstance(told, bool) and told is not (basis == "cash")


def _today(timezone: Any) -> date:
    """The day in the zone of a business; in US/Eastern where FreshBooks names none that exists."""
    try:
        return pendulum.now(timezone if timezone and isinstance(timezone, str) else EASTERN).date()
    except (ValueError, OSError):
        return pendulum.now(EASTERN).date()


def _own(row: Mapping[str, Any]) -> Any:
    return row.get("currency_code")


def _of_amount(row: Mapping[str, Any]) -> Any:
    amount = row.get("amount")
    return amount.get("code") if isinstance(amount, dict) else None


# Route, result keys, where a row has its currency.
LISTS: tuple[tuple[str, list[str], Code], ...] = (
    ("users/clients", ["clients"], _own),
    ("invoices/invoices", ["invoices"], _own),
    ("expenses/expenses", ["expenses"], _of_amount),
    ("bills/bills", ["bills"], _own),
    ("other_incomes/other_incomes", ["other_income", "other_incomes"], _of_amount),
)


def currencies(connection: Connection, client: Client, ids: Mapping[str, Any]) -> set[str]:
    """The codes in use, as far as the scopes, the plan and the role let them be seen."""
    found: set[Any] = set()
    for pages, code in _sources(connection, client, ids):
        try:
            for page in pages:
                found |= {code(row) for row in page.rows if isinstance(row, dict)}
        except FreshbooksError as error:
            if not is_gate(error):
                raise
            logger.info("currencies of reports: %s", error.message)
    return {found_code for found_code in found if isinstance(found_code, str) and found_code}


def _sources(
    connection: Connection, client: Client, ids: Mapping[str, Any]
) -> Iterator[tuple[Iterator[Page], Code]]:
    yield _system(client, ids), _own
    for route, rows, code in LISTS:
        path = FAMILIES["accounting"].path(ids, route)
        for state in (ACTIVE, ARCHIVED):
            yield _list(connection, client, path, rows, state), code


def _system(client: Client, ids: Mapping[str, Any]) -> Iterator[Page]:
    family = FAMILIES["systems"]
    yield family.page(client.get(family.path(ids, "systems/{business_id}"), {})[0], ["system"])


def _list(connection: Connection, client: Client, path: str, rows: list[str], state: int) -> Iterator[Page]:
    def ask(number: int, per_page: int) -> Page:
        params = {"search[vis_state]": state, "page": number, "per_page": per_page}
        return FAMILIES["accounting"].page(client.get(path, params)[0], rows)

    return read_list(ask, path, connection.page_workers, connection.pages_in_flight)
