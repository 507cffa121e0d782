"""Runs the source's `verify`: by hand (`freshbooks doctor --verify`), after the first sync, after an upgrade."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import request_window_setting, valid_access_token
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, SourceFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.extract import RunLog, Source, SourceRun
from freshbooks_hub.sync.messages import Answer, Failure, NewConfig

TOKEN_MARGIN = timedelta(hours=1)
AGAIN = timedelta(days=1)  # after a failure


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
