"""Reports as streams: one record is a whole report of a business, a currency and a period.

A report is read again as long as its period is open, and its rows have no ids of their own; as one record, rows that
vanished from it vanish downstream too. Dates are flat (`search[…]` would be ignored and the report run for today) and
reports are never paged (freshbooks-api.md 3.10).
"""

import calendar
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from source_freshbooks.components.business_retriever import BusinessRetriever, Pages
from source_freshbooks.components.currencies import currencies
from source_freshbooks.components.errors import FreshbooksError, is_damaged
from source_freshbooks.components.paging import fetch_ahead
from source_freshbooks.components.records import RecordShaper
from source_freshbooks.components.timestamps import BEGINNING, parse_utc

logger = logging.getLogger("airbyte.freshbooks")

ROOT = "/accounting/account/{account_id}/reports/accounting"
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """A calendar month, or for a report as of a day that day alone (`start` is None)."""

    start: date | None
    end: date


@dataclass
class ReportRetriever(BusinessRetriever):
    """Parameters: report, the name in the path; rows, the result key; params, what it needs besides the period.

    as_of: the report has one date, not two. Then it is read for each month's end and for today. end: the name of
    that date's parameter.
    """

    report: str = ""
    rows: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    as_of: bool = False
    end: str = "end_date"

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        root = ROOT.format_map(ids)
        today = _today(ids.get("timezone"))
        for currency in self._currencies(ids, root, today):
            first = self._first_day(root, currency, since, today)
            periods = list(months_until(today, first, self.as_of))
            yield self.expect(len(periods))
            yield from self._read_ahead(ids, root, currency, periods, shaper)

    def _read_ahead(
        self,
        ids: Mapping[str, Any],
        root: str,
        currency: str,
        periods: list[Period],
        shaper: RecordShaper,
    ) -> Pages:
        def ask(period: Period) -> tuple[dict[str, Any], str]:
            return self._ask(root, currency, period)

        answers = fetch_ahead(ask, periods, self.connection.page_workers, self.connection.pages_in_flight)
        for period, (body, observed) in zip(periods, answers, strict=True):
            record = {
                **shaper.shape(body),
                "account_id": ids["account_id"],
                "business_id": ids["business_id"],
                "currency_code": currency,
                **({"start_date": period.start.isoformat()} if period.start else {}),
                "end_date": period.end.isoformat(),
                "observed_at": observed,
                "is_deleted": False,
                "is_archived": False,
            }
            yield self.leaving([record], {0: shaper.changes} if shaper.changes else {})

    def _ask(self, root: str, currency: str, period: Period) -> tuple[dict[str, Any], str]:
        params: dict[str, Any] = {**self.params, "currency_code": currency, self.end: period.end.isoformat()}
        if period.start:
            params["start_date"] = period.start.isoformat()
        return self._report(root, self.report, self.rows, params)

    def _report(
        self, root: str, report: str, rows: str, params: Mapping[str, Any]
    ) -> tuple[dict[str, Any], str]:
        body, response = self.client.get(f"{root}/{report}", params)
        if is_damaged(response):
            logger.warning(
                "%s of %s: FreshBooks sent bytes that are not text; they are U+FFFD in the record.",
                self.name,
                " ".join(map(str, params.values())),
            )
        try:
            found = body["response"]["result"][rows]
            if not isinstance(found, dict):
                raise TypeError("the report is not an object")
        except (KeyError, TypeError) as error:
            raise FreshbooksError(
                f"FreshBooks answered the report {report} in an unknown shape ({type(error).__name__}: {error}). "
                "Run again; if it stays so, report it with this text."
            ) from None
        return found, self.observed(response)

    def _currencies(self, ids: Mapping[str, Any], root: str, today: date) -> list[str]:
        def find() -> list[str]:
            # The reports first: where they are refused, no list is read for them.
            days = {"start_date": EARLIEST.isoformat(), "end_date": today.isoformat()}
            collected, _ = self._report(root, "payments_collected", "payments_collected", days)
            profit, _ = self._report(root, "profitloss_entity", "profitloss", days)
            found = currencies(self.connection, self.client, ids)
            told = [
                profit.get("currency_code"),
                *(total.get("code") for total in collected.get("totals") or []),
            ]
            return sorted(found | {code for code in told if isinstance(code, str) and code})

        return self.connection.once(("currencies", ids["business_id"]), find)

    def _first_day(self, root: str, currency: str, since: str | None, today: date) -> date:
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
            report, _ = self._report(root, "profitloss_entity", "profitloss", params)
            return first_month(report) or today

        return self.connection.once(("first_day", root, currency), find)


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
    year, month = first.year, first.month
    while (year, month) <= (today.year, today.month):
        start = date(year, month, 1)
        end = date(year, month, calendar.monthrange(year, month)[1])
        yield Period(None, min(end, today)) if as_of else Period(start, end)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _today(timezone: Any) -> date:
    try:
        zone = ZoneInfo(timezone or "America/New_York")
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        zone = ZoneInfo("America/New_York")
    return datetime.now(zone).date()
