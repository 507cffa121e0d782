"""A connection made by another program, handed over as JSON: with tokens, or with a code to exchange for them.

For platforms whose users log in there. Nothing is asked, and no secret is in an argument or a variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from freshbooks_hub.connection import login, oauth
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.connection.store import Connection, ConnectionStore, validate
from freshbooks_hub.core.errors import HubError, InvalidConfig
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock

CODE, VERIFIER = "code", "code_verifier"


class AlreadyConnected(HubError):
    """A connection of this name exists; tokens handed over earlier may have been used up since."""


@dataclass(frozen=True)
class Handover:
    """A connector config; with a `code`, its tokens are still to be asked for."""

    config: dict[str, Any] = field(repr=False)
    code: str | None = field(default=None, repr=False)
    verifier: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, text: str) -> Handover:
        """Read `text`: a connector config, whose `credentials` may hold `code` (and `code_verifier`, if the log-in had
        a challenge) in place of `refresh_token`. Raises InvalidConfig, which quotes nothing of it.
        """
        try:
            config = json.loads(text)
        except ValueError:
            raise InvalidConfig("Standard input is not valid JSON. It holds a connector config.") from None
        credentials = config.get("credentials") if isinstance(config, dict) else None
        if not isinstance(credentials, dict) or CODE not in credentials:
            return cls(validate(config))
        given = {name: credentials.pop(name, None) for name in (CODE, VERIFIER)}
        if not isinstance(given[CODE], str) or not isinstance(given[VERIFIER], str | None):
            raise InvalidConfig("credentials.code and credentials.code_verifier must be text.")
        if credentials.get("refresh_token"):
            raise InvalidConfig("Give credentials.code or credentials.refresh_token, not both.")
        validate(config | {"credentials": credentials | {"refresh_token": "not yet"}})
        return cls(config, given[CODE], given[VERIFIER])


def take_over(
    home: Home, handed: Handover, *, asked: Iterable[str] | None = None, replace: bool = False
) -> list[Business]:
    """Store the connection, and ask FreshBooks whose it is; the businesses that are synced.

    Stored before it is tried: a token that is refreshed meanwhile needs a place, and FreshBooks may be down. With
    `replace` a living connection of `home` gives way. Raises AlreadyConnected, InvalidConfig, OAuthError, SyncBusy; and
    once it is stored NothingToSync, GrantRefused, ApiUnreachable.
    """
    home.ensure()
    store = ConnectionStore(home.connection)
    with sync_lock(home.root):
        current = store.find()
        if current and not current.dead_since and not replace:
            raise AlreadyConnected(
                f"The connection {home.name} exists already, and nothing was changed. Give it another name, disconnect "
                "it first, or add --replace."
            )
        store.connect(_with_tokens(store, handed), asked=asked)
    profile = login.profile(home)
    return profile.chosen(store.load().chosen)


def _with_tokens(store: ConnectionStore, handed: Handover) -> dict[str, Any]:
    if handed.code is None:
        return handed.config
    credentials = handed.config["credentials"]
    store.check_writable()
    tokens = oauth.exchange_code(credentials, handed.code, handed.verifier)
    return handed.config | {"credentials": credentials | tokens.as_credentials()}


def described(home: Home, businesses: Iterable[Business]) -> dict[str, Any]:
    """What was connected, JSON-ready. `shared_with`: connections that the same log-in has cut off."""
    connection: Connection = ConnectionStore(home.connection).load()
    assert connection.profile is not None
    return {
        "name": home.name,
        "home": str(home.root),
        "user": {"name": connection.profile.name, "email": connection.profile.email},
        "businesses": [{"id": one.id, "name": one.name} for one in businesses],
        "shared_with": login.same_grant(home, connection),
    }
