"""freshbooks-api.md 8: callbacks are verified, then told of changes in signed forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from freshbooks_sandbox import Sandbox

from .conftest import MAIN, SECOND, Api, caller

CALLBACKS = "/events/account/mPx4Q9/events/callbacks"
PUBLIC = "https://books.example.com"


class Receiver:
    """A server that keeps what it is sent and, as an app does, sends the verifier back."""

    def __init__(self, api: Api) -> None:
        self.got: list[tuple[dict[str, str], str | None]] = []
        self.confirms = True
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fields = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                receiver.got.append((fields, self.headers["X-FreshBooks-Hmac-SHA256"]))
                if receiver.confirms and "verifier" in fields:
                    path = f"{CALLBACKS}/{fields['object_id']}"
                    api.put(path, callback={"verifier": fields["verifier"]})
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def names(self) -> list[str]:
        return [fields["name"] for fields, _ in self.got]


@pytest.fixture
def receiver(fresh: Sandbox, fresh_api: Api) -> Iterator[Receiver]:
    fresh.behaviours.webhooks_wait = True
    receiver = Receiver(fresh_api)
    fresh.behaviours.webhook_routes = {PUBLIC: receiver.url}
    yield receiver
    receiver.stop()


def register(api: Api, event: str, uri: str = f"{PUBLIC}/hooks") -> dict[str, Any]:
    answer = api.post(CALLBACKS, callback={"event": event, "uri": uri})
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]["result"]["callback"]


def draft(sandbox: Sandbox) -> int:
    client = next(iter(sandbox.books(MAIN)["clients"]))
    return int(sandbox.create("invoices", MAIN, customerid=client, create_date="2026-11-05")["id"])


def test_nothing_is_told_before_the_verifier_came_back(
    fresh: Sandbox, fresh_api: Api, receiver: Receiver
) -> None:
    made = register(fresh_api, "invoice.create")
    assert made["verified"] is False
    draft(fresh)
    fresh.webhooks.deliver()
    assert receiver.names == ["callback.verify"]
    assert fresh_api.list(f"{CALLBACKS}/{made['callbackid']}")["callback"]["verified"] is True
    invoice = draft(fresh)
    fresh.webhooks.deliver()
    fields, signature = receiver.got[-1]
    assert fields == {
        "name": "invoice.create",
        "object_id": str(invoice),
        "account_id": "mPx4Q9",
        "business_id": str(MAIN),
        "identity_id": "2192788",
        "user_id": "1",
    }
    verifier = receiver.got[0][0]["verifier"]
    assert len(verifier) == 33
    digest = hmac.digest(verifier.encode(), json.dumps(fields).encode(), hashlib.sha256)
    assert signature == base64.b64encode(digest).decode()


def test_a_noun_hears_every_verb_and_a_verb_only_itself(
    fresh: Sandbox, fresh_api: Api, receiver: Receiver
) -> None:
    register(fresh_api, "client")
    register(fresh_api, "client.delete")
    fresh.webhooks.deliver()
    row = fresh.create("clients", MAIN, organization="New")
    fresh.edit("clients", MAIN, row["id"], organization="Newer")
    fresh.edit("clients", MAIN, row["id"], organization="Newer")  # changes nothing
    fresh.delete("clients", MAIN, row["id"])
    fresh.create("clients", SECOND, organization="Another account's")
    fresh.webhooks.deliver()
    assert receiver.names[2:] == ["client.create", "client.update", "client.delete", "client.delete"]


def test_mail_time_and_deleted_taxes_are_told_too(fresh: Sandbox, fresh_api: Api, receiver: Receiver) -> None:
    for event in ("invoice.sendByEmail", "time_entry", "tax.delete"):
        register(fresh_api, event)
    fresh.webhooks.deliver()
    fresh_api.put(f"{{acct}}/invoices/invoices/{draft(fresh)}", invoice={"action_email": True})
    time = "/timetracking/business/439000/time_entries"
    fields = {"is_logged": True, "started_at": "2026-11-05T10:00:00Z", "duration": 60}
    entry = fresh_api.post(time, time_entry=fields).json()["time_entry"]["id"]
    fresh_api.put(f"{time}/{entry}", time_entry=fields)
    fresh_api.call("DELETE", f"{{acct}}/taxes/taxes/{min(fresh.books(MAIN)['taxes'])}")
    fresh.webhooks.deliver()
    assert receiver.names[3:] == [
        *("invoice.sendByEmail", "time_entry.create", "time_entry.update", "tax.delete")
    ]


def test_verification_can_be_asked_for_again_and_must_match(
    fresh: Sandbox, fresh_api: Api, receiver: Receiver
) -> None:
    receiver.confirms = False
    path = f"{CALLBACKS}/{register(fresh_api, 'invoice')['callbackid']}"
    assert fresh_api.put(path, callback={"resend": True}).status_code == 200
    fresh.webhooks.deliver()
    (first, _), (second, _) = receiver.got
    assert first == second
    wrong = fresh_api.put(path, callback={"verifier": "guessed"})
    assert (wrong.status_code, wrong.json()["errno"]) == (422, 422)
    assert fresh_api.put(path, callback={"verifier": first["verifier"]}).status_code == 200
    moved = fresh_api.put(path, callback={"uri": f"{PUBLIC}/elsewhere"}).json()["response"]["result"][
        "callback"
    ]
    assert moved["verified"] is False


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        ({"event": "moon.rise", "uri": PUBLIC}, "event: Value error, Unrecognized event."),
        ({"event": "invoice.paid", "uri": PUBLIC}, "event: Value error, Unrecognized event."),
        ({"event": "invoice", "uri": "/hooks"}, "uri: Input should be a valid URL"),
        ({"event": "invoice"}, "uri: Input should be a valid URL"),
    ],
)
def test_what_is_wrong_with_a_callback_is_told(fresh_api: Api, callback: dict[str, str], told: str) -> None:
    answer = fresh_api.post(CALLBACKS, callback=callback)
    assert (answer.status_code, answer.json()["errno"]) == (422, 422)
    assert answer.json()["details"][0].startswith(told)


def test_lists_are_paged_and_filtered_and_a_deleted_one_is_gone(fresh: Sandbox, fresh_api: Api) -> None:
    fresh.behaviours.webhooks_wait = True
    made = [register(fresh_api, event) for event in ("invoice", "client", "client.create")]
    assert fresh_api.list(CALLBACKS, {"per_page": 2})["pages"] == 2
    found = fresh_api.list(CALLBACKS, {"search[event]": "client"})["callbacks"]
    assert [row["event"] for row in found] == ["client"]
    assert all("_verifier" not in row for row in found)
    path = f"{CALLBACKS}/{made[0]['callbackid']}"
    assert fresh_api.call("DELETE", path).status_code == 204
    gone = fresh_api.get(path)
    assert (gone.status_code, gone.json()["errno"]) == (404, 404)


def test_a_callback_needs_the_scope_of_its_event(fresh: Sandbox) -> None:
    api = caller(fresh, ["user:clients:read"])
    callback = {"event": "invoice.create", "uri": PUBLIC}
    refused = api.post(CALLBACKS, callback=callback)
    assert (refused.status_code, "user:invoices:read" in refused.text) == (403, True)
    assert api.post(CALLBACKS, callback={**callback, "event": "client"}).status_code == 200
    fresh.behaviours.callbacks_need_notifications = True
    assert "user:notifications:read" in api.post(CALLBACKS, callback={**callback, "event": "client"}).text


def test_only_this_machine_is_ever_called(fresh: Sandbox, fresh_api: Api) -> None:
    fresh.behaviours.webhooks_wait = True
    register(fresh_api, "invoice", "https://somewhere.example/hooks")
    (delivery,) = fresh.webhooks.deliver()
    assert (delivery.status, delivery.problem) == (None, "not sent: the sandbox calls no other machine")


def test_a_server_that_is_away_loses_its_delivery(fresh: Sandbox, fresh_api: Api, receiver: Receiver) -> None:
    register(fresh_api, "invoice")
    fresh.webhooks.deliver()
    fresh.behaviours.webhook_routes = {PUBLIC: "http://127.0.0.1:9"}
    draft(fresh)
    (lost,) = fresh.webhooks.deliver()
    assert lost.problem == "ConnectionError"
    assert not fresh.webhooks.pending


def test_without_waiting_a_thread_delivers(fresh: Sandbox, fresh_api: Api, receiver: Receiver) -> None:
    fresh.behaviours.webhooks_wait = False
    path = f"{CALLBACKS}/{register(fresh_api, 'invoice')['callbackid']}"
    for _ in range(500):
        if fresh_api.list(path)["callback"]["verified"]:
            break
        threading.Event().wait(0.01)
    assert fresh_api.list(path)["callback"]["verified"]


def test_another_process_delivers_through_the_control_endpoints(
    fresh: Sandbox, fresh_api: Api, receiver: Receiver
) -> None:
    register(fresh_api, "invoice")
    control = f"{fresh.url}/_sandbox/webhooks"
    assert len(requests.get(control, timeout=5).json()["pending"]) == 1
    told = requests.post(control, json={"times": 2}, timeout=5).json()
    assert (told["pending"], [d["status"] for d in told["delivered"]]) == ([], [200])
    assert receiver.names == ["callback.verify"] * 2
