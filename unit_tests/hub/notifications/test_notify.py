"""Each person is told once when something needs them, and once when it is solved; a dead address stops nothing."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.notifications import news, weekly
from freshbooks_hub.notifications.channels import APPROVALS, TOPICS, Channels
from freshbooks_hub.notifications.notify import failing, notify, send_test
from freshbooks_hub.notifications.sending import check, email_url, send
from freshbooks_hub.sync import alarms
from freshbooks_hub.sync.alarms import Alarms

SUNDAY = datetime(2026, 11, 29, 20, tzinfo=UTC)
SECRET = "hush-hush"


class Receiver:
    """A webhook of this machine: keeps titles and texts, and answers `status`."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[tuple[str, str]]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if receiver.status == 200:
                    receiver.got.append((body["title"], body["message"]))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def titles(self) -> list[str]:
        """Of what came since the last look."""
        found, self.got[:] = [title for title, _ in self.got], []
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()


@pytest.fixture
def receiver(server: Receiver) -> Receiver:
    server.status = 200
    server.got.clear()
    return server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def at(moment: datetime, home: Home) -> None:
    notify(home, "http://127.0.0.1:8766", lambda: moment)


def test_an_alarm_is_told_once_and_again_when_it_is_cleared(home: Home, receiver: Receiver) -> None:
    Channels(home, lambda: SUNDAY).add(receiver.url, "Hook", TOPICS)
    Alarms(home).raise_(alarms.CONNECTION, "FreshBooks refused. Connect again.", SUNDAY)
    at(SUNDAY, home)
    assert receiver.got == [
        (
            "FreshBooks: action needed",
            "FreshBooks refused. Connect again.\n\nhttp://127.0.0.1:8766/status",
        )
    ]
    at(SUNDAY + timedelta(minutes=1), home)
    Alarms(home).clear(alarms.CONNECTION, now=SUNDAY + timedelta(minutes=2))
    at(SUNDAY + timedelta(minutes=3), home)
    at(SUNDAY + timedelta(minutes=4), home)
    assert receiver.titles()[1:] == ["FreshBooks: solved"]


def test_an_address_that_fails_is_tried_again_later_and_said_without_its_secret(
    home: Home, receiver: Receiver
) -> None:
    channel = Channels(home, lambda: SUNDAY).add(receiver.url, check(receiver.url), TOPICS)
    Alarms(home).raise_(alarms.MARTS, "A check failed.", SUNDAY)
    receiver.status = 404
    for minutes in (0, 1, 2, 6):  # the second is too soon
        at(SUNDAY + timedelta(minutes=minutes), home)
    assert failing(home)[channel.id].failures == 3
    told = next(a.message for a in Alarms(home).open() if a.kind == alarms.NOTIFICATIONS)
    assert told.startswith("Notifications cannot be sent (Webhook at 127.0.0.1): the server answered 404.")
    assert SECRET not in told + repr(channel)
    receiver.status = 200
    assert send_test(home, channel) is None
    assert [a.kind for a in Alarms(home).open()] == [alarms.MARTS]
    at(SUNDAY + timedelta(minutes=7), home)
    assert receiver.titles() == ["FreshBooks: test", "FreshBooks: action needed"]


def test_the_week_is_told_on_monday_morning_of_the_business(
    home: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weekly, "zone_of", lambda _: weekly.named_zone("America/Toronto"))
    monkeypatch.setattr(weekly, "summary", lambda _, monday: weekly.Summary(f"week before {monday}", "Owed"))
    home.marts.touch()
    Channels(home, lambda: SUNDAY).add(receiver.url, "Hook", TOPICS)
    at(datetime(2026, 11, 30, 12, 59, tzinfo=UTC), home)  # 7:59 in Toronto
    assert receiver.titles() == []
    for hour in (13, 14):
        at(datetime(2026, 11, 30, hour, tzinfo=UTC), home)
    assert receiver.titles() == ["FreshBooks: week before 2026-11-30"]
    Channels(home, lambda: datetime(2026, 11, 30, 14, tzinfo=UTC)).add(receiver.url, "Newer", TOPICS)
    at(datetime(2026, 11, 30, 15, tzinfo=UTC), home)
    assert receiver.titles() == []


def test_proposals_are_told_together_and_not_before_a_minute(
    home: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def proposal(number: int, age: timedelta) -> SimpleNamespace:
        heading = SimpleNamespace(heading=f"Send an invoice: {number}.00 CAD")
        return SimpleNamespace(
            id=str(number), created_at=SUNDAY - age, expires_at=SUNDAY + timedelta(days=1), preview=heading,
            proposed_by="Claude",
        )  # fmt: skip

    waiting = [proposal(1, timedelta(hours=1)), proposal(2, timedelta(hours=2)), proposal(3, timedelta(0))]
    monkeypatch.setattr(news, "ActionService", lambda _: SimpleNamespace(list=lambda _: waiting))
    Channels(home, lambda: SUNDAY).add(receiver.url, "Hook", [APPROVALS])
    Alarms(home).raise_(alarms.MARTS, "Not for this channel.", SUNDAY)
    at(SUNDAY, home)
    assert receiver.got[0][0] == "FreshBooks: 2 actions to approve"
    assert (
        "Claude proposes: Send an invoice: 1.00 CAD. It expires 30 Nov 2026, 20:00 (UTC)."
        in receiver.got[0][1]
    )
    assert receiver.titles() == ["FreshBooks: 2 actions to approve"]


def test_addresses_are_private_and_have_a_version(home: Home, receiver: Receiver) -> None:
    channels = Channels(home)
    channel = channels.add(receiver.url, "Hook", TOPICS)
    file = home.root / "notifications.json"
    assert file.stat().st_mode & 0o077 == 0
    channels.choose(channel.id, [APPROVALS])
    assert channels.get("Hook").topics == {APPROVALS}
    channels.remove(channel.id)
    assert SECRET not in file.read_text()
    file.write_text(json.dumps({"version": 99, "channels": []}))
    with pytest.raises(HubError, match="newer version"):
        channels.all()


def test_an_email_is_plain_text_and_a_refused_password_is_said() -> None:
    mails: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail\r\n")
            mail: bytes | None = None
            for line in self.rfile:
                if mail is not None and line != b".\r\n":
                    mail += line
                    continue
                if mail is not None:
                    mails.append(mail)
                mail = b"" if line.upper().startswith(b"DATA") else None
                extension = b"250-mail\r\n250-AUTH PLAIN\r\n" if line.upper().startswith(b"EHLO") else b""
                code = (
                    b"535 no" if line.upper().startswith(b"AUTH") else b"354 go" if mail == b"" else b"250 ok"
                )
                self.wfile.write(extension + code + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        to = ("owner@example.com, books@example.org", "127.0.0.1", server.server_address[1], "insecure")
        url = email_url(*to, "", "", "hub@example.com")
        assert check(url) == "E-mail to owner@example.com, books@example.org"
        assert send(url, "FreshBooks: t", "<b>Owed</b> & due") is None
        with_password = email_url(*to, "me", SECRET, "hub@example.com")
        assert send(with_password, "t", "x") == "the user name or password was not accepted"
        server.shutdown()
    first = message_from_bytes(mails[0])
    assert (first["Subject"], first.get_content_type()) == ("FreshBooks: t", "text/plain")
    assert b"<b>Owed</b> & due" in first.get_payload(decode=True)


@pytest.mark.parametrize("url", ["nonsense://x", "not an address", "mailtos://smtp.example.com", ""])
def test_what_apprise_does_not_know_is_not_kept(url: str) -> None:
    with pytest.raises(HubError):
        check(url)
