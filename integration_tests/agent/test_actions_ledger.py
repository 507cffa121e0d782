"""Approval, caps and the log: what the ledger lets happen, and what it never does."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel, Status
from freshbooks_hub.core.home import Home
from integration_tests.agent.acting import Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def proposal(firm: Firm) -> Action:
    project = firm.finished_project()
    return firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent")


def code(call: object, *args: object, **options: object) -> str:
    with pytest.raises(ActionRefused) as caught:
        call(*args, **options)  # type: ignore[operator]
    return caught.value.code


def behind_its_back(firm: Firm, *statements: str) -> None:
    """Someone edits the file itself, without the guards."""
    with closing(sqlite3.connect(firm.home.history)) as db:
        for trigger in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger[0]}")
        for statement in statements:
            db.execute(statement)
        db.commit()


# -- approval


def test_nothing_is_sent_without_an_approval(firm: Firm) -> None:
    action = proposal(firm)
    assert code(firm.actions.dispatch, action.id) == "wrong_status"
    assert firm.sent("*/invoices/invoices", "POST") == []


def test_an_approval_is_for_exactly_what_was_shown(firm: Firm) -> None:
    action = proposal(firm)
    assert code(firm.actions.approve, action.id, "0" * 64, "owner", "web") == "hash_mismatch"
    assert firm.actions.get(action.id).status is Status.proposed


def test_the_hash_covers_every_nested_value(firm: Firm) -> None:
    action = proposal(firm)
    with closing(sqlite3.connect(firm.home.history)) as db:
        request, preview = db.execute("SELECT request, preview FROM actions").fetchone()
    whole = {
        "kind": "draft_invoice",
        "business": action.business_id,
        "request": json.loads(request),
        "preview": json.loads(preview),
    }
    assert digest(whole) == action.payload_hash

    def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        if isinstance(value, dict):
            return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
        if isinstance(value, list):
            return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
        return [path]

    for path in leaves(whole):
        changed = json.loads(canonical(whole))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = "something else"
        assert digest(changed) != action.payload_hash, path


@pytest.mark.parametrize("column", ["request", "preview"])
def test_a_proposal_changed_in_the_file_after_approval_is_not_sent(firm: Firm, column: str) -> None:
    action = firm.approve(proposal(firm))
    behind_its_back(firm, f"UPDATE actions SET {column} = replace({column}, '200.00', '900.00')")
    behind_its_back(firm, f"UPDATE actions SET {column} = replace({column}, '100.00', '900.00')")
    assert code(firm.actions.dispatch, action.id) == "tampered"
    assert firm.sent("*/invoices/invoices", "POST") == []


def test_an_approval_is_used_once(firm: Firm) -> None:
    action = proposal(firm)
    assert firm.done(action).status is Status.confirmed
    assert code(firm.actions.dispatch, action.id) == "wrong_status"
    assert code(firm.approve, action) == "wrong_status"
    assert len(firm.rows("invoices")) == 1


def test_proposals_and_approvals_end_after_a_day(firm: Firm) -> None:
    waiting, approved = proposal(firm), proposal(firm)
    firm.approve(approved)
    firm.clock.advance(hours=24)
    assert code(firm.approve, waiting) == "wrong_status"
    assert code(firm.actions.dispatch, approved.id) == "wrong_status"
    assert {action.status for action in firm.actions.list()} == {Status.expired}
    again = firm.actions.propose(
        DraftInvoiceRequest(project_id=waiting.preview.project_id, taxes=[]), "agent"
    )
    assert again.status is Status.proposed


def test_a_refusal_is_final_and_takes_back_an_unused_approval(firm: Firm) -> None:
    action = firm.approve(proposal(firm))
    assert firm.actions.reject(action.id, "owner", "web").status is Status.refused
    assert code(firm.actions.dispatch, action.id) == "wrong_status"
    assert code(firm.approve, action) == "wrong_status"


def test_an_unknown_id_or_channel_is_refused(firm: Firm) -> None:
    assert code(firm.actions.get, "0" * 12) == "not_found"
    action = proposal(firm)
    with pytest.raises(ValueError, match="tool"):
        firm.actions.approve(action.id, action.payload_hash, "agent", "tool")


def test_the_database_itself_forbids_what_must_not_happen(firm: Firm) -> None:
    action = proposal(firm)
    with closing(sqlite3.connect(firm.home.history)) as db:
        for statement in (
            "UPDATE actions SET status = 'dispatching', dispatched_at = 'now', approved_hash = payload_hash",
            "UPDATE actions SET status = 'confirmed', dispatched_at = 'now', approved_hash = payload_hash",
            "UPDATE actions SET status = 'approved'",
            "UPDATE actions SET status = 'approved', approved_hash = 'another'",
            "UPDATE actions SET request = '{}'",
            "UPDATE actions SET recipients = '[]'",
            "UPDATE actions SET expires_at = '2099-01-01'",
            "DELETE FROM actions",
            "UPDATE audit_log SET who = 'nobody'",
            "DELETE FROM audit_log",
            "INSERT INTO audit_log VALUES (99, '', '', NULL, '', NULL, '{}', '', '')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
    assert firm.actions.get(action.id) == action


# -- what the owner allows


def test_off_is_refused_by_the_service(firm: Firm) -> None:
    action = firm.approve(proposal(firm))
    firm.actions.policy.set("draft", firm.actions.policy.view().rule("draft").model_copy(update={"allowed": False}),
                            "owner", Channel.terminal)  # fmt: skip
    assert code(firm.actions.dispatch, action.id) == "writes_off"
    assert code(firm.actions.propose, DraftInvoiceRequest(project_id=1), "agent") == "writes_off"
    assert firm.actions.get(action.id).status is Status.approved


def test_a_new_home_allows_nothing(tmp_path: Path) -> None:
    with opened_firm(tmp_path / "home") as firm:
        other = ActionService(Home(tmp_path / "new").ensure(), firm.clock, firm.timing)
        view = other.policy.view()
        assert [view.rule(write).allowed for write in ("draft", "send", "expense")] == [False] * 3
        assert code(other.propose, SendInvoiceRequest(invoice_id=1), "agent") == "writes_off"


def test_caps_by_action_currency_and_day(firm: Firm) -> None:
    firm.allow("draft", max_amount={"USD": "250"}, max_amount_per_day={"USD": "350"})
    big = firm.finished_project(3)
    assert (
        code(firm.actions.propose, DraftInvoiceRequest(project_id=big["id"], taxes=[]), "agent") == "over_cap"
    )
    canadian = firm.project(firm.client(currency_code="CAD")["id"])
    firm.time(canadian)
    assert (
        code(firm.actions.propose, DraftInvoiceRequest(project_id=canadian["id"], taxes=[]), "a")
        == "over_cap"
    )

    assert firm.done(proposal(firm)).status is Status.confirmed
    second = firm.approve(proposal(firm))  # 200 + 200 > 350
    assert code(firm.actions.dispatch, second.id) == "over_daily_amount"
    firm.clock.advance(hours=23)
    assert code(firm.actions.dispatch, second.id) == "over_daily_amount"
    firm.clock.advance(minutes=59)
    assert firm.actions.get(second.id).status is Status.approved
    firm.clock.advance(minutes=2)
    assert firm.actions.get(second.id).status is Status.expired


def test_caps_by_number_and_recipient(firm: Firm) -> None:
    firm.allow("send", per_day=2, per_recipient_per_day=1)

    def mail(client: dict[str, object]) -> Action:
        invoice = firm.draft(customerid=client["id"])
        return firm.approve(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))

    one, two = firm.client(email="one@acme.example"), firm.client(email="two@acme.example")
    assert firm.actions.dispatch(mail(one).id).status is Status.confirmed
    assert code(firm.actions.dispatch, mail(one).id) == "over_recipient_count"
    assert firm.actions.dispatch(mail(two).id).status is Status.confirmed
    assert code(firm.actions.dispatch, mail(firm.client(email="three@acme.example")).id) == "over_daily_count"
    assert len(firm.sandbox.outbox) == 2


# -- the audit log


def test_the_log_says_who_what_when_and_through_which_channel(firm: Firm) -> None:
    action = proposal(firm)
    firm.done(action)
    entries = [entry for entry in firm.actions.audit.entries() if entry["action_id"] == action.id][::-1]
    assert [(entry["event"], entry["who"], entry["channel"]) for entry in entries] == [
        ("proposed", "agent", None),
        ("approved", "owner", "web"),
        ("dispatching", "hub", None),
        ("confirmed", "hub", None),
    ]
    assert entries[0]["detail"]["payload_hash"] == action.payload_hash
    assert firm.actions.audit.verify().ok


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE audit_log SET who = 'nobody' WHERE seq = 4"],
        ["UPDATE audit_log SET detail = '{}' WHERE seq = 1"],
        ["DELETE FROM audit_log WHERE seq = 4"],
        ["DELETE FROM audit_log WHERE seq = 1"],
        ["DELETE FROM audit_log WHERE seq > 5"],
        ["DELETE FROM audit_log"],
        [
            "UPDATE audit_log SET seq = -4 WHERE seq = 4",
            "UPDATE audit_log SET seq = 4 WHERE seq = 5",
            "UPDATE audit_log SET seq = 5 WHERE seq = -4",
        ],
    ],
    ids=["edit", "edit detail", "gap", "no first", "no tail", "empty", "reordered"],
)
def test_verify_finds_what_was_done_behind_its_back(firm: Firm, statements: list[str]) -> None:
    firm.done(proposal(firm))
    assert firm.actions.audit.verify().ok
    behind_its_back(firm, *statements)
    finding = firm.actions.audit.verify()
    assert not finding.ok
    assert finding.problem


def test_a_crash_between_commit_and_mirror_is_no_alarm(firm: Firm) -> None:
    firm.done(proposal(firm))
    head = firm.home.root / "audit.head"
    before = head.read_bytes()
    proposal(firm)
    head.write_bytes(before)
    assert firm.actions.audit.verify().ok
    head.unlink()
    assert not firm.actions.audit.verify().ok


def test_of_two_writers_the_newer_one_is_mirrored(firm: Firm) -> None:
    firm.done(proposal(firm))
    head = firm.home.root / "audit.head"
    before = head.read_bytes()
    older = firm.actions.audit.entries()[-1]
    firm.actions.audit.mirror((older["seq"], older["hash"]))
    assert head.read_bytes() == before
    assert firm.actions.audit.verify().ok


def test_secrets_and_long_texts_do_not_reach_the_log(firm: Firm) -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9." + "x" * 60
    with firm.actions._store.transaction() as db:
        firm.actions.audit.append(db, "test", f"agent {secret}", note=["a" * 500, {"deep": secret}])
    text = json.dumps(firm.actions.audit.entries())
    assert "x" * 30 not in text
    assert "a" * 130 not in text
    assert firm.actions.audit.verify().ok
