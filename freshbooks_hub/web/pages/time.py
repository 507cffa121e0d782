"""Time: hours worked and not billed yet, project by project."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.core.currencies import known_sum as sum_of
from freshbooks_hub.web.charts import Bar, bars
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.reports import files_of
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import render

DRAWN = 10
SHOWN = 100  # projects; the file has all
ZERO = Decimal(0)
# One row for each project; a client's time without a project is one row too.
PROJECTS = """
SELECT project_id, client_id, client_name, project_name, project_status, is_project_complete, currency_code,
       CASE WHEN bool_and(hours IS NOT NULL) THEN sum(hours) END AS hours,
       sum(unbilled_amount) AS amount,
       coalesce(sum(hours) FILTER (WHERE unbilled_amount IS NULL), 0) AS unpriced_hours,
       string_agg(DISTINCT rate_missing_reason, '; ' ORDER BY rate_missing_reason) AS reasons,
       sum(entry_count)::BIGINT AS entries,
       min(oldest_entry_date) AS oldest,
       count(DISTINCT identity_id) AS people
FROM unbilled_time
WHERE business_id = ?
GROUP BY client_id, client_name, project_id, project_name, project_status, is_project_complete, currency_code
ORDER BY hours DESC NULLS LAST, client_name, project_name
"""
# By currency, of all projects; null hours are unknown.
TOTALS = f"""
SELECT currency_code, count(*) AS projects, {known_sum("hours")} AS hours, sum(amount) AS amount,
       sum(unpriced_hours) AS unpriced_hours
FROM ({PROJECTS})
GROUP BY currency_code
ORDER BY currency_code
"""  # noqa: S608 - ours


def page(request: Request) -> Response:
    """`/time`"""
    with opened(context_of(request).home.marts) as marts:
        choice = choose_business(request, marts, accounting=False)
        projects = _projects(marts, choice.current, f" LIMIT {SHOWN}")
        totals = _rows(marts, choice.current, TOTALS)
        gaps = page_gaps(marts, choice.current, "unbilled_time")
    # If a part is unknown, there is no total.
    hours = sum_of(one["hours"] for one in totals)
    known = totals if hours is not None else []
    return render(
        request,
        "time.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        projects=projects,
        project_count=sum(one["projects"] for one in totals),
        hours=hours,
        unpriced=sum((one["unpriced_hours"] for one in known), ZERO),
        amounts=[(one["currency_code"], one["amount"]) for one in known if one["amount"] is not None],
        chart=_chart(projects),
        drawn=min(DRAWN, len(projects)),
        why=" ".join(gaps.sentences),
    )


def _projects(marts: Marts | None, business: Row | None, limit: str = "") -> list[Row]:
    return _rows(marts, business, PROJECTS + limit)


def _rows(marts: Marts | None, business: Row | None, statement: str) -> list[Row]:
    return marts.rows(statement, business["business_id"]) if marts and business else []


def _chart(projects: list[Row]) -> Markup:
    drawn = [
        Bar(
            f"{p['project_name'] or 'No project'} · {p['client_name'] or 'no client'}",
            p["hours"],
            f"{p['hours']:,.2f} h",
            "series1",
        )
        for p in projects[:DRAWN]
        if p["hours"] is not None
    ]
    return bars("Unbilled hours by project", drawn)


FILE = (
    Column("project_name", "Project"),
    Column("client_name", "Client"),
    Column("project_status", "Status of the project"),
    Column("hours", "Unbilled hours", Kind.hours),
    Column("unpriced_hours", "Of them without a rate", Kind.hours),
    Column("entries", "Entries", Kind.number),
    Column("people", "People", Kind.number),
    Column("oldest", "Oldest", Kind.day),
    Column("amount", "Value", Kind.money),
    Column("currency_code", "Currency"),
    Column("reasons", "Why there is no rate"),
)


def _file_rows(_: Request, marts: Marts, business: Row) -> list[Row]:
    return [row | {"hours__unknown": row["hours"] is None} for row in _projects(marts, business)]


routes = [Route("/time", page), *files_of("/time", "Unbilled time", FILE, _file_rows, accounting=False)]
