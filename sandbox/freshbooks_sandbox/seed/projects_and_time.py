"""Projects of every kind and the hours of four people on them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import projects_and_time
from freshbooks_sandbox.resources import PROJECTS, TIME_ENTRIES
from freshbooks_sandbox.seed.businesses import OWNER
from freshbooks_sandbox.seed.rng import END, Rng
from freshbooks_sandbox.values import Row, parse_instant, utc_naive_iso, utc_z, words

_TITLES = words("Website|Rebrand|App|Catalogue|Campaign|Packaging|Shop|Signage", "|")
_CUTOFF = "2026-08"


def projects(books: Books, size: int) -> None:
    """Eight a size step: hourly by project, service or team rate, fixed price, internal, no rate at all."""
    rng = Rng(books, "projects")
    clients = list(books["clients"].values())
    services = [s for s in books["services"].values() if s["vis_state"] == 0]
    people = [m["identity_id"] for m in books["team_members"].values()]
    for number in range(8 * size):
        client = clients[number % len(clients)]
        kind = (
            "project_rate",
            "service_rate",
            "team_member_rate",
            "fixed",
            "internal",
            "project_rate",
            "none",
        )
        fields = _project(rng, kind[number % 7], client, number)
        fields["services"] = [s["id"] for s in services[: 1 + number % 3]]
        born = rng.at(rng.day(max(date(2024, 11, 10), _signed_up(client)), date(2026, 6, 1)))
        row = projects_and_time.create_project(books, fields, born)
        row["_members"] = people[: 1 + number % len(people)] if number % 4 else people
        if number % 3 == 1:
            crud.edit(
                PROJECTS, books, row, {"complete": True}, rng.later(datetime(2026, 9, 5, 15, tzinfo=UTC), 20)
            )
        if number % 8 == 6:
            at = datetime(2026, 9, 28, 17, 30, number, tzinfo=UTC)
            crud.set_visibility(PROJECTS, books, row, crud.DELETED, at)


def _signed_up(client: Row) -> date:
    return date.fromisoformat(client["signup_date"][:10]) + timedelta(days=1)


def _project(rng: Rng, kind: str, client: Row, number: int) -> Row:
    title = f"{_TITLES[number % 8]} {client['organization'] or client['fname']}"
    fields: Row = {"title": title, "client_id": client["id"], "budget": rng.choice((None, 72_000, 360_000))}
    fields["due_date"] = rng.choice((None, "2026-12-15", "2026-09-30"))
    if kind == "fixed":
        return {**fields, "project_type": "fixed_price", "billing_method": None, "fixed_price": "4800.00"}
    if kind == "internal":
        return {**fields, "title": f"Internal: {title}", "client_id": None, "internal": True}
    if kind == "none":  # as made with only a title and a client: no rate to bill with
        return fields
    fields["billing_method"] = kind
    if kind == "project_rate":
        fields["rate"] = str(rng.choice(("85.00", "112.50", "140.00")))
    return fields


def entries(books: Books, size: int) -> None:
    """About 200 a size step, some of them deleted, running, or around a change of the clock."""
    rng = Rng(books, "time")
    active = [p for p in books["projects"].values() if p["active"]]
    people = [m["identity_id"] for m in books["team_members"].values()]
    plan = sorted(_start(rng) for _ in range(200 * size - 10))
    plan += [datetime(2025, 11, 2, 5, 30, tzinfo=UTC), datetime(2025, 11, 2, 6, 30, tzinfo=UTC)]
    plan += [datetime(2026, 3, 8, 6, 45, tzinfo=UTC), datetime(2026, 3, 8, 7, 15, tzinfo=UTC)]
    for started in sorted(plan):
        begun = [p for p in active if p["created_at"] < utc_naive_iso(started)]
        project = rng.choice(begun) if begun and rng.chance(0.92) else None
        _entry(books, rng, started, rng.choice(people), project)
    running = datetime(2026, 10, 29, 14, 2, 11, tzinfo=UTC)
    for person, duration in zip(people, (None, 1860, None, 300), strict=False):
        timer = {"id": 152_300 + person % 100, "is_running": duration is None}
        fields = {"is_logged": False, "started_at": utc_z(running), "duration": duration, "timer": timer}
        projects_and_time.create_entry(books, {**fields, "identity_id": person}, running)
    rows = [r for r in books["time_entries"].values() if r["is_logged"]]
    for row in rows[15::40]:
        at = rng.later(parse_instant(row["_updated_at"]), 9)
        crud.set_visibility(TIME_ENTRIES, books, row, crud.DELETED, at)
    _project_figures(books)


def _start(rng: Rng) -> datetime:
    at = rng.at(rng.day(date(2025, 1, 6), date(2026, 10, 27)))
    late = timedelta(hours=9) if rng.chance(0.05) else timedelta()  # late at night: the next day in UTC
    return at.replace(second=0) + late


def _entry(books: Books, rng: Rng, started: datetime, person: int, project: Row | None) -> None:
    duration = rng.choice((900, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400, 4_321))
    client = project["client_id"] if project else None
    service = rng.choice(project["services"])["id"] if project and rng.chance(0.7) else None
    fields = {
        "identity_id": person,
        "is_logged": True,
        "started_at": utc_z(started),
        "duration": duration,
        "client_id": client,
        "project_id": project["id"] if project else None,
        "service_id": service,
        "billable": client is not None and rng.chance(0.9),
        "note": rng.choice(("", "", "Review", "Réunion", "bug fixes; see ticket #12")),
    }
    created = rng.later(started + timedelta(seconds=duration), 1)
    row = projects_and_time.create_entry(books, fields, min(created, END))
    if row["billable"] and row["started_at"] < _CUTOFF and rng.chance(0.85):
        row["billed"] = True
        row["_updated_at"] = utc_z(rng.later(created, 30))


def _project_figures(books: Books) -> None:
    """`billed_status` follows the entries. Logging time moves no project stamp (freshbooks-api.md 3.8, D)."""
    for row in books["projects"].values():
        mine = [
            e["billed"] for e in books.where("time_entries", project_id=row["id"], billable=True, active=True)
        ]
        row["billed_status"] = (
            "billed" if mine and all(mine) else "partially_billed" if any(mine) else "unbilled"
        )
        row["updated_at"] = max(row["updated_at"], utc_naive_iso(datetime(2024, 11, 1, tzinfo=UTC)))


def small(books: Books) -> None:
    """The business without accounting: projects and time only."""
    rng = Rng(books, "small")
    for number in range(4):
        at = rng.at(rng.day(date(2026, 1, 5), date(2026, 6, 1)))
        service = min(books["services"])
        fields = {"title": f"Weekend class {number + 1}", "internal": True, "services": [service]}
        row = projects_and_time.create_project(books, fields, at)
        row["_members"] = [OWNER]
    for _ in range(50):
        started = rng.at(rng.day(date(2026, 6, 2), date(2026, 10, 20)))
        _entry(books, rng, started, OWNER, rng.choice(list(books["projects"].values())))
