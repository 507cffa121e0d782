"""What people are notified of, and the wording: decided only here.

Each piece of news has a code, a key by which it is sent once, and the fields that its line is made of. Fields hold no
secrets: texts of alarms and headings of proposals are words of ours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Status
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.home import DEFAULT, Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.notifications import weekly
from freshbooks_hub.notifications.channels import ALARMS, APPROVALS, WEEKLY, Channel
from freshbooks_hub.sync import alarms
from freshbooks_hub.sync.alarms import Alarm, Alarms

ALARM_RAISED, ALARM_CLEARED = "alarm_raised", "alarm_cleared"
APPROVAL_WAITING, WEEKLY_SUMMARY = "approval_waiting", "weekly_summary"
# A person who decides at once, in the AI client, is not notified.
PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class News:
    """One thing to report. `key` is the same however often it is found."""

    code: str
    key: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One message: all news of one code. `keys`: those of its news."""

    title: str
    text: str
    keys: tuple[str, ...]


def messages(
    home: Home, channel: Channel, sent: Collection[str], now: datetime, address: str | None
) -> list[Message]:
    """What this channel was not sent yet. `address`: of the pages, if they are served."""
    found: list[News] = []
    if ALARMS in channel.topics:
        found += _alarms(home, sent)
    if APPROVALS in channel.topics:
        found += _approvals(home, now)
    if WEEKLY in channel.topics:
        found += _weekly(home, channel, sent, now)
    fresh = [news for news in found if news.key not in sent]
    whose = "FreshBooks" if home.name == DEFAULT else f"FreshBooks ({home.name})"
    made = []
    for code in (ALARM_RAISED, ALARM_CLEARED, APPROVAL_WAITING, WEEKLY_SUMMARY):
        if of_code := [news for news in fresh if news.code == code]:
            made.append(_message(of_code, whose, address))
    return made


def _message(news: list[News], whose: str, address: str | None) -> Message:
    code, number = news[0].code, len(news)
    match code:
        case "alarm_raised":
            title, page = f"{whose}: action needed", "/status"
            lines = [one.fields["message"] for one in news]
        case "alarm_cleared":
            title, page = f"{whose}: solved", "/status"
            lines = [f"Solved: {one.fields['message']}" for one in news]
        case "approval_waiting":
            title, page = f"{whose}: {plural(number, 'action')} to approve", "/approvals"
            lines = [
                f"{one.fields['proposed_by']} proposes: {one.fields['heading']}. "
                f"It expires {one.fields['expires_at']}."
                for one in news
            ]
        case _:
            title, page = f"{whose}: {news[0].fields['title']}", "/"
            lines = [news[0].fields["text"]]
    if address:
        lines += ["", f"{address}{page}"]
    return Message(title, "\n".join(lines), tuple(one.key for one in news))


def _alarms(home: Home, sent: Collection[str]) -> list[News]:
    """Open alarms, and those that were reported and are cleared; not the alarm about notifications themselves."""
    opened = [alarm for alarm in Alarms(home).open() if alarm.kind != alarms.NOTIFICATIONS]
    found = [News(ALARM_RAISED, f"alarm {_of(alarm)}", {"message": alarm.message}) for alarm in opened]
    open_keys = {news.key for news in found}
    ended = {
        key.removeprefix("alarm ") for key in sent if key.startswith("alarm ") and key not in open_keys
    } - {key.removeprefix("cleared ") for key in sent}
    if ended:
        found += [
            News(ALARM_CLEARED, f"cleared {_of(alarm)}", {"message": alarm.message})
            for alarm in Alarms(home).all()
            if alarm.cleared_at and _of(alarm) in ended
        ]
    return found


def _of(alarm: Alarm) -> str:
    return f"{alarm.kind} {stamp(alarm.raised_at)}"


def _approvals(home: Home, now: datetime) -> list[News]:
    if not home.history.exists():
        return []
    zone: tzinfo | None = None
    found = []
    for one in ActionService(home).list(Status.proposed):
        if one.expires_at <= now or one.created_at > now - PATIENCE:
            continue
        zone = zone or weekly.zone_of(home)
        until = one.expires_at.astimezone(zone)
        fields = {
            "heading": clean(one.preview.heading),
            "proposed_by": clean(one.proposed_by, 60),
            "expires_at": f"{until.day} {until:%b %Y, %H:%M} ({zone})",
        }
        found.append(News(APPROVAL_WAITING, f"approval {one.id}", fields))
    return found


def _weekly(home: Home, channel: Channel, sent: Collection[str], now: datetime) -> list[News]:
    """On Monday morning and the day after it, unless the channel is newer than that morning."""
    local = now.astimezone(UTC)
    if local.weekday() not in {0, 1, 2, 6} or not home.marts.exists():  # no zone has Monday or Tuesday now
        return []
    monday = weekly.monday_morning(now, weekly.zone_of(home))
    key = f"week {monday.date()}"
    if key in sent or not channel.added_at < monday <= now < monday + timedelta(days=1, hours=12):
        return []
    summary = weekly.summary(home, monday.date())
    return [News(WEEKLY_SUMMARY, key, {"title": summary.title, "text": summary.text})]
