"""Reads one list resource of a business: every pass, every page, every row not older than the cursor."""

import logging
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Any

import requests
from airbyte_cdk.models import AirbyteMessage

from source_freshbooks.components.availability import Status
from source_freshbooks.components.business_retriever import BusinessRetriever, Pages
from source_freshbooks.components.decoding import holds_replacement
from source_freshbooks.components.deletions import VISIBILITY, Flags, Params
from source_freshbooks.components.errors import (
    ODD_ANSWER,
    FreshbooksError,
    TransientError,
    is_damaged,
    unknown_shape,
)
from source_freshbooks.components.families import FAMILIES, Family, Page
from source_freshbooks.components.odd_rows import OddRows
from source_freshbooks.components.paging import PER_PAGE, Drift, cut_off, read_on, read_pages
from source_freshbooks.components.reconcile import is_gone, single_record
from source_freshbooks.components.records import Change, RecordShaper, null_unwritable
from source_freshbooks.components.timestamps import (
    BEGINNING,
    eastern_day,
    format_utc,
    parse_utc,
    server_time,
    to_utc,
)

logger = logging.getLogger("airbyte.freshbooks")

# A stamp later than the server's clock would hide every later change behind it.
CLOCK_TOLERANCE = timedelta(hours=1)

PAGE_ATTEMPTS = 3  # until a page that is not the one asked for is an error

# A record, and its `meta.changes`.
Shaped = tuple[dict[str, Any], list[Change]]


