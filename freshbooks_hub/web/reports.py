"""What the report pages share: the basis, the reporting currency beside their figures, and tables as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.reporting_currency import ReportingCurrency
from freshbooks_hub.web.lists.files import FORMS, Sheet, answer
from freshbooks_hub.web.lists.listing import Column
from freshbooks_hub.web.marts import Marts, Row, opened
from freshbooks_hub.web.request_context import choose_business, context_of

Rows = Callable[[Request, Marts, Row], list[Row]]


def basis_of(request: Request) -> str:
    """The basis that the address asks for, by default `accrual`."""
    return "cash" if request.query_params.get("basis") == "cash" else "accrual"


@dataclass(frozen=True)
class Reporting:
    """The reporting currency, shown beside amounts of several currencies and never in their place.

    With the user's rates; None when there is none, or when `problem` says what is wrong.
    """

    currency: ReportingCurrency | None = None
    problem: str = ""

    @classmethod
    def beside(cls, marts: Path) -> Reporting:
        """The reporting currency of the home of these marts."""
        try:
            return cls(ReportingCurrency.beside(marts))
        except HubError as error:
            return cls(problem=str(error))


def files_of(
    path: str, title: str, columns: Sequence[Column], rows: Rows, *, accounting: bool = True
) -> list[Route]:
    """`path`.csv and `path`.xlsx of a business's table `rows`, with the columns `columns`."""
    return [Route(f"{path}.{form}", _file(form, title, columns, rows, accounting)) for form in FORMS]


def _file(
    form: str, title: str, columns: Sequence[Column], rows: Rows, accounting: bool
) -> Callable[[Request], Response]:
    def file(request: Request) -> Response:
        with opened(context_of(request).home.marts) as marts:
            choice = choose_business(request, marts, accounting=accounting)
            if marts is None or choice.current is None:
                raise HTTPException(404, "There is nothing to export before the first sync.")
            sheet = Sheet(title, columns, rows(request, marts, choice.current), choice.zone)
        business = choice.current["business_name"] or choice.current["business_id"]
        return answer(form, f"{title} {business}", sheet)

    return file
