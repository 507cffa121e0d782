"""Questions to lists: what a page holds, which zone stamps are in, which filters are honoured (P1, P2, P3, P8)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from freshbooks_api.verified import Fact, Result
from source_freshbooks.components.assumptions import Changes
from source_freshbooks.components.paging import PER_PAGE
from source_freshbooks.components.timestamps import eastern_day
from source_freshbooks.verify.asking import Asker, ListStream, NotAnswered, Row, moment, rows_of

FUTURE = "2999-01-01"
NEAR = timedelta(seconds=2)
CLOCK_SLACK = timedelta(minutes=5)
# The lists whose deleted rows matter most; each costs a request.
STATES = ("clients", "invoices", "expenses")
EARLIER = (
    "created_at",
    "signup_date",
    "create_date",
    "date",
)  # stamps that an `updated_min` could look at instead

Streams = dict[str, ListStream]


def page_sizes(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P1: a page holds what it says, and `pages` counts pages of that size (freshbooks-api.md 3.2)."""
    text = "Pages hold as many rows as the list counts with"
    for stream in streams.values():
        try:
            page = ask.first(stream)
            rows, told = len(page.rows), page.per_page or PER_PAGE
            if rows >= page.total or not rows:
                yield Fact("P1", text, Result.no_data, stream.name, "one page holds the list")
            elif rows == told and page.pages == -(-page.total // rows):
                yield Fact("P1", text, Result.proved, stream.name, f"{rows} rows a page")
            elif _is_cap(len(ask.first(stream, page=2).rows), rows, page.total):
                changes.put("page_sizes", stream.name, rows)
                found = f"{rows} rows came on a page of {told}"
                yield Fact("P1", text, Result.refuted, stream.name, found, f"asked for by {rows}")
            else:
                yield Fact(
                    "P1", text, Result.no_data, stream.name, "rows are counted that your role cannot see"
                )
        except NotAnswered:
            yield Fact("P1", text, Result.no_data, stream.name, "not answered")


def _is_cap(second: int, first: int, total: int) -> bool:
    """Whether `first` is the size of every page: the next one is as full, holds the rest, or is not served at all."""
    return second in (first, 0, min(first, total - first))


def zones(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P2: which zone the update stamps are in (freshbooks-api.md 3.4).

    Clients have a UTC stamp beside theirs. Of the others only a stamp that would be in the future tells, or one of the
    last four hours.
    """
    text = "Update stamps are in the zone that is assumed"
    for stream in streams.values():
        if stream.updated is None or stream.family == "ledger":
            continue
        try:
            rows = rows_of(ask.first(stream))
        except NotAnswered:
            continue
        zone = _zone_of_clients(rows) if stream.name == "clients" else None
        zone = zone or _zone_of_newest(rows, stream, ask.now)
        if zone is None:
            yield Fact("P2", text, Result.no_data, stream.name, "no stamp tells")
        elif zone == stream.zone:
            yield Fact("P2", text, Result.proved, stream.name, zone)
        else:
            changes.put("zones", stream.name, zone)
            found = f"{zone} and not {stream.zone}"
            yield Fact("P2", text, Result.refuted, stream.name, found, f"read as {zone}")


def _zone_of_clients(rows: list[Row]) -> str | None:
    """By clients that never changed: their `updated` is the instant of `signup_date`, which is UTC."""
    votes = {"eastern": 0, "utc": 0}
    for row in rows:
        signed_up = moment(row.get("signup_date"), "utc")
        for zone in votes:
            updated = moment(row.get("updated"), zone)
            if signed_up and updated and abs(updated - signed_up) <= NEAR:
                votes[zone] += 1
    best = max(votes, key=lambda zone: votes[zone])
    return best if votes[best] and votes[best] > 2 * min(votes.values()) else None


def _zone_of_newest(rows: list[Row], stream: ListStream, now: datetime) -> str | None:
    stamps = [row.get(stream.updated or "") for row in rows]
    read = [at for text in stamps if (at := moment(text, stream.zone))]
    if not read:
        return None
    newest = max(read)
    if stream.zone == "eastern":  # a UTC stamp is at least four hours too late as an Eastern one
        in_utc = [at for text in stamps if (at := moment(text, "utc"))]
        return "utc" if newest > now + CLOCK_SLACK and max(in_utc) <= now + CLOCK_SLACK else None
    return "utc" if now - timedelta(hours=4) < newest <= now + CLOCK_SLACK else None


def filters(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P3: `updated_min` is honoured, looks at `updated`, and its day is Eastern (freshbooks-api.md 3.3)."""
    honoured = "The filter on the update stamp is honoured"
    for stream in streams.values():
        if not stream.since or not stream.day or stream.updated is None:
            continue
        try:
            first = ask.first(stream)
            if not first.total:
                yield Fact("P3", honoured, Result.no_data, stream.name, "no rows")
                continue
            if ask.page(stream, per_page=1, **{stream.since: FUTURE}).total:
                changes.add("unfiltered", stream.name)
                found = "rows came that changed before the day asked for"
                yield Fact("P3", honoured, Result.refuted, stream.name, found, "the whole list is read")
                continue
            yield from _filter_days(ask, stream, rows_of(first), changes)
        except NotAnswered:
            yield Fact("P3", honoured, Result.no_data, stream.name, "not answered")


def _filter_days(ask: Asker, stream: ListStream, rows: list[Row], changes: Changes) -> Iterator[Fact]:
    honoured, days = (
        "The filter on the update stamp is honoured",
        "The day of that filter starts at Eastern midnight",
    )
    zone = changes.zone(stream.name, stream.zone)
    stamped = [(row, at) for row in rows if (at := moment(row.get(stream.updated or ""), zone))]
    moved = _moved([(row, eastern_day(at)) for row, at in stamped])
    evening = [at for _, at in stamped if at.date() > eastern_day(at)]
    asked = set(moved.values())
    if evening and not any(at.date() in asked for at in evening):
        asked.add(max(evening).date())
    by_utc: bool | None = None
    for day in sorted(asked):
        came = {
            row.get(stream.key) for row in rows_of(ask.page(stream, **{str(stream.since): day.isoformat()}))
        }
        for row, at in stamped:
            is_in = row.get(stream.key) in came
            if eastern_day(at) >= day and not is_in:
                changes.add("unfiltered", stream.name)
                found = "it looks at another stamp: changed rows did not come"
                yield Fact("P3", honoured, Result.refuted, stream.name, found, "the whole list is read")
                return
            if eastern_day(at) < day <= at.date():
                by_utc = is_in
    yield Fact("P3", honoured, Result.proved if moved else Result.no_data, stream.name)
    if by_utc is None:
        yield Fact("P3", days, Result.no_data, stream.name, "no row changed late in the evening")
        return
    if moved:
        changes.put("margin_days", stream.name, 0)
    found = "UTC midnight" if by_utc else "Eastern midnight"
    result = Result.refuted if by_utc else Result.proved
    yield Fact(
        "P3", days, result, stream.name, found, "none needed: both days are asked for" if by_utc else ""
    )


def _moved(rows: list[tuple[Row, date]]) -> dict[str, date]:
    """By each other stamp, the newest day of a change of a row where that stamp is of an earlier day.

    One day for all of them does not do: a row made today with a date of yesterday tells one stamp apart and not
    the other.
    """
    found: dict[str, date] = {}
    for row, day in rows:
        for name in EARLIER:
            if str(row.get(name) or "9")[:10] < day.isoformat():
                found[name] = max(day, found.get(name, day))
    return found


def visibility(ask: Asker, streams: Streams, changes: Changes) -> Iterator[Fact]:
    """P8: lists of deleted rows hold deleted rows alone (freshbooks-api.md 3.5)."""
    text = "Deleted rows are listed when asked for"
    for name in (name for name in STATES if name in streams):
        try:
            if not ask.first(streams[name]).total:
                yield Fact("P8", text, Result.no_data, name, "no rows")
                continue
            deleted = rows_of(ask.page(streams[name], **{"search[vis_state]": 1}))
            archived = _archived(ask, streams[name])
        except NotAnswered:
            yield Fact("P8", text, Result.no_data, name, "not answered")
            continue
        yield archived
        if any(str(row.get("vis_state", 1)) != "1" for row in deleted):
            for kind in ("single_pass", "whole", "reconcile"):
                changes.add(kind, name)
            change = "one list is read, whole; rows that left it are asked for by themselves"
            yield Fact("P8", text, Result.refuted, name, "the filter does nothing", change)
        else:
            yield Fact("P8", text, Result.proved, name)
    if "projects" in streams:
        yield _projects(ask, streams, changes)
    if "time_entries" in streams:
        yield from _time_entries(ask, streams["time_entries"])


def _archived(ask: Asker, stream: ListStream) -> Fact:
    """Costs a request only where the plain list shows no archived row and ends on its first page."""
    text = "Archived rows are in the plain list too"
    plain = ask.first(stream)
    if _any_archived(rows_of(plain)):
        return Fact("P8", text, Result.proved, stream.name)
    if plain.total > len(plain.rows):
        return Fact("P8", text, Result.no_data, stream.name, "none on its first page")
    if not _any_archived(rows_of(ask.page(stream, per_page=1, **{"search[vis_state]": 2}))):
        return Fact("P8", text, Result.no_data, stream.name, "no archived row")
    found, change = "they are in the list of archived rows alone", "nothing, each list is read"
    return Fact("P8", text, Result.refuted, stream.name, found, change)


def _any_archived(rows: list[Row]) -> bool:
    return any(str(row.get("vis_state")) == "2" for row in rows)


def _projects(ask: Asker, streams: Streams, changes: Changes) -> Fact:
    text = "Deleted projects are listed by active=false"
    try:
        hidden = rows_of(ask.page(streams["projects"], active="false"))
        shown = {row.get("id") for row in (*hidden, *rows_of(ask.first(streams["projects"])))}
        named: set[object] = set()
        if "time_entries" in streams:
            named = {row.get("project_id") for row in rows_of(ask.first(streams["time_entries"]))} - {None}
    except NotAnswered:
        return Fact("P8", text, Result.no_data, "projects", "not answered")
    if any(row.get("active") is False for row in hidden):
        return Fact("P8", text, Result.proved, "projects")
    changes.add("reconcile", "projects")
    if named - shown and ask.first(streams["projects"]).total <= len(shown):
        found, change = "entries name projects that no list has", "projects that left the list are asked for"
        return Fact("P8", text, Result.refuted, "projects", found, change)
    return Fact("P8", text, Result.no_data, "projects", "no deleted project")


def _time_entries(ask: Asker, stream: ListStream) -> Iterator[Fact]:
    text = "Time entries are filtered by their last change"
    try:
        every = ask.first(stream).total
        later = ask.first(stream, **{str(stream.since): f"{FUTURE}T00:00:00Z"}).total
        own = ask.page(stream, per_page=1, include_deleted="true").total
        active = ask.page(stream, per_page=1, team="true").total
    except NotAnswered:
        yield Fact("P8", text, Result.no_data, stream.name, "not answered")
        return
    if not every:
        yield Fact("P8", text, Result.no_data, stream.name, "no rows")
        return
    change = "all of them come at each sync" if later else ""
    yield Fact("P8", text, Result.refuted if later else Result.proved, stream.name, "", change)
    for fact, fewer in (
        ("team=true shows other people's entries", own),
        ("Deleted entries are told", active),
    ):
        result = Result.proved if fewer < every else Result.no_data
        yield Fact("P8", fact, result, stream.name)
