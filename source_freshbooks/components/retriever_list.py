"""Reads one list resource of a business: every pass, every page, every row not older than the cursor."""

import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import requests
from airbyte_cdk.models import AirbyteMessage

from source_freshbooks.components.availability import Status
from source_freshbooks.components.deletions import VISIBILITY, Params, is_gone, one_list, single_record
from source_freshbooks.components.endpoints import FAMILIES, Page, fetch_page
from source_freshbooks.components.errors import FreshbooksError, unknown_shape
from source_freshbooks.components.normalization import RecordShaper
from source_freshbooks.components.paging import PER_PAGE, Drift, cut_off, read_on, read_pages
from source_freshbooks.components.retriever_base import Pages, PerBusinessRetriever
from source_freshbooks.components.rows import RowReader, Shaped
from source_freshbooks.components.timestamps import BEGINNING, eastern_day, format_utc, parse_utc
from source_freshbooks.components.window import Window

logger = logging.getLogger("airbyte.freshbooks")


@dataclass
class ListRetriever(PerBusinessRetriever):
    """Parameters of a stream, as the manifest gives them.

    family: key of FAMILIES; route: path after the family's root; rows: result key of the list, or several.
    include: values of `include[]`. switches: further parameters, sent as `true`. visibility: key of VISIBILITY.
    cursor_field: `updated_at_utc`, or `observed_at` for a resource without any stamp of its own.
    updated, zone: the field and the zone of the update stamp (freshbooks-api.md 3.4).
    since: the server's filter on that stamp, if it is documented; day: it knows days in US/Eastern only.
    every_row: emit every row at each sync, for resources whose stamp may stand still while they change.
    single: path of one record after the family's root, with its `{id}`; "" where none is documented.
    window, dated: the server's filter on the first day of the field `dated`; the open months are read at each sync
    and all rows weekly (window.py).
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
    window: str | None = None
    dated: str = ""

    @property
    def key(self) -> str:
        """The field that tells rows of a business apart."""
        return self.primary_key[-1] if self.primary_key else "id"

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        return ListRead(self, ids, since, shaper).pages()

    def unlisted(self, ids: Mapping[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - for others to give
        """Rows that other answers show; those that the list shows too are dropped."""
        return iter(())


class ListRead:
    """One read of one business: every list that shows its rows, then what became of rows that no list shows."""

    def __init__(
        self, stream: ListRetriever, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper
    ) -> None:
        self._stream = stream
        self._ids = ids
        self._since = since
        self._family = FAMILIES[stream.family]
        self._path = self._family.path(ids, stream.route)
        self._adapt = stream.connection.assumptions.of(ids["business_id"])
        if stream.name in self._adapt.whole:
            self._since = since = stream.start
        self._names = [stream.rows] if isinstance(stream.rows, str) else stream.rows
        self._visibility = VISIBILITY[stream.visibility]
        if stream.name in self._adapt.single_pass:
            self._visibility = one_list(self._visibility)
        self._known = stream.connection.known_ids.of(stream.name, ids["business_id"])
        remembers = self._visibility.overlapping or bool(self._known)
        self._reader = RowReader(
            stream,
            ids,
            since,
            shaper,
            self._visibility,
            remembers,
            self._adapt.zone(stream.name, stream.zone),
        )
        self._proven = True  # every list held as many rows as were counted
        self._rows = self._counted = 0
        self._short: list[Drift] = []
        self._last_page = 0
        self._window = Window()
        if stream.window and stream.name not in self._adapt.unfiltered:
            cursor = stream.cursor_of(ids["business_id"])
            self._window = Window.at(stream.window, stream.dated, cursor, stream.connection.observed_at)

    def pages(self) -> Pages:
        yield from self._lists()
        if self._window.start:
            yield from self._beyond_the_window()
        if self._counted and not self._rows:
            self._fail_if_all_hidden()
        unlisted = (row for row in self._stream.unlisted(self._ids) if not self._is_listed(row))
        yield self._reader.serialize_page(unlisted, {})
        if self._known and self._proven and not self._window.start:
            yield self._reader.serialize(list(self._vanished(self._known - self._reader.seen.keys())))
        self._reader.odd.report(self._label({}), self._rows)
        self._note_outcome()

    def _beyond_the_window(self) -> Pages:
        """Read the whole list after all, where the rows of the open months do not tell enough.

        A known row that left the window is gone or has an earlier date now, which only the whole list tells. If older
        rows came, the filter does nothing, so that all are here, or something else than it is documented for.
        """
        known = self._stream.connection.known_ids
        gone = (
            known.of(self._stream.name, self._ids["business_id"], self._window.start)
            - self._reader.seen.keys()
        )
        if not gone and not self._window.older:
            self._stream.hold_cursor(self._ids["business_id"])  # it is the time of the last full read
            return
        ignored, self._window = self._window.older, Window()
        if ignored:
            logger.info("%s: the filter on dates was not honoured", self._label({}))
            if self._proven and self._fetch({"page": 1, "per_page": 1})[0].total == self._counted:
                return
        self._proven = True
        self._rows = self._counted = 0
        self._short.clear()
        yield from self._lists()

    def _lists(self) -> Pages:
        for asked in self._visibility.passes:
            size = self._adapt.page_size(self._stream.name)
            drift = yield from self._list(asked, size)
            if drift.suspected:
                # Rows moved while they were read, or the list serves smaller pages than it counts by, or some rows
                # are unreadable: a second look tells which.
                logger.info("%s: %s; reading the list again", self._label(asked), drift)
                if self._visibility.overlapping:
                    self._reader.seen.clear()
                drift = yield from self._list(asked, drift.smaller or size)
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
                self._stream.hold_cursor(self._ids["business_id"])
            self._proven &= not drift.suspected
            self._rows += drift.rows
            self._counted += drift.total

    def _is_listed(self, row: Any) -> bool:
        return type(row) is dict and type(row.get("id")) is int and row["id"] in self._reader.seen

    def _note_outcome(self) -> None:
        """The outcome of a read to the end."""
        stream = self._stream
        gave_rows = (stream.name, self._ids["business_id"]) in stream.connection.previously_read
        if self._counted and not self._rows and not gave_rows:
            status = Status.refused  # a role that shows no row answers so (freshbooks-api.md 1.6)
        else:
            status = Status.short if self._short else Status.read
        counts = sum(drift.rows for drift in self._short), sum(drift.total for drift in self._short)
        from_beginning = not self._since or self._since <= BEGINNING
        is_whole = stream.window and not self._window.start and status is Status.read
        stream.set_outcome(
            self._ids["business_id"],
            status=status,
            counts=counts if status is Status.short else None,
            rejected_rows=self._reader.odd.rejected,
            all_rows=not self._window.start and (from_beginning or (stream.every_row and not stream.since)),
            whole_read_at=stream.connection.observed_at if is_whole else None,
        )

    def _fail_if_all_hidden(self) -> None:
        """Rows are counted and none is sent: an error where there were some before, since a role was lost meanwhile.

        A filter may have left only rows that the user never could read, so the first pages are asked for without it.
        """
        stream, business_id = self._stream, self._ids["business_id"]
        if (stream.name, business_id) not in stream.connection.previously_read:
            return
        if self._window.start or self._filters(self._since) != self._filters(None):
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
                shaped = self._fetch_single(id_, single)
            elif self._stream.visibility == "none" and self._rows:
                # Nothing else could tell: these rows have no deletion flag, and the whole list was read.
                shaped = self._reader.tombstone(id_), []
            else:
                continue
            if shaped is not None:
                yield shaped

    def _fetch_single(self, id_: Any, route: str | None) -> Shaped | None:
        """The record by itself, or its tombstone."""
        path = f"{self._path}/{id_}" if route is None else self._family.path({**self._ids, "id": id_}, route)
        try:
            body, _ = self._stream.client.get(path, {})
        except FreshbooksError as error:
            if not is_gone(error):
                raise
            return self._reader.tombstone(id_), []
        try:
            return self._reader.record(single_record(body, self._stream.key, id_), {})
        except LookupError as error:
            raise unknown_shape(path, error) from None

    def _list(
        self, asked: Params, per_page: int
    ) -> Generator[list[dict[str, Any]] | AirbyteMessage, None, Drift]:
        stream = self._stream
        params = {**self._filters(self._since), **self._window.params, **asked, "per_page": per_page}

        def finish(page: Page) -> tuple[int, int, list[dict[str, Any]]]:
            self._window.look_at(page.rows)
            return len(page.rows), page.total, self._reader.serialize_page(page.rows, asked, page.damaged)

        def fetch(number: int) -> tuple[int, int, list[dict[str, Any]]]:
            return finish(self._fetch({**params, "page": number})[0])

        first, response = self._fetch({**params, "page": 1})
        if not self._reader.observed:
            self._reader.begin(response)
        if first.total and (not self._visibility.overlapping or asked is self._visibility.passes[0]):
            yield stream.expect(first.total)
        self._reader.odd.begin()
        drift = Drift(first.total, first.pages, per_page, first.per_page)
        self._last_page = drift.pages
        workers, ahead = stream.connection.page_workers, stream.connection.pages_in_flight
        announced = read_pages(fetch, finish(first), first.pages, workers, ahead)
        for rows, total, records in chain(announced, read_on(fetch, drift, workers, ahead)):
            drift.see(rows, total)
            yield records
        logger.info("%s: %s", self._label(asked), drift)
        return drift

    def _fetch(self, params: Params) -> tuple[Page, requests.Response]:
        return fetch_page(self._stream.client, self._family, self._path, self._names, params, self._last_page)

    def _filters(self, since: str | None) -> Params:
        stream = self._stream
        filters: Params = dict.fromkeys(stream.switches, "true")
        if stream.include:
            filters["include[]"] = stream.include
        trusted = stream.name not in self._adapt.unfiltered
        if stream.since and trusted and since and since > BEGINNING:
            start = parse_utc(since)
            filters[stream.since] = (
                self._adapt.first_day(stream.name, eastern_day(start)).isoformat()
                if stream.day
                else format_utc(start)
            )
        return filters

    def _label(self, asked: Params) -> str:
        which = " ".join(f"{key}={value}" for key, value in asked.items())
        return f"{self._stream.name} of business {self._ids['business_id']}{' ' + which if which else ''}"