@dataclass
class ListRetriever(BusinessRetriever):
    """Parameters of a stream, as the manifest gives them.

    family: key of FAMILIES; route: path after the family's root; rows: result key of the list, or several.
    include: values of `include[]`. switches: further parameters, sent as `true`. visibility: key of VISIBILITY.
    cursor_field: `updated_at_utc`, or `observed_at` for a resource without any stamp of its own.
    updated, zone: the field and the zone of the update stamp (freshbooks-api.md 3.4).
    since: the server's filter on that stamp, if it is documented; day: it knows days in US/Eastern only.
    every_row: emit every row at each sync, for resources whose stamp may stand still while they change.
    single: path of one record after the family's root, with its `{id}`; "" where none is documented.
    """

    route: str = ""
    rows: list[str] | str = ""
    visibility: str = "none"
    include: list[str] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)
    updated: str | None = None
    zone: str = "eastern"
    since: str | None = None
    day: bool = False
    every_row: bool = False
    single: str | None = None

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        return _Reading(self, ids, since, shaper).pages()

    def page(
        self, family: Family, path: str, rows: list[str], params: Params, last: int = 0
    ) -> tuple[Page, requests.Response]:
        """The page `params["page"]` of a list. One that says it is another is asked for again.

        Past the `last` page that the list told, there is none instead.
        """
        asked = params["page"]
        for _ in range(PAGE_ATTEMPTS):
            body, response = self.client.get(path, params)
            try:
                page = family.page(body, rows)
            except ODD_ANSWER as error:
                raise unknown_shape(path, error) from None
            if page.number == asked or not page.rows:  # the page number of an empty page does not matter
                return replace(page, damaged=is_damaged(response)), response
            if last and asked > last:
                return replace(page, rows=[]), response
            logger.info("%s: page %s was asked for, page %s came", path, asked, page.number)
        raise TransientError(
            f"FreshBooks answered page {asked} of {path} with page {page.number}, {PAGE_ATTEMPTS} times "
            "in a row. Run again; if it stays so, report it with this text."
        )

    def unlisted(self, ids: Mapping[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - for others to give
        """Rows that other answers show; those that the list shows too are dropped."""
        return iter(())


class _Reading:
    """One read of one business."""

    def __init__(
        self, stream: ListRetriever, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper
    ) -> None:
        self._stream = stream
        self._ids = ids
        self._since = since
        self._shaper = shaper
        self._family = FAMILIES[stream.family]
        self._path = self._family.path(ids, stream.route)
        self._names = [stream.rows] if isinstance(stream.rows, str) else stream.rows
        self._observed = ""
        self._latest = ""
        self._visibility = VISIBILITY[stream.visibility]
        self._key = stream.primary_key[-1] if stream.primary_key else "id"
        self._known = stream.connection.known_ids.of(stream.name, ids["business_id"])
        self._seen: dict[Any, Flags] = {}
        self._remembers = self._visibility.overlapping or bool(self._known)
        self._proven = True  # every list held as many rows as were counted
        self._rows = self._counted = 0
        self._short: list[Drift] = []
        self._odd = OddRows()
        self._last_page = 0
        self._finishing = threading.Lock()

    def pages(self) -> Pages:
        for asked in self._visibility.passes:
            drift = yield from self._list(asked, PER_PAGE)
            if drift.suspected:
                # Rows moved while they were read, or the list serves smaller pages than it counts by, or some rows
                # are unreadable: a second look tells which.
                logger.info("%s: %s; reading the list again", self._label(asked), drift)
                if self._visibility.overlapping:
                    self._seen.clear()
                drift = yield from self._list(asked, drift.smaller or PER_PAGE)
            if drift.cut:
                raise cut_off(self._label(asked), drift)
            if drift.short:
                logger.warning(
                    "%s: %s. Rows that the authorizing user may not read are counted but never sent; "
                    "the next sync reads from the same place again and catches rows that moved.",
                    self._label(asked),
                    drift,
                )
                self._short.append(drift)
                self._stream.came_short(self._ids["business_id"])
            self._proven &= not drift.suspected
            self._rows += drift.rows
            self._counted += drift.total
        if self._counted and not self._rows:
            self._refuse_nothing()
        unlisted = (row for row in self._stream.unlisted(self._ids) if not self._is_listed(row))
        yield self._finish(unlisted, {})
        if self._known and self._proven:
            yield self._leave(list(self._vanished(self._known - self._seen.keys())))
        self._odd.tell(self._label({}), self._rows)
        self._note()

    def _is_listed(self, row: Any) -> bool:
        return type(row) is dict and type(row.get("id")) is int and row["id"] in self._seen

    def _note(self) -> None:
        """The outcome of a read to the end."""
        stream = self._stream
        worked = (stream.name, self._ids["business_id"]) in stream.connection.worked
        if self._counted and not self._rows and not worked:
            status = Status.refused  # a role that shows no row answers so (freshbooks-api.md 1.6)
        else:
            status = Status.short if self._short else Status.read
        counts = sum(drift.rows for drift in self._short), sum(drift.total for drift in self._short)
        from_beginning = not self._since or self._since <= BEGINNING
        stream.ended(
            self._ids["business_id"],
            status=status,
            counts=counts if status is Status.short else None,
            rejected_rows=self._odd.rejected,
            whole=from_beginning or (stream.every_row and not stream.since),
        )

    def _refuse_nothing(self) -> None:
        """Rows are counted and none is sent: fails where there were some before, as a role was lost since then.

        A filter may have left only rows that the user never could read, so the first pages are asked for without it.
        """
        stream, business_id = self._stream, self._ids["business_id"]
        if (stream.name, business_id) not in stream.connection.worked:
            return
        if self._filters(self._since) != self._filters(None):
            bare = {**self._filters(None), "page": 1, "per_page": PER_PAGE}
            if any(self._fetch({**bare, **asked})[0].rows for asked in self._visibility.passes):
                return
        raise FreshbooksError(
            f"FreshBooks counts rows of {stream.name} in business {business_id} and sends none of them, though it did "
            "before: the user who authorized this connection may no longer read them. "
            "Ask the owner of the business for an administrator's role, or authorize again as one who has it."
        )

    def _vanished(self, ids: set[Any]) -> Iterator[Shaped]:
        """What became of rows that were known and are in no list."""
        single = self._stream.single
        for id_ in sorted(ids, key=str):
            if single != "":
                shaped = self._alone(id_, single)
            elif self._stream.visibility == "none" and self._rows:
                # Nothing else could tell: these rows have no deletion flag, and the whole list was read.
                shaped = self._tombstone(id_), []
            else:
                continue
            if shaped is not None:
                yield shaped

    def _alone(self, id_: Any, route: str | None) -> Shaped | None:
        """The record by itself, or its tombstone."""
        path = f"{self._path}/{id_}" if route is None else self._family.path({**self._ids, "id": id_}, route)
        try:
            body, _ = self._stream.client.get(path, {})
        except FreshbooksError as error:
            if not is_gone(error):
                raise
            return self._tombstone(id_), []
        try:
            return self._record(single_record(body, self._key, id_), {})
        except LookupError as error:
            raise unknown_shape(path, error) from None

    def _tombstone(self, id_: Any) -> dict[str, Any]:
        return {**self._stamp({self._key: id_}, self._observed), "is_deleted": True, "is_archived": False}

    def _list(
        self, asked: Params, per_page: int
    ) -> Generator[list[dict[str, Any]] | AirbyteMessage, None, Drift]:
        stream = self._stream
        params = {**self._filters(self._since), **asked, "per_page": per_page}

        def finish(page: Page) -> tuple[int, int, list[dict[str, Any]]]:
            return len(page.rows), page.total, self._finish(page.rows, asked, page.damaged)

        def fetch(number: int) -> tuple[int, int, list[dict[str, Any]]]:
            return finish(self._fetch({**params, "page": number})[0])

        first, response = self._fetch({**params, "page": 1})
        if not self._observed:
            self._observe(response)
        if first.total and (not self._visibility.overlapping or asked is self._visibility.passes[0]):
            yield stream.expect(first.total)
        self._odd.begin()
        drift = Drift(first.total, first.pages, per_page, first.per_page)
        self._last_page = drift.pages
        workers, ahead = stream.connection.page_workers, stream.connection.pages_in_flight
        told = read_pages(fetch, finish(first), first.pages, workers, ahead)
        for rows, total, leaving in chain(told, read_on(fetch, drift, workers, ahead)):
            drift.see(rows, total)
            yield leaving
        logger.info("%s: %s", self._label(asked), drift)
        return drift

    def _finish(self, rows: Iterable[Any], asked: Params, damaged: bool = False) -> list[dict[str, Any]]:
        """What leaves for `rows`. It is done where a page was fetched: parsed rows that wait their turn are cold
        by then and fill memory, and threads that take turns within a page take longer."""
        with self._finishing:
            shaped = [found for row in rows if (found := self._record(row, asked)) is not None]
            if damaged:
                self._odd.damaged |= {r[self._key] for r, _ in shaped if holds_replacement(r)}
            return self._leave(shaped)

    def _leave(self, shaped: list[Shaped]) -> list[dict[str, Any]]:
        records = [record for record, _ in shaped]
        changes = {place: found for place, (_, found) in enumerate(shaped) if found}
        try:
            return self._stream.leaving(records, changes)
        except TypeError:  # JSON cannot hold one of the values
            changes |= {
                place: [*changes.get(place, []), *found]
                for place, record in enumerate(records)
                if (found := null_unwritable(record))
            }
            return self._stream.leaving(records, changes)

    def _fetch(self, params: Params) -> tuple[Page, requests.Response]:
        return self._stream.page(self._family, self._path, self._names, params, self._last_page)

    def _observe(self, response: requests.Response) -> None:
        """Note the server's clock when the read began."""
        self._observed = self._stream.observed(response)
        self._latest = format_utc(server_time(response) + CLOCK_TOLERANCE)

    def _filters(self, since: str | None) -> Params:
        stream = self._stream
        filters: Params = dict.fromkeys(stream.switches, "true")
        if stream.include:
            filters["include[]"] = stream.include
        if stream.since and since and since > BEGINNING:
            start = parse_utc(since)
            # A day early: which zone's midnight FreshBooks means is unproven (freshbooks-api.md 9).
            filters[stream.since] = (
                (eastern_day(start) - timedelta(days=1)).isoformat() if stream.day else format_utc(start)
            )
        return filters

    def _record(self, row: Any, asked: Params) -> Shaped | None:
        """The record and what became null in it.

        None if it is older than the cursor, was emitted by an earlier pass, or cannot be told from other rows.
        """
        stream = self._stream
        if type(row) is not dict:
            self._odd.reject(row, None, self._key, row, "not_an_object")
            return None
        cursor = self._observed
        if stream.updated:
            stamp = to_utc(row.get(stream.updated), stream.zone)
            if stamp is not None and stamp <= self._latest:
                cursor = stamp
                if self._since and stamp < self._since and not stream.every_row:
                    return None
        flags = self._visibility.flags(row, asked)
        given = row.get(self._key)
        record = self._stamp(self._shaper.shape(row), cursor)
        key = record.get(self._key)
        if key in (None, "") and stream.family == "accounting":
            key = record[self._key] = record.get("id")  # the key stands there too (freshbooks-api.md 3.6)
        if key in (None, ""):
            why = "key_missing" if given in (None, "") else "key_unreadable"
            self._odd.reject(row, given, self._key, given, why)
            return None
        if (self._remembers or not flags[2]) and not self._is_news(key, flags):
            return None
        record["is_deleted"], record["is_archived"], _ = flags
        return record, self._shaper.changes

    def _is_news(self, id_: Any, flags: Flags) -> bool:
        """Whether no earlier pass showed this row, or it was deleted or archived since then and itself says so.

        A row that does not say so, and comes in every pass, is one whose filter was ignored: it keeps its first flags.
        """
        before = self._seen.get(id_)
        if before is not None and (before == flags or not flags[2]):
            return False
        self._seen[id_] = flags
        return True

    def _stamp(self, record: dict[str, Any], cursor: str) -> dict[str, Any]:
        record["account_id"] = self._ids["account_id"]
        record["business_id"] = self._ids["business_id"]
        record[self._stream.cursor_field] = cursor
        return record

    def _label(self, asked: Params) -> str:
        which = " ".join(f"{key}={value}" for key, value in asked.items())
        return f"{self._stream.name} of business {self._ids['business_id']}{' ' + which if which else ''}"
