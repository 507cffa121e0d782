"""Webhooks: registered, verified, signed; a wake-up and nothing more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_mock import ANY, Mocker
from typer.testing import CliRunner

from freshbooks_hub.cli.main import cli
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import webhooks
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.webhook_receiver import Receipt, is_signed, receive
from freshbooks_hub.sync.webhooks import GROUP_OF, Webhooks

URI = "https://books.example.com/webhooks/freshbooks"
VERIFIER = "xfjUGNSSzbtAYeNqQPPUYe"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


class FreshBooks:
    """The callbacks of one account (freshbooks-api.md 8), and `users/me`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.callbacks: dict[int, dict[str, Any]] = {}
        self.refuses: str | None = None
        self.gone: set[int] = set()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.requests.append((method, path, body))
        if path.startswith("/auth/api/v1/users/me"):
            own = {"id": 439000, "account_id": "aB1", "name": "Books"}
            other = {"id": 439001, "account_id": "cD2", "name": "A supplier's books"}
            return 200, {
                "response": {
                    "id": 1,
                    "business_memberships": [
                        {"role": "owner", "business": own},
                        {"role": "client", "business": other},
                    ],
                    "roles": [{"accountid": "aB1", "role": "admin"}, {"accountid": "cD2", "role": "client"}],
                }
            }
        if method == "POST":
            event = body["callback"]["event"]
            if self.refuses in (event, "everything"):
                error = {"errno": 1003, "message": "The server could not verify you are authorized"}
                return 403, {"response": {"errors": [error]}}
            number = 2000 + len(self.callbacks)
            self.callbacks[number] = {"callbackid": number, "verified": False, **body["callback"]}
            return 200, {"response": {"result": {"callback": self.callbacks[number]}}}
        number = int(path.rpartition("/")[2])
        if number in self.gone:
            return 404, {"response": {"errors": [{"errno": 1012, "message": "Callback not found."}]}}
        callback = self.callbacks[number]
        if method == "PUT" and "verifier" in body["callback"]:
            if body["callback"]["verifier"] != VERIFIER:
                return 422, {"response": {"errors": [{"errno": 1, "message": "Verifier is wrong"}]}}
            callback["verified"] = True
        return 200, {"response": {"result": {"callback": callback}}}


@pytest.fixture
def freshbooks(requests_mock: Mocker) -> FreshBooks:
    books = FreshBooks()

    def answer(request: Any, context: Any) -> Any:
        sent = request.json() if request.body else None
        context.status_code, body = books.answer(request.method, request.path_url, sent)
        return body

    requests_mock.register_uri(ANY, ANY, json=answer)
    return books


def delivery(verifier: str = VERIFIER, compact: bool = False, **fields: str) -> tuple[dict[str, str], bytes]:
    """Headers and body as FreshBooks sends them."""
    sent = {"name": "invoice.update", "object_id": "217501", "account_id": "aB1", "user_id": "1"} | fields
    text = json.dumps(sent, separators=(",", ":") if compact else None)
    signature = base64.b64encode(hmac.new(verifier.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return {"X-FreshBooks-Hmac-SHA256": signature}, urlencode(sent).encode()


def woken(home: Home) -> set[str]:
    """The groups that are due at NOW though they were read a while ago."""
    from datetime import timedelta

    from freshbooks_hub.sync.history import History, StreamResult
    from freshbooks_hub.sync.sync_groups import SYNC_GROUPS

    names = {stream for group in SYNC_GROUPS for stream in group.streams}
    run = History(home.history, lambda: NOW - timedelta(minutes=5))
    number = run.start()
    run.streams(number, [StreamResult(name, True, 0, 0, 0, 0, 0.0, is_full_reread=True) for name in names])
    run.finish(number)
    home.raw.touch()
    return {group.name for group in Schedule(home).groups(NOW) if group.is_due(NOW)}


@pytest.fixture
def verified(home: Home) -> Home:
    """A home with a verified callback for invoices."""
    known = Webhooks(home)
    known.add(2001, "aB1", "invoice", URI)
    known.verified(known.all()[0], VERIFIER)
    return home


def test_a_signed_delivery_makes_the_entity_due(verified: Home) -> None:
    receipt = receive(verified, *delivery(), clock=lambda: NOW)
    assert (receipt.status, receipt.group) == (200, "invoices")
    assert woken(verified) == {"invoices"}
    assert Webhooks(verified).all()[0].last_delivery_at == NOW.isoformat()


def test_the_compact_form_is_accepted_too(verified: Home) -> None:
    assert receive(verified, *delivery(compact=True), clock=lambda: NOW).status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        delivery(verifier="guessed"),
        (delivery()[0], delivery(object_id="1")[1]),
        ({}, delivery()[1]),
        ({"X-FreshBooks-Hmac-SHA256": "é"}, delivery()[1]),
        delivery(account_id="other"),
        (delivery()[0], b"\xff\xfe"),
        (delivery()[0], b""),
        (delivery()[0], b"name=" + b"x" * 100_000),
    ],
)
def test_what_is_not_signed_wakes_nothing(verified: Home, headers: dict[str, str], body: bytes) -> None:
    assert receive(verified, headers, body, clock=lambda: NOW).status in {400, 401, 413}
    assert woken(verified) == set()


