"""Projects, time, services and the people who work (freshbooks-api.md 3.7-3.9)."""

from __future__ import annotations

from freshbooks_sandbox.books.query import days
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.domain import projects_and_time, retainers, staff
from freshbooks_sandbox.values import utc_naive_iso, utc_z

PROJECTS = Resource(
    "projects",
    "projects",
    singular="project",
    stamp="updated_at",
    clock=utc_naive_iso,
    soft_delete="active",
    create=projects_and_time.create_project,
    change=projects_and_time.change_project,
    sorts={
        "title": lambda r: r["title"].lower(),
        "due_date": lambda r: r["due_date"] or "",
        "created_at": lambda r: (r["created_at"], r["id"]),
    },
)
TIME_ENTRIES = Resource(
    "time_entries",
    "time_entries",
    singular="time_entry",
    stamp="_updated_at",
    clock=utc_z,
    soft_delete="active",
    create=projects_and_time.create_entry,
    change=projects_and_time.edit_entry,
)
SERVICES = Resource(
    "services",
    "billable_items",
    stamp=None,
    create=projects_and_time.create_service,
    change=projects_and_time.change_service,
)
SERVICE_RATES = Resource(
    "service_rates", "billable_items", stamp=None, soft_delete=None, change=projects_and_time.change_rate
)
TEAM_MEMBERS = Resource(
    "team_members",
    "teams",
    stamp="updated_at",
    clock=utc_z,
    soft_delete="active",
    create=projects_and_time.create_member,
    change=projects_and_time.change_member,
)
STAFF = Resource(
    "staff",
    "teams",
    path="users/staffs",
    singular="staff",
    id="userid",
    create=staff.create,
    change=staff.change,
    filters=days("updated"),
    undocumented=("updated_min", "updated_max"),
    posted=False,  # people are invited in the web app
)
RETAINERS = Resource(
    "retainers",
    "retainers",
    singular="retainer",
    stamp="updated_at",
    clock=utc_naive_iso,
    soft_delete="active",
    create=retainers.create,
    change=retainers.change,
)
TEAM_RATES = Resource(
    "team_member_rates", "teams", stamp=None, soft_delete=None, change=projects_and_time.change_rate
)
