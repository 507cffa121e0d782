"""notifications.json: channels and what each is notified of. The addresses hold passwords, so backups leave it out."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from freshbooks_hub.core.clock import Clock, stamp, utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.json_list import JsonList

VERSION = 1
ALARMS, APPROVALS, WEEKLY = "alarms", "approvals", "weekly"
TOPICS = {
    ALARMS: "Problems, and when they are solved",
    APPROVALS: "Actions that wait for approval",
    WEEKLY: "Weekly summary, on Monday morning",
}


@dataclass(frozen=True)
class Channel:
    """`name` says where it leads without a secret in it; `url` is apprise's address, never shown again."""

    id: str
    name: str
    topics: frozenset[str]
    added_at: datetime
    url: str = field(repr=False)


class Channels:
    """Those of one connection. All calls are safe from any process; they raise HubError."""

    def __init__(self, home: Home, clock: Clock = utc_now) -> None:
        self._home = home
        self._clock = clock
        again = "Delete it, and add your notifications again."
        self._file = JsonList(home.notifications, "channels", VERSION, _from_json, _as_json, again)

    def all(self) -> list[Channel]:
        """In the order in which they were added."""
        return self._file.all()

    def get(self, channel_id: str) -> Channel:
        """By id or name. Raises HubError if there is none."""
        for channel in self.all():
            if channel_id in {channel.id, channel.name}:
                return channel
        raise HubError("There is no such notification. See those there are: freshbooks notifications list")

    def add(self, url: str, name: str, topics: Collection[str]) -> Channel:
        """Store an address that `sending.check` has accepted."""
        channel = Channel(secrets.token_hex(4), name, _known(topics), self._clock(), url)
        with self._changed() as channels:
            channels.append(channel)
        return channel

    def choose(self, channel_id: str, topics: Collection[str]) -> Channel:
        """Choose what it is notified of from now on."""
        before = self.get(channel_id)
        after = Channel(before.id, before.name, _known(topics), before.added_at, before.url)
        with self._changed() as channels:
            channels[:] = [after if one.id == after.id else one for one in channels]
        return after

    def remove(self, channel_id: str) -> Channel:
        """Remove it."""
        gone = self.get(channel_id)
        with self._changed() as channels:
            channels[:] = [one for one in channels if one.id != gone.id]
        return gone

    @contextmanager
    def _changed(self) -> Iterator[list[Channel]]:
        self._home.ensure()
        with self._file.changed() as channels:
            yield channels


def _from_json(one: dict[str, Any]) -> Channel:
    added_at = datetime.fromisoformat(one["added_at"]).astimezone(UTC)
    return Channel(one["id"], one["name"], frozenset(one["topics"]), added_at, one["url"])


def _as_json(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "topics": sorted(channel.topics),
        "added_at": stamp(channel.added_at),
        "url": channel.url,
    }


def _known(topics: Collection[str]) -> frozenset[str]:
    unknown = sorted(set(topics) - TOPICS.keys())
    if unknown:
        raise HubError(f"{unknown[0]!r} is not a topic. Choose from: {', '.join(TOPICS)}.")
    if not topics:
        raise HubError("Choose at least one topic.")
    return frozenset(topics)
