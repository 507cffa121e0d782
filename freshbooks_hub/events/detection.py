"""Detect events after a sync, by comparing contacts, invoices and syncs with what was known before.

Only what somebody subscribed to is looked at. The first look finds nothing: ten years of paid invoices are no news. The
same holds for a version of the marts with other columns, and for what comes in late and happened long ago.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb

from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.errors import QueryFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.events.changes import Recorded, Watched, key_of, record, version_of
from freshbooks_hub.events.event import (
    CONTACT_CHANGED,
    INVOICE_OVERDUE,
    INVOICE_PAID,
    SYNC_FAILED,
    SYNC_RECOVERED,
    Event,
)
from freshbooks_hub.events.layout import events_file
from freshbooks_hub.marts.open import open_marts
from freshbooks_hub.marts.rows import money_writer
from freshbooks_hub.sync.history import History

KEPT = timedelta(days=30)
CONTACT_KEY = ("account_id", "business_id", "contact_key")
# The columns that count as a change of a contact; the rest of crm_contacts follows from invoices.
CONTACT = (
    *("client_id", "is_primary", "full_name", "first_name", "last_name", "organization", "email"),
    *("business_phone", "mobile_phone", "home_phone", "street", "street2", "city", "province", "postal_code"),
    *("country", "language_code", "currency_code", "status"),
)
INVOICE_KEY = ("account_id", "business_id", "invoice_id")
INVOICE = (
    *("invoice_number", "client_id", "client_name", "invoice_status", "create_date", "due_date", "paid_date"),
    *("days_overdue", "currency_code", "total_amount", "outstanding_amount"),
)
# An invoice that was not known before is news where it came to this within so many days.
INVOICE_STATE = """
    CASE
        WHEN is_draft OR is_dated_later THEN 'other'
        WHEN invoice_status = 'paid'
        THEN if(coalesce(paid_date, create_date) >= as_of_date - 31, 'paid', 'paid long ago')
        WHEN is_overdue THEN if(days_overdue <= 31, 'overdue', 'overdue for long')
        ELSE 'other'
    END
