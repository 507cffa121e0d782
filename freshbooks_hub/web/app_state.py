"""What the pages know of how they are served."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.routing import Router

from freshbooks_hub.core.home import Home
from freshbooks_hub.web.logins import Logins
from freshbooks_hub.web.security import Doorman
from freshbooks_hub.web.sessions import Sessions
from freshbooks_hub.web.sync_launcher import Starter
from freshbooks_hub.web.web_secrets import Keys


@dataclass(frozen=True)
class Site:
    """`hosts`: names that the Host header may carry. `public_url`: our https address, where there is one."""

    home: Home
    keys: Keys
    sessions: Sessions
    hosts: tuple[str, ...]
    public_url: str | None = None
    doorman: Doorman = field(default_factory=Doorman)
    syncs: Starter = field(default_factory=Starter)
    logins: Logins = field(default_factory=Logins)
    callbacks: dict[str, Router] = field(default_factory=dict)  # by connection
