"""Time entries: the work they are for (client, project, service), as requested, shown, sent and compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from freshbooks_api.client import Json, single
from freshbooks_hub.agent.actions.action_kind import send_undo
from freshbooks_hub.agent.actions.books import (
    Books,
    Reference,
    as_client,
    as_number,
    is_living,
    name_of,
    only_one,
    same_text,
)
from freshbooks_hub.agent.actions.clients import find_client
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import ActionPreview, Client, Shape, client_line
from freshbooks_hub.agent.text import clean, folded, nearest

NOTE_LIMIT = 500
LINKS = ("client_id", "project_id", "service_id")


class Work(Shape):
    """What time is spent on; each part may be missing."""

    client: Client | None
    project_id: int | None
    project: str | None
    service_id: int | None
    service: str | None
    note: str


class WorkPreview(ActionPreview, Work):
    """A preview of time: no money is in it."""

    billable: bool

    @property
    def total_amount(self) -> str:
        return "0"


def found_work(
    books: Books,
    client_id: Reference | None,
    project_id: Reference | None,
    service_id: Reference | None,
    note: str,
) -> Work:
    """The work of these ids or names; without a client, that of the project.

    Raises ActionRefused: one is unknown, or the project is another client's (`project_of_another`).
    """
    project = books.find_project(project_id) if project_id is not None else None
    wanted = client_id if client_id is not None else (project or {}).get("client_id")
    client = find_client(books, wanted) if wanted is not None else None
    if project is not None and client is not None and project.get("client_id") not in (None, client["id"]):
        raise ActionRefused("project_of_another", "The project is for another client.")
    service = _find_service(books, service_id, project) if service_id is not None else None
    return Work(
        client=as_client(client) if client else None,
        project_id=int(project["id"]) if project else None,
        project=name_of(project["title"]) if project else None,
        service_id=int(service["id"]) if service else None,
        service=name_of(service["name"]) if service else None,
        note=clean(note, NOTE_LIMIT),
    )


def entry_of(books: Books, entry_id: int) -> Json | None:
    """One time entry; None when it does not exist or is deleted."""
    body = books.api.get(books.entry_path(entry_id))
    row = single(body, "time_entry") if body else None
    return row if row is not None and row.get("active", True) else None


def entry_exists(books: Books, entry_id: int) -> bool:
    return entry_of(books, entry_id) is not None


def delete_entry(books: Books, entry_id: int) -> None:
    """Raises ActionRefused `not_undone` when it is still there."""
    send_undo(books, "DELETE", books.entry_path(entry_id), "", lambda: entry_exists(books, entry_id))


def work_of(books: Books, row: Json) -> Work:
    """The work of a time entry of FreshBooks; what has been deleted since has no name."""
    client = books.client(int(row["client_id"])) if row.get("client_id") else None
    project = books.project(int(row["project_id"])) if row.get("project_id") else None
    service_id = row.get("service_id")
    known = [*((project or {}).get("services") or []), *(books.services() if service_id else [])]
    service = next((one for one in known if one.get("id") == service_id), None)
    return Work(
        client=as_client(client) if client else None,
        project_id=row.get("project_id"),
        project=name_of(project["title"]) if project else None,
        service_id=service_id,
        service=name_of(service["name"]) if service else None,
        note=clean(str(row.get("note") or ""), NOTE_LIMIT),
    )


def links_of(work: Work) -> dict[str, int]:
    """The ids as they are sent."""
    ids = (work.client.id if work.client else None, work.project_id, work.service_id)
    return {name: number for name, number in zip(LINKS, ids, strict=True) if number is not None}


def same_work(sent: Json, row: Json) -> bool:
    """On the same project and service, for the same client; FreshBooks may fill in the client by itself."""
    same = all(row.get(name) == sent.get(name) for name in ("project_id", "service_id"))
    return same and row.get("client_id") in (sent.get("client_id"), None)


def work_differences(sent: Json, row: Json) -> list[str]:
    """The fields, except the duration, in which FreshBooks holds another value than was sent."""
    found = [name for name in ("billable", *LINKS) if name in sent and row.get(name) != sent[name]]
    if as_instant(row.get("started_at")) != as_instant(sent["started_at"]):
        found.append("started_at")
    if not same_text(sent["note"], row.get("note")):
        found.append("note")
    return found


def logged_differences(sent: Json, row: Json) -> tuple[str, ...]:
    """The same for a logged entry, duration included."""
    longer = ["duration"] if row.get("duration") != sent["duration"] else []
    return (*longer, *work_differences(sent, row))


def work_lines(preview: WorkPreview) -> Iterator[str]:
    """What is worked on, as lines of a preview."""
    if preview.client:
        yield client_line(preview.client)
    if preview.project_id is not None:
        yield f"Project       {preview.project} ({preview.project_id})"
    if preview.service_id is not None:
        yield f"Service       {preview.service} ({preview.service_id})"
    yield f"Billable      {'yes' if preview.billable else 'no'}"
    if preview.note:
        yield f"Note          {preview.note}"


def as_instant(text: object) -> datetime | None:
    """An instant of FreshBooks, UTC if it names no zone; None if it is not an instant."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def utc(at: datetime) -> str:
    """An instant as sent."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _find_service(books: Books, wanted: int | str, project: Json | None) -> Json:
    """A service of the business or of the project, by id or name."""
    rows = {int(row["id"]): row for row in [*((project or {}).get("services") or []), *books.services()]}
    living = [row for row in rows.values() if is_living(row)]
    number = as_number(wanted)
    matches = [
        row
        for row in living
        if (
            int(row["id"]) == number
            if number is not None
            else folded(str(row["name"])) == folded(str(wanted))
        )
    ]
    by_name = {str(row["name"]): row for row in living}
    near = [_service_choice(by_name[text]) for text in nearest(str(wanted), by_name)]
    return only_one(matches, "service", _service_choice, near)


def _service_choice(row: Json) -> dict[str, Any]:
    return {"id": row["id"], "name": name_of(row["name"])}
