"""Reports: flat dates, one answer, never paged (freshbooks-api.md 3.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import errors
from freshbooks_sandbox.answers import result
from freshbooks_sandbox.api.accounting import open_books
from freshbooks_sandbox.api.call import Call, Handler, route
from freshbooks_sandbox.money import decimal
from freshbooks_sandbox.reports import REPORTS, Path, Report
from freshbooks_sandbox.reports.ask import read
from freshbooks_sandbox.views import today


def _report(name: str, report: Report) -> Handler:
    def handler(call: Call) -> Response:
        books = open_books(call, "reports", name)
        if books.role == "client":
            raise errors.accounting(200, 1003, "You do not have access to reports.", None, "report")
        made = report.make(read(name, books, call.multi, today(books, call.now)))
        wrong = decimal(call.store.switches.report_skew.get(name))
        for path in report.wrong if wrong else ():
            _plant(made, path, wrong)
        return result({report.key: made})

    return handler


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
    root = "/accounting/account/{account}/reports/accounting"
    return [
        route(f"{root}/{name}", {"GET": _report(name, report)}, "accounting")
        for name, report in REPORTS.items()
    ]
