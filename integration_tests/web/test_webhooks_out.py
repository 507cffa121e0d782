"""Settings → Webhooks: a system is added, tested, sent to again and removed by somebody without a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.events.endpoints import Endpoints
from integration_tests.web.serving import Client

PAGE = "/settings/webhooks"
ADDED = {"event_invoice_paid": "yes", "event_contact_changed": "yes", "private": "yes"}


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    """A system on this machine that takes everything; `taken` are the bodies."""

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    taken: list[bytes] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    server.taken = taken  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_system_is_added_tested_and_removed_and_its_secret_is_shown_once(
    empty_home: Home, receiver: ThreadingHTTPServer
) -> None:
    client, url = Client(empty_home), f"http://127.0.0.1:{receiver.server_port}/hook?key=sesame"
    added = client.submit(PAGE, PAGE, url=url, **ADDED)
    [one] = Endpoints(empty_home).all()
    assert (one.url, one.codes, one.private) == (url, ("contact_changed", "invoice_paid"), True)
    assert f'value="{one.secret}"' in added.text
    later = client.get(PAGE).text
    assert one.secret not in later
    assert "sesame" not in later  # many services put a key into the address
    assert "An invoice was paid in full" in later
    client.submit(f"{PAGE}/{one.id}/test", PAGE)
    assert "the test was taken, with the answer 204" in client.get(PAGE).text
    assert [b'"type": "test"' in body for body in receiver.taken] == [True]  # type: ignore[attr-defined]
    client.submit(f"{PAGE}/{one.id}/replay", PAGE, since="2026-11-01")
    assert "0 events to send again" in client.get(PAGE).text
    client.submit(f"{PAGE}/{one.id}/remove", PAGE)
    assert "No webhooks yet" in client.get(PAGE).text
    assert Endpoints(empty_home).all() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"url": "http://crm.example.com/hook", "event_invoice_paid": "yes"},
            "Address: The address must begin",
        ),
        ({"url": "crm", "event_invoice_paid": "yes"}, "Address: This is not a web address. Write it like"),
        ({"url": "https://crm.example.com/hook"}, "Events: choose at least one."),
    ],
)
def test_wrong_input_names_the_field_and_keeps_what_was_typed(
    empty_home: Home, typed: dict[str, str], said: str
) -> None:
    answer = Client(empty_home).submit(PAGE, PAGE, **typed)
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{typed["url"]}"' in answer.text
    assert Endpoints(empty_home).all() == []


def test_a_system_that_is_away_is_told_with_the_remedy(empty_home: Home) -> None:
    client = Client(empty_home)
    client.submit(PAGE, PAGE, url="http://127.0.0.1:9/hook", **ADDED)
    [one] = Endpoints(empty_home).all()
    client.submit(f"{PAGE}/{one.id}/test", PAGE)
    assert "127.0.0.1:9: the test was not taken. It cannot be reached." in client.get(PAGE).text
    client.submit(f"{PAGE}/wh_unknown/remove", PAGE)
    assert re.search("There is no webhook .*wh_unknown", client.get(PAGE).text)
