"""Reports: flat dates, one answer, never paged; at the older path and at the newer one (freshbooks-api.md 3.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.accounting import check_plan, open_books
from freshbooks_sandbox.api.call import Call, Handler, route
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.lists.views import today
from freshbooks_sandbox.reports import LEDGER, NEWER, REPORTS, Path, Report
from freshbooks_sandbox.reports.ask import read
from freshbooks_sandbox.responses import result
from freshbooks_sandbox.values import decimal

_DATES = ("start_date", "end_date", "dates[]")


def _older(name: str, report: Report) -> Handler:
    def handler(call: Call) -> Response:
        if name in call.store.behaviours.gone_reports:
            raise responses.family_not_found("accounting")
        return _answer(call, open_books(call, "reports", name), name, report)

    return handler


def _newer(name: str, report: Report) -> Handler:
    def handler(call: Call) -> Response:
        takes, sent = call.store.behaviours.newer_reports, call.path("business")
        find = {"uuid": call.store.by_uuid, "business": call.store.by_business}.get(takes)
        books = call.books(find(sent) if find else None)
        if name in LEDGER:
            call.need_account("reports")
        else:
            call.need("reports")
        if books.account_id is None:
            raise responses.family_not_found("accounting")
        check_plan(call, name)
        return _answer(call, books, name, report)

    return handler


def _answer(call: Call, books: Books, name: str, report: Report) -> Response:
    if books.role == "client":
        raise responses.accounting(200, 1003, "You do not have access to reports.", None, "report")
    sent = call.multi
    if name in call.store.behaviours.dateless_reports:
        sent = [(key, value) for key, value in sent if key not in _DATES]
    if name in call.store.behaviours.accrual_only_reports:
        sent = [(key, value) for key, value in sent if key != "cash_based"]
    made = report.make(read(name, books, sent, today(books, call.now)))
    wrong = decimal(call.store.behaviours.report_skew.get(name))
    for path in report.wrong if wrong else ():
        _plant(made, path, wrong)
    return result({report.key: made})


def _plant(made: Any, path: Path, wrong: Decimal) -> None:
    """Change the amount at `path`, if the report has it; the books stay as they are."""
    *way, last = path
    try:
        for step in way:
            made = made[step]
        made[last] = {**made[last], "amount": str(decimal(made[last]) + wrong)}
    except IndexError:
        return  # an empty list has no first row


def routes() -> list[Route]:
    older, newer = (
        "/accounting/account/{account}/reports/accounting",
        "/accounting/businesses/{business}/reports",
    )
    return [
        *(route(f"{older}/{name}", {"GET": _older(name, r)}, "accounting") for name, r in REPORTS.items()),
        *(route(f"{newer}/{name}", {"GET": _newer(name, r)}, "accounting") for name, r in NEWER.items()),
    ]
