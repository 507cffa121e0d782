"""Connecting with a config that already holds tokens: store it, then prove that it works."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from freshbooks_hub.connection import login, permissions
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import examine, valid_access_token
from freshbooks_hub.core.errors import HubError, SourceFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync.extract import RunLog, Source, SourceRun
from freshbooks_hub.sync.messages import Answer, Failure, NewConfig


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
        permissions.told(scope)
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
