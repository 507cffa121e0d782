"""Notify each channel of what it was not sent yet: once, by the first process that looks; failures are retried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from filelock import FileLock, Timeout

from freshbooks_hub.core.clock import Clock, backoff, stamp, utc_now
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import DEFAULT, Home
from freshbooks_hub.notifications.channels import Channel, Channels
from freshbooks_hub.notifications.news import messages
from freshbooks_hub.notifications.sending import send
from freshbooks_hub.sync import alarms
from freshbooks_hub.sync.alarms import Alarms

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=6)
ALARMING = 3  # failures in a row before Status says it: a mail server may be away for a moment
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Failure:
    """A channel that could not be notified. `error`: why, without its address."""

    failures: int
    retry_at: datetime
    error: str


def notify(home: Home, address: str | None = None, clock: Clock = utc_now) -> None:
    """Send what is new. Without channels it is one look at the folder. A channel that fails raises nothing.

    `address`: of this connection's pages, for a link. Raises HubError when the home cannot be read.
    """
    if not home.notifications.exists():
        return
    try:
        with FileLock(home.root / "notifications.lock", timeout=0, mode=0o600):
            _notify(home, Channels(home).all(), address, clock)
    except (Timeout, PermissionError):
        return  # another process notifies now, or a home that this one may only read


def send_test(home: Home, channel: Channel, address: str | None = None) -> str | None:
    """Send a test; why it failed, or None. When it works, what waited for it is tried again at once."""
    whose = "" if home.name == DEFAULT else f" ({home.name})"
    text = "This is a test. Notifications of your FreshBooks hub arrive here."
    link = f"\n\n{address}/settings/notifications" if address else ""
    why = send(channel.url, f"FreshBooks{whose}: test", text + link)
    if why is None:
        _works(home, channel)
        _forget(home, Channels(home).all(), utc_now())
    return why


def failing(home: Home) -> dict[str, Failure]:
    """By the id of the channel."""
    if not home.history.exists():
        return {}
    with transaction(home.history) as db:
        rows = db.execute("SELECT channel, failures, retry_at, error FROM notification_failures").fetchall()
    return {
        row["channel"]: Failure(
            row["failures"], datetime.fromisoformat(row["retry_at"]).astimezone(UTC), row["error"]
        )
        for row in rows
    }


def _notify(home: Home, channels: list[Channel], address: str | None, clock: Clock) -> None:
    known = failing(home)
    for channel in channels:
        failure = known.get(channel.id)
        if failure and failure.retry_at > clock():
            continue
        for message in messages(home, channel, _sent_before(home, channel), clock(), address):
            why = send(channel.url, message.title, message.text)
            if why:
                _failed(home, channel, failure, why, clock())
                break
            _sent(home, channel, message.keys, clock())
            _works(home, channel)
    _forget(home, channels, clock())


def _sent_before(home: Home, channel: Channel) -> set[str]:
    if not home.history.exists():
        return set()
    with transaction(home.history) as db:
        rows = db.execute("SELECT key FROM notifications_sent WHERE channel = ?", [channel.id]).fetchall()
    return {row["key"] for row in rows}


def _sent(home: Home, channel: Channel, keys: tuple[str, ...], now: datetime) -> None:
    with transaction(home.history) as db:
        db.executemany(
            "INSERT OR REPLACE INTO notifications_sent (channel, key, sent_at) VALUES (?, ?, ?)",
            [(channel.id, key, stamp(now)) for key in keys],
        )


def _failed(home: Home, channel: Channel, before: Failure | None, why: str, now: datetime) -> None:
    failures = (before.failures if before else 0) + 1
    wait = backoff(failures, FIRST_WAIT, LONGEST_WAIT)
    with transaction(home.history) as db:
        db.execute(
            "INSERT OR REPLACE INTO notification_failures (channel, failures, retry_at, error) VALUES (?, ?, ?, ?)",
            [channel.id, failures, stamp(now + wait), why],
        )
    if failures >= ALARMING:
        message = (
            f"Notifications cannot be sent ({channel.name}): {why}. Correct it on the page Settings, Notifications, "
            "or with `freshbooks notifications`."
        )
        Alarms(home).raise_(alarms.NOTIFICATIONS, message, now)


def _works(home: Home, channel: Channel) -> None:
    with transaction(home.history) as db:
        db.execute("DELETE FROM notification_failures WHERE channel = ?", [channel.id])


def _forget(home: Home, channels: list[Channel], now: datetime) -> None:
    """Clean up: removed channels, what was sent long ago, and the alarm when no channel fails."""
    if not home.history.exists():
        return
    ids = [channel.id for channel in channels]
    gone = f"channel NOT IN ({', '.join('?' * len(ids))})"
    with transaction(home.history) as db:
        db.execute(f"DELETE FROM notification_failures WHERE {gone}", ids)  # noqa: S608 - question marks
        db.execute(
            f"DELETE FROM notifications_sent WHERE {gone} OR sent_at < ?",  # noqa: S608
            [*ids, stamp(now - KEPT)],
        )
        still = db.execute("SELECT max(failures) FROM notification_failures").fetchone()[0] or 0
    if still < ALARMING and any(alarm.kind == alarms.NOTIFICATIONS for alarm in Alarms(home).open()):
        Alarms(home).clear(alarms.NOTIFICATIONS, now=now)
