"""Settings: sync schedule, reporting currency, further connections, the checks; and links to the other settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.core.reporting_currency import (
    ReportingCurrency,
    clear_reporting_currency,
    parse_rates,
    set_reporting_currency,
)
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import format_frequency, parse_frequency
from freshbooks_hub.web.forms import Typed, action
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.schedule_lines import lines_of
from freshbooks_hub.web.views import back, render

CURRENCY = {"currency": "Currency", "rates": "Rates"}
CONNECTION = {"name": "Name of the new connection"}
CHOICES = tuple(
    parse_frequency(text)
    for text in ("5m", "10m", "20m", "30m", "1h", "2h", "4h", "6h", "12h", "1d", "1w", "4w")
)


def page(request: Request, typed: Typed | None = None, status: int = 200) -> Response:
    """What can be set, with what was typed where it could not be saved."""
    home = context_of(request).home
    schedule = Schedule(home)
    groups = schedule.groups(datetime.now(UTC))
    return render(
        request,
        "settings.html",
        status=status,
        typed=typed or Typed(),
        lines=lines_of(groups, None),
        choices=CHOICES,
        text=format_frequency,
        paused_since=schedule.paused_since(),
        reporting=_reporting_currency(home),
    )


def show(request: Request) -> Response:
    """`/settings`"""
    return page(request)


@action
def frequencies(request: Request, form: FormData) -> Response:
    """Take over what the form says of each group."""
    schedule = Schedule(context_of(request).home)
    changed = 0
    try:
        for group in schedule.groups(datetime.now(UTC)):
            wanted = _frequency(form, group.name, group.frequency)
            if wanted == group.frequency:
                continue
            changed += 1
            if wanted == group.default_frequency:
                schedule.reset(group.name)
            else:
                schedule.set(group.name, wanted)
    except HubError as error:
        return back(request, "/settings", str(error), good=False)
    done = f"Saved: {plural(changed, 'interval')} changed." if changed else "Nothing was changed."
    return back(request, "/settings", done)


def _reporting_currency(home: Home) -> ReportingCurrency | None:
    """What is set; None too where it cannot be read, so that it can be set again."""
    try:
        return ReportingCurrency.beside(home.marts)
    except HubError:
        return None


@partial(action, several_lines={"rates"}, labels=CURRENCY)
def reporting_currency(request: Request, form: FormData) -> Response:
    """Set the reporting currency and its rates; without a code there is none."""
    marts, typed = context_of(request).home.marts, Typed.of(form)
    code, rates = typed.get("currency"), typed.get("rates")
    with typed.problem_of("rates", CURRENCY["rates"]):
        parsed = parse_rates(rates) if rates else ()
    if not typed.problems:
        with typed.problem_of("currency", CURRENCY["currency"]):
            if code:
                set_reporting_currency(marts, code, parsed)
            else:
                clear_reporting_currency(marts)
    if typed.problems:
        return page(request, typed, 400)
    if not code:
        return back(request, "/settings", "Saved: amounts are shown per currency alone.")
    return back(request, "/settings", f"Saved: totals are also shown in {code.upper()}.")


@partial(action, labels=CONNECTION)
def add_connection(request: Request, form: FormData) -> Response:
    """A home for another FreshBooks user; the log-in follows."""
    site, typed = context_of(request).site, Typed.of(form)
    name = typed.get("name").lower()
    with typed.problem_of("name", CONNECTION["name"]):
        home = site.home.named(name).ensure()
    if typed.problems:
        return page(request, typed, 400)
    base = f"/c/{name}" if home.root != site.home.root else ""
    return RedirectResponse(f"{base}/settings/freshbooks", 303)


@action
def check(request: Request, _: FormData) -> Response:
    """The doctor: everything that `freshbooks doctor` looks at, once."""
    from freshbooks_hub.doctor.checkup import run

    return render(request, "check.html", findings=run(context_of(request).home))


def _frequency(form: FormData, name: str, current: timedelta) -> timedelta:
    sent = form.get(f"every_{name}")
    return parse_frequency(sent) if isinstance(sent, str) and sent else current


routes = [
    Route("/settings", show, methods=["GET"]),
    Route("/settings/frequencies", frequencies, methods=["POST"]),
    Route("/settings/currency", reporting_currency, methods=["POST"]),
    Route("/settings/connections", add_connection, methods=["POST"]),
    Route("/settings/check", check, methods=["POST"]),
]
