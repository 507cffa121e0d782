"""Caps: what is equal to a cap is allowed, a cent more is not, and a cap in one currency closes the others."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import ActionRefused, Channel
from freshbooks_hub.agent.actions.policy import PolicyView, Rule, check_amount, check_day, check_on
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.home import Home

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def code(check: Any, *given: Any) -> str | None:
    try:
        check(*given)
    except ActionRefused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("amount", "currency", "refused"),
    [
        ("499.99", "USD", None),
        ("500.00", "USD", None),
        ("500", "USD", None),
        ("500.01", "USD", "over_cap"),
        ("0.01", "CAD", "over_cap"),
        ("0.00", "EUR", None),
        ("0.01", "EUR", "over_cap"),
    ],
)
def test_an_amount_equal_to_the_cap_is_allowed(amount: str, currency: str, refused: str | None) -> None:
    rule = Rule(allowed=True, max_amount={"USD": "500", "EUR": "0"})
    assert code(check_amount, rule, Decimal(amount), currency) == refused


def test_without_caps_any_amount_is_allowed() -> None:
    assert code(check_amount, Rule(allowed=True), Decimal("1e9"), "USD") is None


def test_each_kind_has_its_own_switch_and_is_off_at_first() -> None:
    writes = [kind.write for kind in KINDS.values()]
    for write in writes:
        assert code(check_on, PolicyView(), write) == "writes_off"
        policy = PolicyView.model_validate({write: {"allowed": True, "per_day": 7}})
        assert check_on(policy, write).per_day == policy.rule(write).per_day == 7
        assert sum(policy.rule(other).allowed for other in writes) == 1


class At(SystemClock):
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.row_factory = sqlite3.Row
        db.execute(
            "CREATE TABLE actions (id TEXT, kind TEXT, status TEXT, amount TEXT, currency TEXT, recipients TEXT, "
            "dispatched_at TEXT)"
        )
        yield db


def add(db: sqlite3.Connection, **fields: Any) -> sqlite3.Row:
    number = db.execute("SELECT count(*) FROM actions").fetchone()[0]
    given = {
        "id": f"a{number}",
        "kind": "send_invoice",
        "status": "confirmed",
        "amount": "100.00",
        "currency": "USD",
        "recipients": json.dumps(["pay@acme.example"]),
        "dispatched_at": exact_stamp(NOW - timedelta(hours=1)),
        **fields,
    }
    db.execute(f"INSERT INTO actions VALUES ({', '.join('?' * len(given))})", list(given.values()))
    row: sqlite3.Row = db.execute("SELECT * FROM actions WHERE id = ?", [given["id"]]).fetchone()
    return row


def day(db: sqlite3.Connection, row: sqlite3.Row, **rule: Any) -> str | None:
    return code(check_day, db, Rule(allowed=True, **rule), row, At())


def test_the_number_of_a_day_counts_what_was_sent_of_this_kind(ledger: sqlite3.Connection) -> None:
    asked = add(ledger, status="approved", dispatched_at=None)
    for _ in range(2):
        add(ledger)
    add(ledger, status="failed")
    add(ledger, kind="draft_invoice")
    add(ledger, dispatched_at=exact_stamp(NOW - timedelta(hours=24, seconds=1)))
    assert day(ledger, asked, per_day=3) is None
    assert day(ledger, asked, per_day=2) == "over_daily_count"
    assert day(ledger, asked, per_day=0) == "over_daily_count"


@pytest.mark.parametrize("status", ["dispatching", "unknown", "needs_person"])
def test_what_may_have_reached_freshbooks_counts(ledger: sqlite3.Connection, status: str) -> None:
    asked = add(ledger, status="dispatching")
    add(ledger, status=status)
    assert day(ledger, asked, per_day=1) == "over_daily_count"


def test_the_amount_of_a_day_includes_the_action_itself_and_its_currency_alone(
    ledger: sqlite3.Connection,
) -> None:
    asked = add(ledger, status="approved", amount="50.00", dispatched_at=None)
    add(ledger, amount="100.00")
    add(ledger, amount="999.00", currency="CAD")
    assert day(ledger, asked, max_amount_per_day={"USD": "150.00"}) is None
    assert day(ledger, asked, max_amount_per_day={"USD": "149.99"}) == "over_daily_amount"
    assert day(ledger, asked, max_amount_per_day={"CAD": "5000"}) == "over_daily_amount"
    assert day(ledger, asked, max_amount_per_day={}) is None


def test_mails_to_one_address_are_counted_by_address(ledger: sqlite3.Connection) -> None:
    asked = add(
        ledger, status="approved", dispatched_at=None, recipients=json.dumps(["b@x.example", "a@x.example"])
    )
    for _ in range(2):
        add(ledger, recipients=json.dumps(["a@x.example", "c@x.example"]))
    assert day(ledger, asked, per_recipient_per_day=3) is None
    with pytest.raises(ActionRefused, match="2 emails to one address in 24 hours") as refused:
        check_day(ledger, Rule(allowed=True, per_recipient_per_day=2), asked, At())
    assert (refused.value.code, refused.value.detail) == (
        "over_recipient_count",
        {"recipient": "a@x.example"},
    )
    other = add(ledger, status="approved", dispatched_at=None, recipients=json.dumps(["b@x.example"]))
    assert day(ledger, other, per_recipient_per_day=1) is None


@pytest.mark.parametrize(
    "rule",
    [
        {"max_amount": {"USD": "-1"}},
        {"max_amount": {"USD": "many"}},
        {"max_amount": {"USD": "NaN"}},
        {"max_amount": {"USD": "Infinity"}},
        {"max_amount": {"usd": "1"}},
        {"max_amount_per_day": {"DOLLAR": "1"}},
        {"per_day": -1},
        {"per_recipient_per_day": -1},
    ],
    ids=str,
)
def test_a_cap_that_is_none_is_refused(tmp_path: Path, rule: dict[str, Any]) -> None:
    policy = ActionService(Home(tmp_path / "home").ensure()).policy
    assert code(policy.set, "draft", Rule(allowed=True, **rule), "owner", Channel.terminal) == "invalid_cap"
    assert not policy.view().rule("draft").allowed
    edge = Rule(allowed=True, max_amount={"USD": "0"}, per_day=0, per_recipient_per_day=0)
    assert policy.set("draft", edge, "owner", Channel.terminal).rule("draft") == edge
    assert policy.view().rule("draft") == edge
    assert policy.view().rule("draft").allowed


def test_the_receipts_folder_exists_and_both_settings_are_kept(tmp_path: Path) -> None:
    policy = ActionService(Home(tmp_path / "home").ensure()).policy
    (tmp_path / "file").touch()
    (tmp_path / "alias").symlink_to(tmp_path, target_is_directory=True)
    for wrong in (tmp_path / "none", tmp_path / "file"):
        assert code(policy.set_receipts_folder, wrong, "owner", Channel.terminal) == "invalid_folder"
    chosen = policy.set_receipts_folder(tmp_path / "alias", "owner", Channel.terminal)
    assert chosen.receipts_folder == policy.view().receipts_folder == str(tmp_path.resolve())
    assert policy.set_link("off", "owner", Channel.terminal).link == policy.view().link == "off"
    assert policy.view().receipts_folder is not None
    assert policy.set_receipts_folder(None, "owner", Channel.terminal).receipts_folder is None


def test_a_change_is_in_the_audit_log_with_who_made_it_and_where(tmp_path: Path) -> None:
    actions = ActionService(Home(tmp_path / "home").ensure())
    actions.policy.set("draft", Rule(allowed=True, per_day=2), "owner", Channel.web)
    actions.policy.set_link("off", "bookkeeper", "terminal")
    link, rule = actions.audit.entries()
    assert (rule["event"], rule["who"], rule["channel"]) == ("policy", "owner", "web")
    assert (link["event"], link["who"], link["channel"]) == ("policy", "bookkeeper", "terminal")
    assert rule["detail"]["draft"]["per_day"] == 2
    assert link["detail"] == {"link": "off"}
    assert actions.audit.verify().ok


def test_a_kind_of_write_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    policy = ActionService(Home(tmp_path / "home").ensure()).policy
    with pytest.raises(ActionRefused, match="The kinds of write are draft, send, expense") as refused:
        policy.set("delete", Rule(allowed=True), "owner", Channel.terminal)
    assert refused.value.code == "unknown_write"
