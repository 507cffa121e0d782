"""Projects, time entries, services and the team (freshbooks-api.md 3.7-3.9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import assign
from freshbooks_sandbox.values import Row, local_iso, parse_instant, utc_naive_iso, utc_z, words

_PROJECT_WRITABLE = (
    *words("title description due_date client_id internal budget fixed_price rate billing_method"),
    *words("project_type project_manager_id complete active sample expense_markup service_estimate_type"),
)
_METHODS = (None, "business_rate", "project_rate", "service_rate", "team_member_rate")
_LINKS = ("client_id", "project_id", "service_id", "task_id")


def create_project(books: Books, fields: Row, at: datetime) -> Row:
    if not fields.get("title"):
        raise responses.invalid("title", "field required")
    number = books.new_id("projects")
    row: Row = {
        "id": number,
        "title": "",
        "description": None,
        "due_date": None,
        "client_id": None,
        "internal": False,
        "budget": None,
        "fixed_price": None,
        "rate": None,
        "billing_method": "project_rate",
        "project_type": "hourly_rate",
        "project_manager_id": None,
        "active": True,
        "complete": False,
        "sample": False,
        "created_at": utc_naive_iso(at),
        "updated_at": utc_naive_iso(at),
        "logged_duration": None,
        "services": [],
        "billed_amount": "0.00",
        "billed_status": "unbilled",
        "retainer_id": None,
        "expense_markup": "0",
        "service_estimate_type": "total_hours",
        "group_id": books.new_id("groups"),
        "_members": [],
    }
    change_project(books, row, fields, at)
    return books.table("projects").put(number, row)


def change_project(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    if fields.get("project_type", "hourly_rate") not in ("fixed_price", "hourly_rate"):
        raise responses.invalid("project_type", "unexpected value; permitted: 'fixed_price', 'hourly_rate'")
    if fields.get("billing_method") not in _METHODS:
        raise responses.invalid("billing_method", "value is not a valid billing method")
    assign(row, fields, _PROJECT_WRITABLE)
    for name in ("rate", "fixed_price"):
        if row[name] is not None:
            row[name] = str(row[name])
    if "services" in fields:
        row["services"] = [
            {k: s[k] for k in ("id", "business_id", "name", "billable", "vis_state")}
            for s in (books["services"][_service_id(x)] for x in fields["services"])
        ]


def _service_id(value: Any) -> int:
    return int(value["id"] if isinstance(value, dict) else value)


def create_entry(books: Books, fields: Row, at: datetime) -> Row:
    """Needs `is_logged`, `started_at`, `duration`; the rest is filled in (3.7)."""
    number = books.new_id("time_entries")
    row: Row = {"id": number, "identity_id": fields.get("identity_id"), "created_at": utc_z(at)}
    replace_entry(books, row, fields, at)
    return books.table("time_entries").put(number, row)


def replace_entry(books: Books, row: Row, fields: Row, at: datetime) -> None:
    """A PUT replaces the entry: links that are not sent become null (7.1)."""
    started = _instant(fields)
    logged = bool(fields["is_logged"]) if "is_logged" in fields else None
    if logged is None:
        raise responses.invalid("is_logged", "field required")
    duration = fields.get("duration")
    if logged and (isinstance(duration, bool) or not isinstance(duration, int) or duration < 0):
        raise responses.invalid(
            "duration", "field required" if duration is None else "value is not a valid integer"
        )
    zone = fields.get("local_timezone") or books.timezone
    row.update(
        {
            "is_logged": logged,
            "started_at": utc_z(started),
            "local_started_at": local_iso(started, zone),
            "local_timezone": zone,
            "duration": duration,
            **{name: fields.get(name) for name in _LINKS},
            "pending_client": None,
            "pending_project": None,
            "pending_task": None,
            "note": fields.get("note") or "",
            "active": fields.get("active", True),
            "billable": fields.get("billable", True),
            "billed": bool(fields.get("billed", row.get("billed", False))),
            "internal": False,
            "retainer_id": None,
            "timer": fields.get("timer"),
            "_updated_at": utc_z(at),
        }
    )


def edit_entry(books: Books, row: Row, fields: Row, at: datetime) -> None:
    """Change only the given keys, as the web app's form does (it sends the whole entry)."""
    writable = (
        "is_logged",
        "started_at",
        "duration",
        *_LINKS,
        "note",
        "billable",
        "billed",
        "active",
        "timer",
    )
    replace_entry(books, row, {**{name: row[name] for name in writable}, **fields}, at)


def _instant(fields: Row) -> datetime:
    sent = fields.get("started_at")
    if sent is None:
        known = "started_at" in fields
        raise responses.invalid("started_at", "none is not an allowed value" if known else "field required")
    try:
        if len(str(sent)) < 16:
            raise ValueError("date only")
        return parse_instant(str(sent))
    except ValueError:
        raise responses.invalid("started_at", "invalid datetime format") from None


def create_service(books: Books, fields: Row, at: datetime) -> Row:  # noqa: ARG001
    number = books.new_id("services")
    row: Row = {
        "id": number,
        "business_id": books.business_id,
        "name": fields["name"],
        "billable": fields.get("billable", True),
        "project_default": fields.get("project_default", False),
        "vis_state": 0,
    }
    if fields.get("rate") is not None:
        rate = {"business_id": books.business_id, "service_id": number, "rate": str(fields["rate"])}
        books.table("service_rates").put(number, rate)
    return books.table("services").put(number, row)


def change_service(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("name", "billable", "project_default"))


def change_rate(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("rate",))


def create_member(books: Books, fields: Row, at: datetime) -> Row:
    """A person of the team; `rate` fills the team member rate."""
    number = fields["identity_id"]
    uuid = f"{number:08x}-7e57-4ab1-9c0d-{books.business_id:012x}"
    row: Row = {
        "uuid": uuid,
        "identity_id": number,
        "first_name": fields["first_name"],
        "middle_name": None,
        "last_name": fields["last_name"],
        "email": fields["email"],
        "job_title": fields.get("job_title"),
        "street_1": None,
        "street_2": None,
        "city": None,
        "province": None,
        "country": None,
        "postal_code": None,
        "phone_number": None,
        "business_id": books.business_id,
        "business_role_name": fields.get("business_role_name", "business_employee"),
        "active": True,
        "invitation_date_accepted": utc_z(at),
        "created_at": utc_z(at),
        "updated_at": utc_z(at),
    }
    if fields.get("rate") is not None:
        rate = {"identity_id": number, "business_id": books.business_id, "rate": str(fields["rate"])}
        books.table("team_member_rates").put(number, rate)
    return books.table("team_members").put(uuid, row)


def change_member(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("first_name", "last_name", "email", "job_title", "business_role_name"))