"""
WATCHES = {
    "contacts": {CONTACT_CHANGED},
    "invoices due": {INVOICE_PAID, INVOICE_OVERDUE},
    "syncs": {SYNC_FAILED, SYNC_RECOVERED},
}


def detect(home: Home, now: datetime) -> int:
    """Record what happened, for its subscribers; returns the number of events. Raises HomeError, QueryFailed."""
    if not home.events.exists():
        return 0
    try:
        return _detect(home, now)
    except duckdb.Error as error:  # marts that another version made
        raise QueryFailed(
            "What changed could not be looked up in the marts. Rebuild them with `freshbooks build`."
        ) from error


def _detect(home: Home, now: datetime) -> int:
    with events_file(home) as db:  # its lock first: see `record`
        subscribed = {
            code for (codes,) in db.execute("SELECT codes FROM endpoints") for code in codes.split()
        }
        wanted = {name for name, codes in WATCHES.items() if codes & subscribed}
        for name in WATCHES.keys() - wanted:
            db.execute("DELETE FROM watched WHERE name = ?", [name])
        happened = [*_of_syncs(home, db, now)] if "syncs" in wanted else []
        if home.marts.exists() and wanted - {"syncs"}:
            version = version_of(home.marts)
            with open_marts(home.marts) as marts:
                if "contacts" in wanted:
                    happened += _of_contacts(db, marts, version, now)
                if "invoices due" in wanted:
                    happened += _of_invoices(db, marts, version, now)
        news = [event for event in happened if event.code in subscribed]
        for event in news:
            add(db, event)
        db.execute(
            "DELETE FROM events WHERE at < ? AND seq NOT IN (SELECT seq FROM deliveries WHERE state = 'pending')",
            [stamp(now - KEPT)],
        )
    return len(news)


def add(db: sqlite3.Connection, event: Event) -> None:
    """Store the event and queue it for each endpoint that subscribed to it."""
    (seq,) = db.execute(
        "INSERT INTO events (id, code, object, at, data) VALUES (?, ?, ?, ?, ?) RETURNING seq",
        [event.id, event.code, event.object, stamp(event.at), json.dumps(event.data)],
    ).fetchone()
    db.execute(
        "INSERT INTO deliveries (endpoint_id, seq) SELECT id, ? FROM endpoints "
        "WHERE ' ' || codes || ' ' LIKE '% ' || ? || ' %'",
        [seq, event.code],
    )


def _of_syncs(home: Home, db: sqlite3.Connection, now: datetime) -> Iterator[Event]:
    runs = History(home.history).runs(20) if home.history.exists() else []
    ended = next((run for run in runs if run["status"] in ("succeeded", "failed")), None)
    state, version = (ended["status"], str(ended["id"])) if ended else ("none", "0")
    for change in record(db, Watched("syncs", version, "", lambda: {'["sync"]': state}), now).changes:
        if ended and change.before and state == "failed":
            # Without the path of the log, which is of no use elsewhere.
            message = str(ended["error"]).partition(" Log: ")[0]
            data = {"started_at": ended["started_at"], "message": message}
            yield Event.new(SYNC_FAILED, "sync", now, data)
        elif ended and change.before == "failed":
            yield Event.new(SYNC_RECOVERED, "sync", now, {"started_at": ended["started_at"]})


def _of_contacts(
    db: sqlite3.Connection, marts: duckdb.DuckDBPyConnection, version: str, now: datetime
) -> Iterator[Event]:
    fields = ", ".join(CONTACT)
    found = _recorded(
        db, marts, version, "contacts", "crm_contacts", CONTACT_KEY, f"md5(row({fields})::VARCHAR)", now
    )
    if found.columns_changed:
        return
    rows = _rows(marts, "crm_contacts", CONTACT_KEY, CONTACT, [c.key for c in found.changes if c.after])
    for change in found.changes:
        word = "removed" if change.after is None else "added" if change.before is None else "changed"
        contact = rows.get(change.key) or dict(zip(CONTACT_KEY, json.loads(change.key), strict=True))
        yield Event.new(
            CONTACT_CHANGED, _about("contact", change.key), now, {"change": word, "contact": contact}
        )


def _of_invoices(
    db: sqlite3.Connection, marts: duckdb.DuckDBPyConnection, version: str, now: datetime
) -> Iterator[Event]:
    found = _recorded(db, marts, version, "invoices due", "invoices", INVOICE_KEY, INVOICE_STATE, now)
    codes = {"paid": INVOICE_PAID, "overdue": INVOICE_OVERDUE}
    news = [
        (change, code)
        for change in found.changes
        for state, code in codes.items()
        if _is(change.after, state) and not _is(change.before, state)
        # Of objects not known before, only those with a recent change.
        if change.before or change.after == state
    ]
    rows = _rows(marts, "invoices", INVOICE_KEY, INVOICE, [change.key for change, _ in news])
    for change, code in news:
        yield Event.new(code, _about("invoice", change.key), now, {"invoice": rows[change.key]})


def _is(known: str | None, state: str) -> bool:
    return known is not None and known.split()[0] == state


def _recorded(
    db: sqlite3.Connection,
    marts: duckdb.DuckDBPyConnection,
    version: str,
    name: str,
    mart: str,
    key: tuple[str, ...],
    state: str,
    now: datetime,
) -> Recorded:
    """Compare a state that follows from each row of a mart; without the mart, or at the first look, nothing changed."""
    if not marts.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [mart]).fetchone():
        return Recorded(False, False, [])
    query = f"SELECT {key_of(key)}, {state} FROM {mart}"  # noqa: S608 - our own words
    watched = Watched(name, version, state, lambda: dict(marts.execute(query).fetchall()))
    found = record(db, watched, now)
    return Recorded(True, False, []) if found.first else found


def _rows(
    marts: duckdb.DuckDBPyConnection,
    mart: str,
    key: tuple[str, ...],
    columns: tuple[str, ...],
    keys: list[str],
) -> dict[str, dict[str, Any]]:
    """By key the rows, with their business, as JSON has them."""
    if not keys:
        return {}
    cursor = marts.execute(
        f"SELECT {key_of(key)} AS k, {', '.join((*key, 'business_name', *columns))} FROM {mart} "  # noqa: S608
        "WHERE k IN (SELECT unnest(?::VARCHAR[]))",
        [keys],
    )
    described = cursor.description or []
    written = money_writer(described)
    names = [column[0] for column in described][1:]
    return {row[0]: dict(zip(names, map(_plain, written(row)[1:]), strict=True)) for row in cursor.fetchall()}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def _about(noun: str, key: str) -> str:
    return ":".join([noun, *map(str, json.loads(key))])
