"""The first steps on Home: connect, choose a business, sync, add an agent; each done or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from freshbooks_hub.agent.mcp.oauth.grants import Grants
from freshbooks_hub.connection.store import Connection
from freshbooks_hub.core.home import DEFAULT
from freshbooks_hub.web.request_context import RequestContext

NEW = timedelta(days=7)  # how long a new connection is offered agents


@dataclass(frozen=True)
class Step:
    """One of the first steps, done or not."""

    title: str
    help: str
    done: bool
    path: str
    button: str


def first_steps(here: RequestContext, connection: Connection | None, now: datetime) -> list[Step]:
    """The first steps; none when they are done and the connection is no longer new."""
    synced, agents = here.home.marts.exists(), _has_agents(here)
    is_new = connection is not None and now - connection.connected_at < NEW
    if synced and (agents or not is_new):
        return []
    settings = "/settings/freshbooks"
    return [
        Step(
            "Connect FreshBooks",
            "Register an app with FreshBooks and allow access. It takes about two minutes.",
            connection is not None,
            settings,
            "Connect",
        ),
        Step(
            "Choose your business",
            "One or several of those that you may read.",
            bool(connection and connection.chosen),
            f"{settings}/businesses" if connection else settings,
            "Choose",
        ),
        Step(
            "Sync for the first time",
            "Reads everything once, and after that only what has changed.",
            synced,
            "",
            "Sync now",
        ),
        Step(
            "Connect an agent (optional)",
            "Claude and other AI clients can answer questions from your books and propose what you approve.",
            agents,
            "/settings#clients",
            "See how",
        ),
    ]


def _has_agents(here: RequestContext) -> bool:
    """Whether an AI client has access to this connection."""
    keeper = here.site.home  # of the clients of all connections
    if not keeper.history.exists():
        return False
    return any(grant.connection == (here.name or DEFAULT) for grant, _ in Grants(keeper).active())
