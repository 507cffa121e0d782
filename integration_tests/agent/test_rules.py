"""Rules fire once for each thing, dry at first, and only as far as the owner's policy lets them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from freshbooks_hub.agent.actions import lifecycle
from freshbooks_hub.agent.actions.models import Channel, Status
from freshbooks_hub.agent.actions.policy import Limits
from freshbooks_hub.agent.rules.rule_file import read_rules
from freshbooks_hub.agent.rules.run import Firing, run_rules
from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.errors import HubError
from integration_tests.agent.acting import BUSINESS, PNG, Firm, opened_firm

RULES = """
version = 1

[[rule]]
name = "bill finished projects"
when = "project completed"
then = "draft_invoice"
live = true
with = { taxes = [] }

[[rule]]
name = "send what was drafted"
when = "invoice drafted"
then = "send_invoice"
live = true

[[rule]]
name = "chase"
when = "invoice overdue 7 days"
then = "send_reminder"
live = true

[[rule]]
name = "file receipts"
when = "receipt lands"
then = "create_expense"
live = true
with = { category = "Hardware" }
"""


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    # The syncs that follow a write are tested where they belong.
    monkeypatch.setattr(lifecycle, "start_stale_sync", lambda _: None)
    with opened_firm(tmp_path / "home") as firm:
        monkeypatch.setenv("FRESHBOOKS_HOME", str(firm.home.root))
        receipts = tmp_path / "receipts"
        receipts.mkdir()
        firm.actions.policy.set_receipts_folder(receipts, "owner", Channel.terminal)
        firm.home.rules.write_text(RULES)
        publish(firm)
        yield firm


def publish(firm: Firm, projects: tuple[int, ...] = (), overdue: dict[int, int] | None = None) -> None:
    """Marts with complete projects that have unbilled time, and invoices that are overdue by so many days."""
    firm.home.marts.unlink(missing_ok=True)
    with duckdb.connect(str(firm.home.marts)) as db:
        db.execute("create schema marts")
        db.execute(
            "create table marts.projects as select * from (select 1 business_id, 1 project_id, true is_complete, "
            "1 client_id, 2.0 unbilled_hours, null::decimal fixed_price, 'unbilled' billed_status) where false"
        )
        db.execute(
            "create table marts.invoices as select * from (select 1 business_id, 1 invoice_id, true is_overdue, "
            "1 days_overdue) where false"
        )
        for number in projects:
            db.execute(
                "insert into marts.projects values (?, ?, true, 1, 2.0, null, 'unbilled')", [BUSINESS, number]
            )
        for number, days in (overdue or {}).items():
            db.execute("insert into marts.invoices values (?, ?, true, ?)", [BUSINESS, number, days])


def fired(firm: Firm, dry: bool = False) -> list[tuple[str, str]]:
    return [(one.rule, one.outcome) for one in firings(firm, dry)]


def firings(firm: Firm, dry: bool = False) -> list[Firing]:
    return run_rules(firm.home, dry=dry, actions=firm.actions, clock=firm.clock)


def grant(firm: Firm, *writes: str) -> None:
    for write in writes:
        caps = Limits(max_amount={"USD": "500"})
        firm.actions.policy.grant(write, caps, "owner", Channel.terminal, own_drafts=True)


def test_without_a_grant_a_rule_proposes_and_the_proposal_waits_once(firm: Firm) -> None:
    publish(firm, projects=(firm.finished_project()["id"],))
    assert fired(firm) == [("bill finished projects", "waits")]
    [action] = firm.actions.list(Status.proposed)
    assert action.proposed_by == "rule: bill finished projects"
    assert fired(firm) == []
    firm.clock.advance(days=2)  # it expired: nobody wanted it
    assert fired(firm) == []


def test_with_grants_a_completed_project_becomes_a_sent_invoice_in_one_run(firm: Firm) -> None:
    grant(firm, "draft", "send")
    publish(firm, projects=(firm.finished_project()["id"],))
    assert fired(firm) == [("bill finished projects", "done"), ("send what was drafted", "done")]
    assert [row["v3_status"] for row in firm.rows("invoices").values()] == ["sent"]
    assert len(firm.sandbox.outbox) == 1
    assert fired(firm) == []
    events = [one["detail"] for one in firm.actions.audit.entries() if one["event"] == "rule"]
    assert [(one["rule"], one["outcome"]) for one in reversed(events)] == [
        ("bill finished projects", "done"),
        ("send what was drafted", "done"),
    ]
    assert firm.actions.audit.verify().ok


def test_a_dry_rule_is_told_once_writes_nothing_and_fires_when_it_goes_live(firm: Firm) -> None:
    grant(firm, "draft")
    firm.home.rules.write_text(RULES.replace("live = true", "live = false"))
    publish(firm, projects=(firm.finished_project()["id"],))
    assert fired(firm) == [("bill finished projects", "would")]
    assert fired(firm) == []
    assert firm.actions.list() == []
    firm.home.rules.write_text(RULES)
    # A look changes nothing, however often.
    assert fired(firm, dry=True) == fired(firm, dry=True) == [("bill finished projects", "would")]
    assert fired(firm)[0] == ("bill finished projects", "done")


def test_what_is_refused_is_told_and_tried_again_a_day_later(firm: Firm) -> None:
    grant(firm, "draft")
    project = firm.project(firm.client()["id"], rate=None)
    firm.time(project)
    publish(firm, projects=(project["id"],))
    [firing] = firings(firm)
    assert (firing.outcome, "no hourly rate" in firing.message) == ("refused", True)
    assert fired(firm) == []
    firm.sandbox.edit("projects", BUSINESS, project["id"], rate="90.00")
    firm.clock.advance(days=1, minutes=1)
    firm.connect()
    assert fired(firm)[0] == ("bill finished projects", "done")


def test_what_somebody_did_already_is_not_tried_again(firm: Firm) -> None:
    grant(firm, "draft", "send")
    publish(firm, projects=(firm.finished_project()["id"],))
    firm.home.rules.write_text(RULES.replace('then = "send_invoice"\nlive = true', 'then = "send_invoice"'))
    assert fired(firm) == [("bill finished projects", "done"), ("send what was drafted", "would")]
    [invoice] = firm.rows("invoices")
    firm.sandbox.edit("invoices", BUSINESS, invoice, status=2)
    firm.home.rules.write_text(RULES)
    assert fired(firm) == [("send what was drafted", "moot")]
    firm.clock.advance(days=2)
    firm.connect()
    assert fired(firm) == []
    assert firm.sandbox.outbox == []


def test_an_invoice_that_is_overdue_long_enough_is_reminded_of_once(firm: Firm) -> None:
    grant(firm, "remind")
    late, soon = firm.sent_invoice(), firm.sent_invoice()
    publish(firm, overdue={late["id"]: 7, soon["id"]: 6})
    assert fired(firm) == [("chase", "done")]
    assert [mail["id"] for mail in firm.sandbox.outbox] == [late["id"]]
    assert fired(firm) == []


def land(firm: Firm, name: str, content: bytes, **fields: Any) -> Path:
    folder = Path(firm.actions.policy.view().receipts_folder or "")
    (folder / f"{name}.png").write_bytes(content)
    data = {"vendor": name, "date": "2026-10-30", "amount": "54.00", "currency": "USD", **fields}
    (folder / f"{name}.json").write_text(json.dumps(data))
    return folder


def test_a_receipt_with_its_data_becomes_an_expense_with_the_file_beside_it(firm: Firm) -> None:
    grant(firm, "expense")
    folder = land(firm, "Staples", PNG)
    assert fired(firm) == [("file receipts", "done")]
    [expense] = firm.rows("expenses").values()
    assert (expense["vendor"], bool(expense["attachment"])) == ("Staples", True)
    assert fired(firm) == []
    (folder / "copy.json").write_bytes((folder / "Staples.json").read_bytes())
    assert fired(firm) == []
    land(firm, "Dear", PNG + b"2", amount="500.01")
    (folder / "broken.json").write_text("{")
    (folder / "empty.json").write_text("{}")
    (folder / "link.json").symlink_to(folder / "Staples.json")
    outcomes = sorted(outcome for _, outcome in fired(firm))
    assert outcomes == ["refused", "refused", "refused", "waits"]
    assert len(firm.rows("expenses")) == 1


def test_one_switch_stops_what_rules_do_too(firm: Firm) -> None:
    grant(firm, "draft")
    firm.actions.policy.stop("owner", Channel.terminal)
    publish(firm, projects=(firm.finished_project()["id"],))
    assert fired(firm) == [("bill finished projects", "waits")]
    firm.actions.policy.set("draft", firm.actions.policy.view().rule("none"), "owner", Channel.terminal)
    publish(firm, projects=(firm.finished_project()["id"],))
    [firing] = firings(firm)
    assert (firing.outcome, "freshbooks actions allow draft" in firing.message) == ("refused", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = 2", "version 2"),
        ("[[rule]", "cannot be read"),
        ('[[rule]]\nname = "a"\nwhen = "full moon"\nthen = "draft_invoice"', "`when` is one of"),
        ('[[rule]]\nname = "a"\nwhen = "project completed"\nthen = "send_invoice"', "draft_invoice"),
        ('[[rule]]\nname = "a"\nwhen = "project completed"', "then"),
        ('[[rule]]\nname = "a"\nwhen = "receipt lands"\nthen = "create_expense"\n' * 2, "one name"),
        (f'[[rule]]\nname = "{"a" * 40}"\nwhen = "receipt lands"\nthen = "create_expense"', "name"),
    ],
)
def test_a_file_that_is_wrong_says_where(firm: Firm, text: str, told: str) -> None:
    firm.home.rules.write_text(text)
    with pytest.raises(HubError, match=told):
        read_rules(firm.home)


def test_the_command_shows_and_runs_them(firm: Firm) -> None:
    publish(firm, projects=(firm.finished_project()["id"],))
    shown = CliRunner().invoke(cli, ["rules"]).stdout
    assert "bill finished projects: when project completed, draft invoice (live)" in shown
    assert "bill finished projects: would, project/" in shown
    assert firm.rows("invoices") == {}
    ran = json.loads(CliRunner().invoke(cli, ["rules", "--run", "--json"]).stdout)
    assert [one["outcome"] for one in ran["fired"]] == ["waits"]
    firm.home.rules.unlink()
    assert "There are no rules" in CliRunner().invoke(cli, ["rules"]).stdout


# -- from a completed project to a sent invoice and a paid one


@pytest.mark.long
def test_the_five_actions_of_the_purpose_run_unattended_within_limits(firm: Firm) -> None:
    def done(*words: str) -> dict[str, Any]:
        result = CliRunner().invoke(cli, [*words, "--json"])
        assert result.exit_code == 0, result.output
        action: dict[str, Any] = json.loads(result.stdout)
        assert (action["status"], action["approved_channel"]) == ("confirmed", "standing"), action
        return action

    grant(firm, "draft", "send", "expense", "payment")
    firm.actions.policy.grant("time", Limits(), "owner", Channel.terminal)
    firm.home.marts.unlink()
    project = firm.project(firm.client()["id"], complete=False)
    done("log-time", "--project-id", str(project["id"]), "--date", "2026-10-30", "--hours", "2:30")
    firm.sandbox.edit("projects", BUSINESS, project["id"], complete=True)
    land(firm, "Staples", PNG)

    synced = CliRunner().invoke(cli, ["sync"])
    assert synced.exit_code == 0, synced.output
    for told in ("bill finished projects: done", "send what was drafted: done", "file receipts: done"):
        assert told in synced.output
    [invoice] = firm.rows("invoices").values()
    assert (invoice["amount"]["amount"], invoice["v3_status"]) == ("250.00", "sent")
    assert [mail["id"] for mail in firm.sandbox.outbox] == [invoice["id"]]
    assert [row["vendor"] for row in firm.rows("expenses").values()] == ["Staples"]

    done("record-payment", "--invoice-id", invoice["invoice_number"], "--type", "Bank Transfer")
    assert invoice["v3_status"] == "paid"
    actions = firm.actions.list()
    assert len(actions) == 5
    assert all(action.unattended for action in actions)
    assert firm.actions.audit.verify().ok
