"""The accountant's pack: choose business, months and basis, see what it will hold, and download it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import IO, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from freshbooks_hub.core.clock import named_zone
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.marts.open import NoMarts, open_marts
from freshbooks_hub.marts.pack.files import write_pack
from freshbooks_hub.marts.pack.scope import BASES, Business, Scope, businesses, choose, months, scope_of
from freshbooks_hub.marts.pack.tables import tables
from freshbooks_hub.web.marts import Marts
from freshbooks_hub.web.request_context import Choice, choose_business, context_of
from freshbooks_hub.web.views import render

BLOCK = 1 << 16


def page(request: Request) -> Response:
    """`/pack?from=2026-10&to=2026-12&basis=cash`; without months, the last complete one."""
    try:
        return _page(request)
    except NoMarts:
        return _render(request, Choice([], None))


def download(request: Request) -> Response:
    """`/pack.zip`, of the same parameters. Made in a file without a name, which ends with the answer."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    try:
        with open_marts(context_of(request).home.marts) as db:
            scope = _scope(request, _business(request, businesses(db)))
            write_pack(db, scope, file, datetime.now(UTC))
    except (HubError, OSError) as error:
        file.close()
        if isinstance(error, NoMarts):
            return _render(request, Choice([], None))
        why = str(error) if isinstance(error, HubError) else f"The pack cannot be written: {error.strerror}."
        return _page(request, why)
    size = file.tell()
    headers = {
        "Content-Disposition": f'attachment; filename="{scope.file_name}.zip"',
        "Content-Length": str(size),
    }
    return StreamingResponse(
        _blocks(file), media_type="application/zip", headers=headers, background=BackgroundTask(file.close)
    )


def _page(request: Request, problem: str = "") -> Response:
    with open_marts(context_of(request).home.marts) as db:
        choice = choose_business(request, Marts(db))
        found = businesses(db)
        if not found:
            return _render(request, choice)
        business = _business(request, found)
        scope = None
        try:
            scope = _scope(request, business)
        except HubError as error:
            problem = problem or str(error)
        contents = tables(db, scope) if scope else []
    return _render(request, choice, business, scope, contents=contents, problem=problem)


def _render(
    request: Request,
    choice: Choice,
    business: Business | None = None,
    scope: Scope | None = None,
    **more: Any,
) -> Response:
    context: dict[str, Any] = {"contents": [], "problem": ""} | more
    return render(
        request,
        "pack.html",
        status=400 if context["problem"] else 200,
        zone=(named_zone(business.time_zone) if business else None) or UTC,
        choice=choice,
        business=business,
        scope=scope,
        bases=BASES,
        months=months(business.first, business.as_of)[::-1] if business else [],
        periods=_periods(business) if business else [],
        **context,
    )


def _business(request: Request, found: list[Business]) -> Business:
    """The one in the address, by default the first. Raises HubError if it does not exist."""
    asked = request.query_params.get("business", "")
    if asked not in {str(business.id) for business in found} and found:
        return found[0]
    return choose(found, asked)


def _scope(request: Request, business: Business) -> Scope:
    start, end = _periods(business)[0][1:]
    asked = request.query_params
    return scope_of(
        business,
        asked.get("from") or f"{start:%Y-%m}",
        asked.get("to") or f"{end:%Y-%m}",
        asked.get("basis") or next(iter(BASES)),
    )


def _periods(business: Business) -> list[tuple[str, date, date]]:
    """What accountants ask for, by name, with its first and last month; the first is the default."""
    now = business.as_of.year * 12 + business.as_of.month - 1
    quarter, year = now - now % 3, now - now % 12
    named = (
        ("Last month", now - 1, now - 1),
        ("This month", now, now),
        ("Last quarter", quarter - 3, quarter - 1),
        ("This year", year, now),
        ("Last year", year - 12, year - 1),
    )
    return [
        (name, date(first // 12, first % 12 + 1, 1), date(last // 12, last % 12 + 1, 1))
        for name, first, last in named
    ]


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


routes = [Route("/pack", page), Route("/pack.zip", download)]