def test_two_accounts_may_number_their_callbacks_alike(home: Home, freshbooks: FreshBooks) -> None:
    known = Webhooks(home)
    for account in ("aB1", "cD2"):
        known.add(7, account, "invoice", URI)
    freshbooks.callbacks[7] = {"callbackid": 7}
    form = {"name": "callback.verify", "object_id": "7", "verifier": VERIFIER}
    assert receive(home, {}, urlencode(form).encode()).status == 404  # whose is it?
    assert receive(home, {}, urlencode(form | {"account_id": "cD2"}).encode()).status == 200
    assert [(webhook.account_id, webhook.verified) for webhook in known.all()] == [
        ("aB1", False),
        ("cD2", True),
    ]
    known.remove(known.all()[1])
    assert [webhook.account_id for webhook in known.all()] == ["aB1"]


@given(st.dictionaries(st.text(), st.text()), st.text(min_size=1), st.text())
def test_only_the_signature_of_the_verifier_fits(fields: dict[str, str], key: str, guess: str) -> None:
    right = base64.b64encode(hmac.new(key.encode(), json.dumps(fields).encode(), hashlib.sha256).digest())
    assert is_signed(fields, right.decode(), key)
    assert not is_signed(fields, guess, key) or guess == right.decode()
    assert not is_signed(fields, right.decode(), f"{key}x")


def test_callbacks_are_registered_and_verified_by_handshake(home: Home, freshbooks: FreshBooks) -> None:
    registered, refused = webhooks.enable(home, URI)
    assert not refused
    assert [webhook.event for webhook in registered] == list(GROUP_OF)
    assert {webhook.account_id for webhook in registered} == {"aB1"}  # not where the user is only a client
    first = registered[0].callback_id
    form = {"name": "callback.verify", "object_id": str(first), "verifier": "wrong", "account_id": "aB1"}
    assert receive(home, {}, urlencode(form).encode()).status == 502
    assert not Webhooks(home).all()[0].verified
    form["verifier"] = VERIFIER
    assert receive(home, {}, urlencode(form).encode()).status == 200
    assert freshbooks.callbacks[first]["verified"]
    assert Webhooks(home).all()[0].verified
    # A second handshake for the same callback, by whomever, changes nothing.
    form["verifier"] = "attacker"
    assert receive(home, {}, urlencode(form).encode()).status == 404
    assert receive(home, *delivery(), clock=lambda: NOW).status == 200
    assert VERIFIER not in repr(Webhooks(home).all())


