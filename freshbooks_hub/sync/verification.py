"""What the source asks the connection besides reading: `check`, whether a config that was stored works, and `verify`.

`verify` finds out whether the account is as assumed: by hand (`freshbooks doctor --verify`), after the first sync and
after an upgrade.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any

from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import examine, request_window_setting, valid_access_token
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, SourceFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.extract import RunLog, Source, SourceRun
from freshbooks_hub.sync.messages import Answer, Failure, NewConfig

TOKEN_MARGIN = timedelta(hours=1)
AGAIN = timedelta(days=1)  # after a failure


def connect(
    home: Home,
    config: dict[str, Any],
    source: Source | None = None,
    asked: Iterable[str] | None = None,
) -> list[str]:
    """Store `config` and run the source's `check` with it; a sentence for each scope that it lacks.

    It is stored first: checking may rotate its single-use refresh token, and the new one must have a place.
    `asked`: the scopes that its log-in asked for, None where that is not known. Raises HubError; the connection stays
    stored then, so that `freshbooks sync` can be tried later.
    """
    from freshbooks_hub.connection import login  # what a sync, which also verifies, need not load

    home.ensure()
    store = ConnectionStore(home.connection)
    with sync_lock(home.root):
        store.connect(config, asked=asked)
        valid_access_token(store)
        check(home, store, source or Source.installed())
    with suppress(HubError):  # who it is, for the status; the connection works without
        login.profile(home)
    connection = store.load()
    return [
        permissions.not_approved_text(scope)
        for scope in permissions.not_approved(connection.access_token, connection.asked)
    ]


def check(home: Home, store: ConnectionStore, source: Source) -> None:
    """Run the source's `check` on the stored connection; raises SourceFailed with its reason."""
    log = RunLog(home.logs / "check.log")
    config = store.load().config
    answer: dict[str, Any] = {}
    failure: Failure | None = None
    try:
        for message in SourceRun(source, config, home.run, log).check():
            match message:
                case Answer(body):
                    answer = body
                case Failure():
                    failure = failure or message
                case NewConfig(new):
                    config = store.rotate(config["credentials"]["refresh_token"], new["credentials"]).config
    finally:
        log.close()
    if answer.get("status") != "SUCCEEDED":
        examine(home, store)
        reason = answer.get("message") or (failure.message if failure else "it gave no reason")
        raise SourceFailed(f"The connection is stored, but its check failed: {reason} Log: {log.path}")


def verify(home: Home, source: Source | None = None, clock: Clock = utc_now) -> dict[str, Any]:
    """Ask the account and keep what was found; the document. For a caller that holds the sync's lock.

    Raises HubError where the account cannot be asked at all; a single question that fails is "no data".
    """
    store = ConnectionStore(home.connection)
    valid_access_token(store, TOKEN_MARGIN, clock)
    config = store.load().config
    refresh_token = config["credentials"]["refresh_token"]
    settings = config | request_window_setting(home, config)
    log = RunLog(home.logs / "verify.log")
    document: dict[str, Any] | None = None
    try:
        for message in SourceRun(source or Source.installed(), settings, home.run, log).verify():
            match message:
                case Answer(body):
                    document = body
                case NewConfig(rotated):
                    store.rotate(refresh_token, rotated["credentials"])
                    refresh_token = rotated["credentials"]["refresh_token"]
                case Failure():
                    raise SourceFailed(message.message)
    finally:
        log.close()
    if document is None:
        raise SourceFailed(f"The source gave no answer to verify. Details: {log.path}")
    Assumptions(home).keep(document)
    return document


def verify_if_due(home: Home, source: Source | None, clock: Clock) -> None:
    """`verify`, once per version and choice of businesses. It never fails: a sync does not depend on it."""
    if os.environ.get("FRESHBOOKS_VERIFY") == "never":
        return
    with suppress(HubError, OSError):
        if not _is_due(home, clock()):
            return
        try:
            verify(home, source, clock)
        except Exception:
            Assumptions(home).failed(clock().isoformat(timespec="seconds"))


def _is_due(home: Home, now: datetime) -> bool:
    document = Assumptions(home).document()
    failed_at = document.get("failed_at")
    if failed_at and now - datetime.fromisoformat(failed_at) < AGAIN:
        return False
    chosen = {str(business) for business in ConnectionStore(home.connection).load().chosen}
    known = document.get("businesses", {}).keys()
    return document.get("version") != metadata.version("source-freshbooks") or not chosen <= known
