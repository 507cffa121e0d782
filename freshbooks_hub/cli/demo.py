"""`freshbooks demo`: the whole way, from consent to marts, against the local sandbox."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from freshbooks_hub.cli.sandbox import sandbox_class
from freshbooks_hub.connection import login, oauth
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import Answer, query_marts
from freshbooks_hub.sync.progress import Reporter
from freshbooks_hub.sync.run import SyncOptions, SyncResult, sync
from freshbooks_hub.sync.schedule import Schedule

# The day the sandbox's books end.
AS_OF = date(2026, 10, 31)
TIMEOUT = 30.0
LIMIT = 8
SAMPLES = {
    "crm_contacts": (
        "SELECT full_name AS name, organization, country, status, invoice_count AS invoices "
        "FROM crm_contacts ORDER BY invoice_count DESC, full_name LIMIT ?"
    ),
    "expense_categories": (
        "SELECT category_path AS category, strftime(month_start_date, '%Y-%m') AS month, "
        "total_amount AS total, currency_code AS currency, expense_count AS expenses "
        "FROM expense_categories ORDER BY month_start_date DESC, category_path, currency_code LIMIT ?"
    ),
    "outstanding_balances": (
        "SELECT client_name AS client, outstanding_amount AS outstanding, overdue_amount AS overdue, "
        "currency_code AS currency, open_invoice_count AS invoices "
        "FROM outstanding_balances ORDER BY currency_code, outstanding_amount DESC LIMIT ?"
    ),
}


@dataclass(frozen=True)
class Sample:
    """A mart's first rows, and how many it has."""

    mart: str
    rows: int
    answer: Answer


@dataclass(frozen=True)
class DemoResult:
    """What the demo did; `repeated` says that an earlier demo's rows were there already."""

    home: Home
    sync: SyncResult
    repeated: bool
    samples: list[Sample]


def run_demo(parent: Home, reporter: Reporter) -> DemoResult:
    """Connect, sync and read the marts in a home of its own, `demo` under `parent`. Raises HubError."""
    home = Home(parent.root / "demo").ensure()
    repeated = home.marts.exists()
    with sandbox_class()(seed="demo", rate_limit=None) as sandbox, _freshbooks_at(sandbox.url):
        reporter.phase(f"Sandbox FreshBooks at {sandbox.url}: logging in and giving consent")
        credentials = {
            "auth_type": "oauth2.0",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "redirect_uri": sandbox.redirect_uri,
        }
        tokens = oauth.exchange_code(credentials, *consent(credentials))
        ConnectionStore(home.connection).connect({"credentials": credentials | tokens.as_credentials()})
        login.profile(home)
        reporter.phase("Connected; reading the books")
        result = sync(home, SyncOptions(as_of=AS_OF), reporter)
    # This FreshBooks is gone now: `freshbooks serve` shows the books and does not look for it.
    Schedule(home).pause(utc_now())
    return DemoResult(home, result, repeated, [_sample(home, *sample) for sample in SAMPLES.items()])


def consent(credentials: dict[str, Any]) -> tuple[str, str]:
    """Open the authorize page, press its Allow button, and return the code of the redirect with its verifier."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    asked = {
        "client_id": credentials["client_id"],
        "response_type": "code",
        "redirect_uri": credentials["redirect_uri"],
        "state": state,
        **oauth.challenge(verifier),
    }
    page = requests.get(f"{oauth.auth_url()}/oauth/authorize/", params=asked, timeout=TIMEOUT)
    form = ConsentForm()
    form.feed(page.text)
    answer = requests.post(
        urljoin(page.url, form.action),
        data=form.fields | {"decision": "allow"},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    back = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    if back.get("state") != [state] or "code" not in back:
        raise HubError("The sandbox did not give consent. Run `freshbooks demo` again or report this.")
    return back["code"][0], verifier


class ConsentForm(HTMLParser):
    """The form's address and hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes.get("action") or ""
        elif tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.fields[str(attributes["name"])] = attributes.get("value") or ""


@contextmanager
def _freshbooks_at(url: str) -> Iterator[None]:
    """Point this process and its children at the sandbox."""
    names = ("FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, url))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _sample(home: Home, mart: str, statement: str) -> Sample:
    count = query_marts(home.marts, f"SELECT count(*) FROM {mart}").rows[0][0]  # noqa: S608 - our names
    return Sample(mart, count, query_marts(home.marts, statement.replace("?", str(LIMIT))))
