"""The report to paste into an issue holds nothing of the books, and the command leaves the refresh token alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from freshbooks_api.verified import LAYOUT, redacted, table
from freshbooks_sandbox import Sandbox
from integration_tests.conftest import warm  # noqa: F401 - a fixture
from integration_tests.connector import config_of
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.assumptions import NONE, Assumptions
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.verify import command
from source_freshbooks.verify.run import verify

MAIN = 439000
TELLTALE = "Zanzibar-7919"
TEXTS = (
    "organization",
    "fname",
    "lname",
    "email",
    "notes",
    "note",
    "description",
    "vendor",
    "vendor_name",
    "title",
)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    with Sandbox(seed="demo", rate_limit=None) as running:
        monkeypatch.setenv("FRESHBOOKS_API_URL", running.url)
        yield running


def _plant(sandbox: Sandbox) -> set[str]:
    """A telltale in every text, and all ids and amounts that the books hold."""
    secret = {TELLTALE}
    books = sandbox.books(MAIN)
    books.business["name"] = TELLTALE
    names = (
        "clients",
        "invoices",
        "payments",
        "expenses",
        "items",
        "tasks",
        "bills",
        "bill_vendors",
        "projects",
    )
    for name in (*names, "time_entries"):
        for key, row in books[name].items():
            secret.add(str(key))
            row.update({text: TELLTALE for text in TEXTS if isinstance(row.get(text), str)})
            if isinstance(row.get("amount"), dict):
                row["amount"]["code"] = row["amount"]["code"] if name != "payments" else TELLTALE
                secret.add(row["amount"]["amount"])
            for line in row.get("lines", []):
                line |= {"name": TELLTALE, "description": TELLTALE}
                line["modern_time_entries"] = [{TELLTALE: 1, "id": TELLTALE}]
        books.table(name).changed()
    return {text for text in secret if len(text) > 4} | {str(MAIN), books.account_id}


def test_nothing_of_the_books_is_in_the_report(sandbox: Sandbox) -> None:
    secret = _plant(sandbox)
    sandbox.behaviours.gated = {"items"}
    sandbox.behaviours.ignored_filters = {"expenses.updated_min", "clients.vis_state"}
    document = verify(SourceFreshbooks(config=config_of(sandbox, business_ids=[MAIN])))
    report = redacted(document)
    assert "refuted" in report
    assert "other object" in report  # the planted links were looked at
    assert [text for text in secret if text in report] == []
    assert TELLTALE not in json.dumps(document["businesses"][str(MAIN)]["facts"])
    assert str(MAIN) in table(document)  # the table is the user's own


def test_every_request_is_a_get_and_each_is_sent_once(sandbox: Sandbox) -> None:
    verify(SourceFreshbooks(config=config_of(sandbox, business_ids=[MAIN])))
    sent = [(request.method, request.path, str(request.query)) for request in sandbox.requests]
    assert {method for method, _, _ in sent} == {"GET"}
    assert len(sent) == len(set(sent))


def test_a_question_that_fails_is_no_data(sandbox: Sandbox) -> None:
    sandbox.faults.add(kind="status", path="*/invoices/invoices", status=404, times=None)
    found = verify(SourceFreshbooks(config=config_of(sandbox, business_ids=[MAIN])))["businesses"][str(MAIN)]
    results = {(fact["probe"], fact["result"]) for fact in found["facts"] if fact["subject"] == "invoices"}
    assert {probe for probe, result in results if result == "no data"} >= {"P1", "P4", "P5", "P10"}
    assert all(result == "no data" for _, result in results)


def test_an_expired_token_is_not_refreshed_unless_allowed(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(sandbox, business_ids=[MAIN])
    config["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00Z"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    assert command.run(["--config", str(path), "--json"]) == 1
    assert "--refresh" in capsys.readouterr().err
    assert not sandbox.requests.matching("/auth/oauth/token", "POST")
    assert json.loads(path.read_text()) == config
    assert command.run(["--config", str(path), "--json", "--refresh"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["layout"] == LAYOUT
    kept = json.loads(path.read_text())["credentials"]
    assert kept["refresh_token"] != config["credentials"]["refresh_token"]
    assert kept["refresh_token"] not in printed
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text", [None, "", " ", json.dumps({"layout": LAYOUT + 1, "businesses": "of another time"})]
)
def test_no_findings_change_nothing(text: str | None) -> None:
    assert Assumptions(text).of(MAIN) == NONE


@pytest.mark.parametrize("text", ["{", "[]", '{"layout": 1, "businesses": {"1": {"adapt": {"zones": 3}}}}'])
def test_what_is_not_a_document_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="verify --json"):
        Assumptions(text)
