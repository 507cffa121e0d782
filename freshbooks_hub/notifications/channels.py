"""notifications.json: where people are told, and what. The addresses hold passwords, so they are in no back-up."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from filelock import FileLock

from freshbooks_hub.core.clock import Clock, stamp, utc_now
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

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
        self._path = home.notifications

    def all(self) -> list[Channel]:
        """In the order in which they were added."""
        try:
            content = json.loads(self._path.read_bytes())
            if content["version"] > VERSION:
                raise HubError(
                    f"{self._path} was made by a newer version of this program. Install that version again."
                )
            return [
                Channel(
                    one["id"],
                    one["name"],
                    frozenset(one["topics"]),
                    datetime.fromisoformat(one["added_at"]).astimezone(UTC),
                    one["url"],
                )
                for one in content["channels"]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HubError(
                f"{self._path} cannot be read. Delete it, and add your notifications again."
            ) from error

    def get(self, channel_id: str) -> Channel:
        """By id or name. Raises HubError when there is none."""
        for channel in self.all():
            if channel_id in {channel.id, channel.name}:
                return channel
        raise HubError("There is no such notification. See those there are: freshbooks notifications list")

    def add(self, url: str, name: str, topics: Collection[str]) -> Channel:
        """Keep an address that `sending.check` has accepted."""
        channel = Channel(secrets.token_hex(4), name, _known(topics), self._clock(), url)
        with self._changed() as channels:
            channels.append(channel)
        return channel

    def choose(self, channel_id: str, topics: Collection[str]) -> Channel:
        """What it is told from now on."""
        before = self.get(channel_id)
        after = Channel(before.id, before.name, _known(topics), before.added_at, before.url)
        with self._changed() as channels:
            channels[:] = [after if one.id == after.id else one for one in channels]
        return after

    def remove(self, channel_id: str) -> Channel:
        """Tell nobody there any more."""
        gone = self.get(channel_id)
        with self._changed() as channels:
            channels[:] = [one for one in channels if one.id != gone.id]
        return gone

    @contextmanager
    def _changed(self) -> Iterator[list[Channel]]:
        self._home.ensure()
        with disk_errors(self._path), FileLock(f"{self._path}.lock", timeout=10, mode=0o600):
            channels = self.all()
            yield channels
            kept = [
                {
                    "id": one.id,
                    "name": one.name,
                    "topics": sorted(one.topics),
                    "added_at": stamp(one.added_at),
                    "url": one.url,
                }
                for one in channels
            ]
            write_private(self._path, json.dumps({"version": VERSION, "channels": kept}, indent=1).encode())


def _known(topics: Collection[str]) -> frozenset[str]:
    unknown = sorted(set(topics) - TOPICS.keys())
    if unknown:
        raise HubError(f"{unknown[0]!r} is nothing to be told. Choose from: {', '.join(TOPICS)}.")
    if not topics:
        raise HubError("Choose at least one thing to be told.")
    return frozenset(topics)
