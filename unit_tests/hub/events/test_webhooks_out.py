"""Webhooks to other systems: what is told, signed how, in which order, and what happens when nobody takes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from datetime import timedelta

import pytest
import urllib3
from typer.testing import CliRunner

from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.events import deliveries
from freshbooks_hub.events.deliveries import deliver
from freshbooks_hub.events.detection import detect
from freshbooks_hub.events.endpoints import Endpoint, Endpoints, WebhookRefused, is_public
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import History
from unit_tests.hub.events.conftest import DAY, Clock, Publish, Receiver, contact, invoice


def add(home: Home, receiver: Receiver, *codes: str, private: bool = True) -> Endpoint:
    return Endpoints(home).add(receiver.url, codes, private, DAY)


def told(home: Home, receiver: Receiver, clock: Clock) -> list[tuple[str, str]]:
    """After a sync: code and object of what the receiver got."""
    detect(home, clock())
    before = len(receiver.got)
    deliver(home, clock)
    return [(content["type"], content["object"]) for _, content, _ in receiver.got[before:]]


def test_an_invoice_is_told_when_it_is_paid_or_overdue_and_not_before_or_again(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock
) -> None:
    publish(invoices=[invoice(1, "sent"), invoice(2, "paid", paid_date="2026-11-01"), invoice(3, "sent")])
    endpoint = add(home, receiver, "invoice_paid", "invoice_overdue")
    assert told(home, receiver, clock) == []
    old = [invoice(4, "paid", paid_date="2020-01-01"), invoice(5, "overdue", days_overdue=900)]
    new = [invoice(6, "paid", paid_date="2026-11-02"), invoice(7, "a new word")]
    publish(invoices=[invoice(1, "paid"), invoice(3, "overdue", days_overdue=1), *old, *new])
    assert sorted(told(home, receiver, clock)) == [
        ("invoice_overdue", "invoice:a:1:3"),
        ("invoice_paid", "invoice:a:1:1"),
        ("invoice_paid", "invoice:a:1:6"),
    ]
    publish(invoices=[invoice(1, "paid"), invoice(3, "overdue", days_overdue=40), *old, *new])
    assert told(home, receiver, clock) == []
    headers, content, body = receiver.got[0]
    assert content["data"]["invoice"]["total_amount"] == "500"  # yen has no decimals
    assert content["data"]["invoice"]["currency_code"] == "JPY"
    # As the receiver checks it, by Standard Webhooks.
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_contact_is_told_for_what_is_its_own_and_a_sync_when_it_fails_and_recovers(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock
) -> None:
    publish(crm_contacts=[contact("ann"), contact("bob")])
    add(home, receiver, "contact_changed", "sync_failed", "sync_recovered")
    history = History(home.history, clock)

    def after(failure: str | None) -> list[tuple[str, str]]:
        history.finish(history.start(), failure)
        return told(home, receiver, clock)

    publish(crm_contacts=[contact("ann", email="ann@example.com"), contact("cid")])
    assert sorted(after(None)) == [
        ("contact_changed", f"contact:a:1:{name}") for name in ("ann", "bob", "cid")
    ]
    changes = {c["object"][-3:]: c["data"]["change"] for _, c, _ in receiver.got}
    assert changes == {"ann": "changed", "bob": "removed", "cid": "added"}
    [gone] = [c["data"]["contact"] for _, c, _ in receiver.got if c["data"]["change"] == "removed"]
    assert gone == {"account_id": "a", "business_id": 1, "contact_key": "bob"}
    publish()  # clients are not synced any more: nobody was removed
    assert after("FreshBooks is down.") == [("sync_failed", "sync")]
    assert after("FreshBooks is down.") == []
    assert after(None) == [("sync_recovered", "sync")]


def test_events_of_one_object_keep_their_order_while_the_receiver_is_down_and_others_pass_one_that_is_refused(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "TIMEOUT", urllib3.Timeout(0.2))
    publish(crm_contacts=[contact("ann"), contact("bob")])
    endpoint = add(home, receiver, "contact_changed")
    receiver.answers = [503, 0, 1, 302]
    for city in ("Lyon", "Nice", "Metz"):
        publish(crm_contacts=[contact("ann", city=city), contact("bob")])
        assert told(home, receiver, clock) == []
    assert receiver.answers == [0, 1, 302]  # it was left alone meanwhile
    for minutes in (1, 2, 4):
        clock.passes(minutes=minutes)
        assert deliver(home, clock) == 0
    clock.passes(minutes=8)
    assert deliver(home, clock) == 3
    assert [c["data"]["contact"]["city"] for _, c, _ in receiver.got] == ["Lyon", "Nice", "Metz"]
    receiver.refuses = "ann"
    publish(crm_contacts=[contact("ann"), contact("bob", city="Bern")])
    assert told(home, receiver, clock) == [("contact_changed", "contact:a:1:bob")]
    publish(crm_contacts=[contact("ann", city="Rome"), contact("bob", city="Bern")])
    assert told(home, receiver, clock) == []
    receiver.refuses = ""
    clock.passes(minutes=1)
    assert deliver(home, clock) == 2
    assert Endpoints(home).find(endpoint.id).waiting == 0


def test_what_was_sent_before_a_crash_comes_again_with_the_same_id(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(crm_contacts=[])
    add(home, receiver, "contact_changed")
    publish(crm_contacts=[contact("ann")])
    detect(home, clock())
    with monkeypatch.context() as crash:
        crash.setattr("freshbooks_hub.events.deliveries._taken", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliver(home, clock)
    deliver(home, clock)
    assert len({headers["webhook-id"] for headers, _, _ in receiver.got}) == 1
    assert len(receiver.got) == 2


def test_after_three_days_an_event_is_given_up_a_person_is_told_and_a_replay_brings_it(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock
) -> None:
    publish(crm_contacts=[])
    endpoint = add(home, receiver, "contact_changed")
    publish(crm_contacts=[contact("ann")])
    detect(home, clock())
    receiver.answers = [500] * 100
    until = clock() + timedelta(days=4)
    while clock() < until:
        deliver(home, clock)
        clock.passes(hours=3)
    state = Endpoints(home).find(endpoint.id)
    assert (state.waiting, state.given_up) == (0, 1)
    [alarm] = Alarms(home).open()
    assert f"freshbooks webhooks replay {endpoint.id}" in alarm.message
    assert "key=k" not in alarm.message
    receiver.answers = []
    assert Endpoints(home).replay(endpoint.id, None) == 1
    assert deliver(home, clock) == 1
    assert Endpoints(home).replay(endpoint.id, DAY) == 1
    assert deliver(home, clock) == 1


def test_an_address_of_a_private_network_is_called_only_where_a_person_said_so(
    home: Home, publish: Publish, receiver: Receiver, clock: Clock
) -> None:
    with pytest.raises(WebhookRefused, match="https"):
        add(home, receiver, "contact_changed", private=False)
    endpoint = Endpoints(home).add("https://localhost:1/x", ["sync_failed"], False, DAY)
    History(home.history, clock).finish(History(home.history, clock).start(), "Down.")
    assert told(home, receiver, clock) == []
    assert "--allow-private" in str(Endpoints(home).find(endpoint.id).last_error)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("::1", False), ("fd00::1", False), ("fe80::1", False), ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https://",
        "https://u:p@a.example/",
        "nonsense",
        "https://a:x/",
        "https://a.example/é",
    ],
)
def test_what_is_no_address_is_refused(home: Home, url: str) -> None:
    with pytest.raises(WebhookRefused):
        Endpoints(home).add(url, ["sync_failed"], False, DAY)


def test_the_commands_add_test_list_and_remove_and_show_the_secret_once(
    home: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(home.root))

    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, ["webhooks", *words])
        if isinstance(result.exception, HubError):
            raise result.exception
        return result.output

    made = json.loads(
        run("add", receiver.url, "--on", "sync_failed, invoice_paid", "--allow-private", "--json")
    )
    assert made["codes"] == ["sync_failed", "invoice_paid"]
    shown = run("list") + run("list", "--json") + run("test", made["id"])
    assert made["secret"] not in shown
    assert made["secret"] not in repr(Endpoints(home).find(made["id"]))
    assert "Delivered: it answered 200." in shown
    assert receiver.got[0][1]["type"] == "test"
    assert run("remove", made["id"]) == f"Removed {made['id']}.\n"
    with pytest.raises(HubError, match="freshbooks webhooks list"):
        run("test", made["id"])
    with pytest.raises(WebhookRefused, match="There is no event paid"):
        run("add", receiver.url, "--on", "paid", "--allow-private")
