"""One project: its hours, those not billed yet and their value, and its invoices."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.freshbooks_pages import project_page
from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.money import EXPENSES
from freshbooks_hub.web.lists.people import ENTRIES, PROJECT_TYPES
from freshbooks_hub.web.lists.record import find, part
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import render

PEOPLE = (
    Column("person_name", "Person", empty="unknown person"),
    Column("hours", "Logged", Kind.hours, unknown="true"),
    Column("unbilled_hours", "Unbilled", Kind.hours, unknown="true"),
    Column("last_entry_date", "Last time logged", Kind.day),
)
METHODS = {
    "project_rate": "at the rate of the project",
    "service_rate": "at the rate of each service",
    "team_member_rate": "at the rate of each person",
    "business_rate": "at the rate of the business",
}


def page(request: Request) -> Response:
    """`/projects/{id}`"""
    with opened(context_of(request).home.marts) as marts:
        choice, project = find(request, marts, "projects", "project_id", "project", accounting=False)
        assert marts is not None
        business, number = project["business_id"], project["project_id"]
        worth = _worth(marts, project)
        people = _people(marts, project)
        entries = part(marts, ENTRIES, business, ("client_name", "project_name"), project=number)
        invoices = part(marts, INVOICES, business, ("client_name",), project=number)
        expenses = part(marts, EXPENSES, business, ("client_name", "project_name"), project=number)
        gaps = page_gaps(marts, choice.current, "projects", "time_entries", "unbilled_time", "invoice_lines")
    return render(
        request,
        "project.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        project=project,
        name=project["project_name"] or "Project without a name",
        billing=" ".join(
            filter(
                None,
                (
                    PROJECT_TYPES.get(project["project_type"], project["project_type"]),
                    METHODS.get(project["billing_method"]),
                ),
            )
        ),
        worth=worth,
        people_columns=PEOPLE,
        people=people,
        entries=entries,
        invoices=invoices,
        expenses=expenses,
        freshbooks=project_page(number),
    )


def _worth(marts: Marts, project: Row) -> list[Row]:
    """What the unbilled hours are worth, by currency; and the hours without a rate, with the reasons."""
    return marts.rows(
        "SELECT currency_code, sum(unbilled_amount) AS amount, "
        "coalesce(sum(hours) FILTER (WHERE unbilled_amount IS NULL), 0) AS unpriced_hours, "
        "string_agg(DISTINCT rate_missing_reason, '; ' ORDER BY rate_missing_reason) AS reasons "
        "FROM unbilled_time WHERE business_id = ? AND project_id = ? GROUP BY currency_code ORDER BY currency_code",
        project["business_id"],
        project["project_id"],
    )


def _people(marts: Marts, project: Row) -> list[Row]:
    rows = marts.rows(
        "SELECT any_value(person_name) AS person_name, "
        "CASE WHEN bool_and(hours IS NOT NULL) THEN sum(hours) END AS hours, "
        "CASE WHEN bool_and(hours IS NOT NULL AND is_unbilled IS NOT NULL) "
        "THEN coalesce(sum(hours) FILTER (WHERE is_unbilled), 0) END AS unbilled_hours, "
        "max(entry_date) AS last_entry_date FROM time_entries WHERE business_id = ? AND project_id = ? "
        "GROUP BY identity_id ORDER BY hours DESC NULLS LAST, person_name, identity_id LIMIT 100",
        project["business_id"],
        project["project_id"],
    )
    return [
        row
        | {"hours__unknown": row["hours"] is None, "unbilled_hours__unknown": row["unbilled_hours"] is None}
        for row in rows
    ]


routes = [Route("/projects/{id:int}", page)]