def test_enabling_again_asks_only_for_what_is_missing(home: Home, freshbooks: FreshBooks) -> None:
    freshbooks.refuses = "bill"
    _, refused = webhooks.enable(home, URI)
    assert refused == ["bill: FreshBooks refused (403): The server could not verify you are authorized."]
    Webhooks(home).verified(Webhooks(home).all()[0], VERIFIER)
    freshbooks.refuses = None
    freshbooks.requests.clear()
    registered, refused = webhooks.enable(home, URI)
    assert not refused
    assert len(registered) == len(GROUP_OF)
    posted = [body["callback"]["event"] for method, _, body in freshbooks.requests if method == "POST"]
    assert posted == ["bill"]
    assert sum(method == "PUT" for method, *_ in freshbooks.requests) == len(GROUP_OF) - 2
    assert webhooks.disable(home) == len(GROUP_OF)
    assert Webhooks(home).all() == []


def test_enabling_again_registers_what_freshbooks_has_dropped(home: Home, freshbooks: FreshBooks) -> None:
    webhooks.enable(home, URI)
    Webhooks(home).verified(Webhooks(home).all()[0], VERIFIER)
    freshbooks.gone = {2000, 2003}  # one that was verified, one that was not
    freshbooks.requests.clear()
    registered, refused = webhooks.enable(home, URI)
    assert not refused
    events = list(GROUP_OF)
    posted = [body["callback"]["event"] for method, _, body in freshbooks.requests if method == "POST"]
    assert posted == [events[0], events[3]]
    assert sorted(webhook.event for webhook in registered) == sorted(events)
    assert not freshbooks.gone & {webhook.callback_id for webhook in registered}


def test_disabling_goes_on_where_a_callback_is_gone(home: Home, freshbooks: FreshBooks) -> None:
    webhooks.enable(home, URI)
    freshbooks.gone = {2000, 2003}
    assert webhooks.disable(home) == len(GROUP_OF)
    assert Webhooks(home).all() == []
    assert sum(method == "DELETE" for method, *_ in freshbooks.requests) == len(GROUP_OF)


def test_enabling_nothing_is_a_failure(home: Home, freshbooks: FreshBooks) -> None:
    freshbooks.refuses = "everything"
    command = ["webhooks", "enable", "--url", URI]
    result = CliRunner(env={"FRESHBOOKS_HOME": str(home.root)}).invoke(cli, command)
    assert "Not registered: invoice: FreshBooks refused (403)" in result.stdout
    assert isinstance(result.exception, HubError)
    assert "No callback is registered" in str(result.exception)


def test_only_an_https_address_is_registered(home: Home) -> None:
    with pytest.raises(HubError, match="https"):
        webhooks.enable(home, "http://books.example.com/hook")


def test_the_caller_is_told_of_no_error(
    home: Home, freshbooks: FreshBooks, caplog: pytest.LogCaptureFixture
) -> None:
    """FreshBooks' own words, addresses and folders are for the log."""
    Webhooks(home).add(7, "aB1", "invoice", URI)
    freshbooks.callbacks[7] = {"callbackid": 7}
    body = urlencode({"name": "callback.verify", "object_id": "7", "verifier": "another"}).encode()
    assert receive(home, {}, body) == Receipt(502, "not verified")
    assert "Verifier is wrong" in caplog.text
    home.history.write_bytes(b"this was a database once" * 400)
    assert receive(home, {}, body) == Receipt(503, "not now")
    assert str(home.history) in caplog.text


def test_a_token_that_freshbooks_refuses_is_replaced_once(
    home: Home, freshbooks: FreshBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end may be unknown. Here another process has renewed it meanwhile."""
    answer, asked = freshbooks.answer, []
    store = ConnectionStore(home.connection)
    new = {"access_token": "access-1", "refresh_token": "refresh-1", "token_expiry_date": None}

    def once(method: str, path: str, body: Any) -> tuple[int, Any]:
        asked.append(method)
        if len(asked) > 1:
            return answer(method, path, body)
        store.rotate("refresh-0", new)
        return 401, {"error": "unauthenticated"}

    monkeypatch.setattr(freshbooks, "answer", once)
    Webhooks(home).add(7, "aB1", "invoice", URI)
    freshbooks.callbacks[7] = {"callbackid": 7}
    body = urlencode({"name": "callback.verify", "object_id": "7", "verifier": VERIFIER}).encode()
    assert receive(home, {}, body).status == 200
    assert asked == ["PUT", "PUT"]
