"""Registered clients and the grants that people gave them, in hub.sqlite: one grant for each consent.

A grant begins as a code, which is good for some minutes and once; then it has an access token for an hour and a refresh
token, which is exchanged for new ones of both. Whoever brings a code or a refresh token a second time has a copy of it,
and the grant ends. Only hashes of codes and tokens are kept.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from freshbooks_hub.core.clock import Clock, stamp, utc_now
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
# Anybody who reaches the server can register: clients without access are removed after a day, and limited in number.
UNUSED_LIFE = timedelta(days=1)
MOST_UNUSED = 200
ACCESS, REFRESH, CODE = "fba_", "fbr_", "fbc_"  # so that scanners for leaked secrets find them


class TooManyClients(HubError):
    """More clients registered than people gave access."""


@dataclass(frozen=True)
class Grant:
    """One consent. `scopes`: read, or read and act; `resource`: the address its tokens are good for.

    `granted_by`: the user who agreed; None: the owner.
    """

    id: str
    client_id: str
    connection: str
    scopes: tuple[str, ...]
    resource: str
    granted_at: datetime
    used_at: datetime | None
    code_challenge: str
    code_expires_at: datetime
    redirect_uri: str
    redirect_uri_given: bool
    access_expires_at: datetime | None
    refresh_expires_at: datetime | None
    granted_by: str | None


@dataclass(frozen=True)
class Consent:
    """What a person agreed to, and where its code goes."""

    client_id: str
    connection: str
    act: bool
    resource: str
    code_challenge: str
    redirect_uri: str
    redirect_uri_given: bool
    granted_by: str | None = None


@dataclass(frozen=True)
class Tokens:
    """New tokens in plain text; only their hashes are stored."""

    access: str
    refresh: str
    grant: Grant


class Grants:
    """The grants of one hub, kept in the home of its default connection. All calls raise HomeError."""

    def __init__(self, home: Home, clock: Clock = utc_now) -> None:
        self._path = home.base.ensure().history
        self._clock = clock

    # -- clients

    def register(self, client_id: str, metadata: str) -> None:
        """Store a client with its own metadata. Raises TooManyClients."""
        now = self._clock()
        with transaction(self._path) as db:
            unused = "client_id NOT IN (SELECT client_id FROM agent_grants)"
            db.execute(
                f"DELETE FROM agent_clients WHERE {unused} AND registered_at < ?",  # noqa: S608 - words of ours
                [stamp(now - UNUSED_LIFE)],
            )
            [number] = db.execute(f"SELECT count(*) FROM agent_clients WHERE {unused}").fetchone()  # noqa: S608
            if number >= MOST_UNUSED:
                raise TooManyClients("Too many clients have registered today. Try again tomorrow.")
            db.execute("INSERT INTO agent_clients VALUES (?, ?, ?)", [client_id, stamp(now), metadata])

    def client(self, client_id: str) -> str | None:
        """The metadata that a client registered with."""
        with transaction(self._path) as db:
            row = db.execute("SELECT metadata FROM agent_clients WHERE client_id = ?", [client_id]).fetchone()
        return str(row["metadata"]) if row else None

    # -- grants

    def give(self, consent: Consent) -> str:
        """A code for what a person agreed to."""
        now, code = self._clock(), CODE + secrets.token_urlsafe(32)
        values = {
            "id": secrets.token_hex(4),
            "client_id": consent.client_id,
            "connection": consent.connection,
            "scope": "read act" if consent.act else "read",
            "resource": consent.resource,
            "granted_at": stamp(now),
            "code_hash": _hash(code),
            "code_challenge": consent.code_challenge,
            "code_expires_at": stamp(now + CODE_LIFE),
            "redirect_uri": consent.redirect_uri,
            "redirect_uri_given": consent.redirect_uri_given,
            "granted_by": consent.granted_by,
        }
        with transaction(self._path) as db:
            db.execute(
                f"INSERT INTO agent_grants ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608
                list(values.values()),
            )
        return code

    def of_code(self, code: str) -> Grant | None:
        """The pending grant of a code. A code that was used before ends its grant."""
        with transaction(self._path) as db:
            row = _one(db, "code_hash", code)
            if row is not None and row["code_used_at"] is not None:
                self._end(db, row["id"])
                row = None
        return _grant(row)

    def redeem(self, code: str) -> Tokens | None:
        """The first tokens for a code, which is used up; None if the code is not valid."""
        now = self._clock()
        with transaction(self._path) as db:
            used = db.execute(
                "UPDATE agent_grants SET code_used_at = ? WHERE code_hash = ? AND code_used_at IS NULL "
                "AND revoked_at IS NULL AND code_expires_at > ?",
                [stamp(now), _hash(code), stamp(now)],
            )
            return self._tokens(db, _one(db, "code_hash", code)) if used.rowcount else None

    def of_refresh(self, token: str) -> Grant | None:
        """The grant of a refresh token. A token that was exchanged before ends its grant."""
        with transaction(self._path) as db:
            spent = _one(db, "spent_refresh_hash", token)
            if spent is not None:
                self._end(db, spent["id"])
            row = _one(db, "refresh_hash", token)
        return _alive(row, "refresh_expires_at", self._clock())

    def refresh(self, token: str) -> Tokens | None:
        """New tokens for a refresh token, which is used up; None if it is not valid."""
        now = self._clock()
        with transaction(self._path) as db:
            row = _one(db, "refresh_hash", token)
            return self._tokens(db, row) if _alive(row, "refresh_expires_at", now) else None

    def of_access(self, token: str) -> Grant | None:
        """The grant of a valid access token; its use is recorded, at most once an hour."""
        now = self._clock()
        with transaction(self._path) as db:
            row = _one(db, "access_hash", token)
            grant = _alive(row, "access_expires_at", now)
            if grant and (grant.used_at is None or grant.used_at < now - ACCESS_LIFE):
                db.execute("UPDATE agent_grants SET used_at = ? WHERE id = ?", [stamp(now), grant.id])
        return grant

    def active(self) -> list[tuple[Grant, str]]:
        """Grants that are still valid, with the metadata of their client, newest first."""
        with transaction(self._path) as db:
            rows = db.execute(
                "SELECT agent_grants.*, metadata FROM agent_grants JOIN agent_clients USING (client_id) "
                "WHERE revoked_at IS NULL AND refresh_expires_at > ? ORDER BY granted_at DESC, id",
                [stamp(self._clock())],
            ).fetchall()
        return [(grant, str(row["metadata"])) for row in rows if (grant := _grant(row))]

    def revoke(self, grant_id: str) -> bool:
        """End a grant with all its tokens; returns whether there was one."""
        with transaction(self._path) as db:
            return self._end(db, grant_id)

    def revoke_all_of(self, connection: str) -> None:
        """End the grants of a connection that is removed: a later one of its name has other owners."""
        with transaction(self._path) as db:
            db.execute(
                "UPDATE agent_grants SET revoked_at = ? WHERE connection = ? AND revoked_at IS NULL",
                [stamp(self._clock()), connection],
            )

    def revoke_given_by(self, user: str, is_lost: Callable[[Grant], bool]) -> None:
        """End those grants of a user that are `is_lost`, pending ones included."""
        with transaction(self._path) as db:
            given = db.execute(
                "SELECT * FROM agent_grants WHERE granted_by = ? AND revoked_at IS NULL", [user]
            ).fetchall()
            for row in given:
                grant = _grant(row)
                if grant is not None and is_lost(grant):
                    self._end(db, grant.id)

    def _end(self, db: sqlite3.Connection, grant_id: str) -> bool:
        ended = db.execute(
            "UPDATE agent_grants SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            [stamp(self._clock()), grant_id],
        )
        return bool(ended.rowcount)

    def _tokens(self, db: sqlite3.Connection, row: sqlite3.Row | None) -> Tokens | None:
        if row is None:
            return None
        now, access, refresh = (
            self._clock(),
            ACCESS + secrets.token_urlsafe(32),
            REFRESH + secrets.token_urlsafe(32),
        )
        db.execute(
            "UPDATE agent_grants SET access_hash = ?, access_expires_at = ?, spent_refresh_hash = refresh_hash, "
            "refresh_hash = ?, refresh_expires_at = ? WHERE id = ?",
            [
                _hash(access),
                stamp(now + ACCESS_LIFE),
                _hash(refresh),
                stamp(now + REFRESH_LIFE),
                row["id"],
            ],
        )
        grant = _grant(_one(db, "refresh_hash", refresh))
        return Tokens(access, refresh, grant) if grant else None


def _hash(secret: str) -> str:
    # Random secrets need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()


def _one(db: sqlite3.Connection, column: str, secret: str) -> sqlite3.Row | None:
    """The grant with the hash of this secret, unless it was revoked."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT * FROM agent_grants WHERE {column} = ? AND revoked_at IS NULL",  # noqa: S608 - names of ours
        [_hash(secret)],
    ).fetchone()
    return row


def _alive(row: sqlite3.Row | None, until: str, now: datetime) -> Grant | None:
    return _grant(row) if row is not None and row[until] > stamp(now) else None


def _grant(row: sqlite3.Row | None) -> Grant | None:
    if row is None:
        return None

    def instant(name: str) -> datetime | None:
        return datetime.fromisoformat(row[name]) if row[name] else None

    return Grant(
        id=row["id"],
        client_id=row["client_id"],
        connection=row["connection"],
        scopes=tuple(row["scope"].split()),
        resource=row["resource"],
        granted_at=datetime.fromisoformat(row["granted_at"]),
        used_at=instant("used_at"),
        code_challenge=row["code_challenge"],
        code_expires_at=datetime.fromisoformat(row["code_expires_at"]),
        redirect_uri=row["redirect_uri"],
        redirect_uri_given=bool(row["redirect_uri_given"]),
        access_expires_at=instant("access_expires_at"),
        refresh_expires_at=instant("refresh_expires_at"),
        granted_by=row["granted_by"],
    )
