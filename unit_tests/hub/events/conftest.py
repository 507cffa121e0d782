"""Marts made by hand, published anew as often as a test wants, and a system that is told of events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.events.detection import CONTACT, INVOICE

DAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
CONTACTS = ("account_id", "business_id", "business_name", "contact_key", *CONTACT)
INVOICES = ("account_id", "business_id", "business_name", "invoice_id", *INVOICE)
INVOICES += ("is_draft", "is_dated_later", "is_overdue", "as_of_date")
KINDS = {
    "business_id": "BIGINT", "invoice_id": "BIGINT", "client_id": "BIGINT", "days_overdue": "BIGINT",
    "is_draft": "BOOLEAN", "is_dated_later": "BOOLEAN", "is_overdue": "BOOLEAN", "is_primary": "BOOLEAN",
    "create_date": "DATE", "due_date": "DATE", "paid_date": "DATE", "as_of_date": "DATE",
    "total_amount": "DECIMAL(18, 3)", "outstanding_amount": "DECIMAL(18, 3)",
}  # fmt: skip
Publish = Callable[..., None]


def contact(key: str, **fields: Any) -> dict[str, Any]:
    return {"account_id": "a", "business_id": 1, "business_name": "Bakery", "contact_key": key} | fields


def invoice(number: int, status: str, **fields: Any) -> dict[str, Any]:
    own = {"account_id": "a", "business_id": 1, "business_name": "Bakery", "invoice_id": number}
    money = {"currency_code": "JPY", "total_amount": 500, "outstanding_amount": 0}
    told = {"invoice_status": status, "is_overdue": status == "overdue", "as_of_date": "2026-11-02"}
    return own | money | told | {"is_draft": False, "is_dated_later": False} | fields


@pytest.fixture
def publish(home: Home) -> Publish:
    """`publish(contacts=[...], invoices=[...])`: a new file with these marts in place of the earlier one."""

    def write(**marts: list[dict[str, Any]]) -> None:
        new = home.root / "next.duckdb"
        with duckdb.connect(new) as db:
            db.execute("CREATE SCHEMA marts")
            db.execute("CREATE TABLE marts.fb_dictionary (mart_name VARCHAR, grain VARCHAR)")
            for mart, columns, key in (
                ("crm_contacts", CONTACTS, "contact_key"),
                ("invoices", INVOICES, "invoice_id"),
            ):
                grain = f"account_id, business_id, {key}"
                db.execute("INSERT INTO marts.fb_dictionary VALUES (?, ?)", [mart, grain])
                if mart not in marts:
                    continue
                typed = ", ".join(f"{name} {KINDS.get(name, 'VARCHAR')}" for name in columns)
                db.execute(f"CREATE TABLE marts.{mart} ({typed})")
                for row in marts[mart]:
                    marks = ", ".join("?" * len(columns))
                    db.execute(
                        f"INSERT INTO marts.{mart} VALUES ({marks})", [row.get(name) for name in columns]
                    )
        new.replace(home.marts)

    return write


@dataclass
class Receiver:
    """A system on this machine. `answers`: the next statuses (0: none, 1: one that comes late); then it takes all."""

    url: str
    answers: list[int] = field(default_factory=list)
    refuses: str = ""
    got: list[tuple[dict[str, str], dict[str, Any], bytes]] = field(default_factory=list)

    @property
    def objects(self) -> list[str]:
        return [content["object"] for _, content, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = json.loads(body)
            status = told.answers.pop(0) if told.answers else 200
            status = 422 if told.refuses and told.refuses in content["object"] else status
            if status < 2:
                time.sleep(0.4 * status)
                return  # the connection ends
            if status == 200:
                told.got.append(({k.lower(): v for k, v in self.headers.items()}, content, body))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Receiver(f"http://127.0.0.1:{server.server_port}/hook?key=k")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


class Clock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.at = DAY

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()
