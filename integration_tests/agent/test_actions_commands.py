"""The owner's commands: what grants something wants a person at a terminal."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, Channel, Status
from freshbooks_hub.agent.actions.policy import Limits
from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.errors import HubError
from integration_tests.agent.acting import Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        monkeypatch.setenv("FRESHBOOKS_HOME", str(firm.home.root))
        yield firm


def run(*words: str, answer: str = "yes\n") -> Result:
    """The command with a pipe for its standard input."""
    return CliRunner().invoke(cli, words, input=answer)


def at_terminal(*words: str, answer: str = "yes\n") -> tuple[int, str]:
    """The command at a terminal where a person types the answer."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "freshbooks_hub.cli.main", *words]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # the terminal is closed
            break
        if not read:
            break
        shown += read
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def proposal(firm: Firm) -> Action:
    """In real time, as the commands see it."""
    actions = ActionService(firm.home)
    return actions.propose(DraftInvoiceRequest(project_id=firm.finished_project()["id"], taxes=[]), "agent")


def test_approve_shows_everything_asks_and_sends(firm: Firm) -> None:
    action = proposal(firm)
    code, shown = at_terminal("approve", action.id)
    assert code == 0, shown
    for part in ("Acme Ltd", "Website", "200.00 USD", "2026-10-10  1.00 h  Robin Achterberg", "confirmed:"):
        assert part in shown
    after = ActionService(firm.home).get(action.id)
    assert (after.status, after.approved_channel) == (Status.confirmed, "terminal")
    assert len(firm.rows("invoices")) == 1


def test_anything_but_yes_does_nothing(firm: Firm) -> None:
    action = proposal(firm)
    code, shown = at_terminal("approve", action.id, answer="y\n")
    assert code == 1
    assert "nothing was done" in shown
    assert ActionService(firm.home).get(action.id).status is Status.proposed


@pytest.mark.parametrize(
    "words",
    [
        ["approve", "ID"],
        ["actions", "allow", "send"],
        ["actions", "allow", "time", "--unattended"],
        ["actions", "undo", "ID"],
        ["actions", "receipts", "/"],
        ["actions", "link", "off"],
        ["actions", "resolve", "ID", "--absent"],
        ["actions", "release", "ID"],
    ],
    ids=lambda words: " ".join(words),
)
def test_a_pipe_cannot_say_yes(firm: Firm, words: list[str]) -> None:
    action = proposal(firm)
    before = firm.actions.policy.view()
    result = run(*[action.id if word == "ID" else word for word in words])
    assert isinstance(result.exception, HubError)
    assert "terminal" in str(result.exception)
    assert ActionService(firm.home).get(action.id).status is Status.proposed
    assert firm.actions.policy.view() == before


def test_allow_sets_caps_and_forbid_needs_no_question(firm: Firm) -> None:
    code, shown = at_terminal("actions", "allow", "draft", "--max-amount", "500:usd", "--per-day", "4")
    assert code == 0, shown
    rule = firm.actions.policy.view().rule("draft")
    assert (rule.allowed, rule.max_amount, rule.per_day) == (True, {"USD": "500"}, 4)
    assert run("actions", "forbid", "draft").exit_code == 0
    assert not firm.actions.policy.view().rule("draft").allowed


def test_list_show_reject_policy_and_log(firm: Firm) -> None:
    action = proposal(firm)
    assert action.id in run("actions", "list").stdout
    assert action.payload_hash in run("actions", "show", action.id, "--json").stdout
    assert "Acme Ltd" in run("actions", "show", action.id).stdout
    assert run("reject", action.id).stdout == "Rejected. Nothing was written.\n"
    assert run("refuse", proposal(firm).id).exit_code == 0  # its earlier name
    assert run("actions", "list").stdout.count("rejected") == 2
    assert "draft         on: 20 in 24 hours" in run("actions", "policy").stdout
    log = run("audit", "log").stdout
    assert "rejected" in log
    assert "{" not in log  # in words
    assert run("actions", "reconcile").stdout == "Nothing changed.\n"


def test_verify_says_whether_the_log_holds(firm: Firm) -> None:
    proposal(firm)
    assert run("audit", "verify").exit_code == 0
    (firm.home.root / "audit.head").write_text('{"seq": 99, "hash": ""}')
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "99 were written" in result.stderr


# -- each kind as a command, for programs without a model


def test_every_kind_is_a_command_with_the_fields_of_its_request(firm: Firm) -> None:
    for kind in KINDS.values():
        shown = run(kind.name.replace("_", "-"), "--help")
        assert shown.exit_code == 0, shown.output
        for name in kind.request.model_fields:
            assert f"--{name.replace('_', '-')}" in shown.output, (kind.name, name)


def test_a_command_proposes_and_does_what_is_granted(firm: Firm) -> None:
    project = firm.finished_project()["id"]
    words = ["draft-invoice", "--project-id", str(project), "--json"]
    none = ["--from-json", str(firm.home.root / "none.json")]
    (firm.home.root / "none.json").write_text('{"taxes": []}')
    waiting = json.loads(run(*words, *none).stdout)
    assert (waiting["status"], waiting["approved_by"]) == ("proposed", None)
    assert waiting["proposed_by"].endswith("command line")
    ActionService(firm.home).policy.grant(
        "draft", Limits(max_amount={"USD": "500"}), "owner", Channel.terminal
    )
    done = json.loads(run(*words, *none).stdout)
    assert (done["id"], done["status"]) == (waiting["id"], "confirmed")
    refused = run(*words)
    assert (refused.exit_code, json.loads(refused.stdout)["refused"]["code"]) == (1, "nothing_unbilled")


def test_options_are_texts_switches_lists_and_json(firm: Firm) -> None:
    client = firm.client()["id"]
    lines = '[{"name": "Work", "quantity": "2", "unit_cost": "100.00"}]'
    shown = run("create-estimate", "--client-id", str(client), "--lines", lines, "--taxes", "HST")
    assert "Total         226.00 USD" in shown.stdout
    assert "It waits for your approval: freshbooks approve " in shown.stdout
    entry = run("log-time", "--date", "2026-10-30", "--hours", "1.5", "--no-billable", "--note", "Café")
    assert "Billable      no" in entry.stdout
    wrong = run("create-estimate", "--client-id", str(client), "--lines", "[1")
    assert wrong.exit_code == 2
    missing = run("log-time", "--hours", "1")
    assert isinstance(missing.exception, HubError)
    assert "date: Field required" in str(missing.exception)


# -- standing permissions


def test_unattended_stop_and_undo(firm: Firm) -> None:
    words = ("actions", "allow", "draft", "--unattended", "--max-amount", "500:usd", "--per-day", "5")
    code, shown = at_terminal(*words)
    assert code == 0, shown
    assert "without asking until" in shown
    rule = firm.actions.policy.view().rule("draft")
    assert rule.unattended is not None
    assert (rule.unattended.max_amount, rule.unattended.per_day, rule.per_day) == ({"USD": "500"}, 5, 20)
    request = DraftInvoiceRequest(project_id=firm.finished_project()["id"], taxes=[])
    done = ActionService(firm.home).act(request, "agent")
    assert done.unattended
    code, shown = at_terminal("actions", "undo", done.id)
    assert (code, "Undone by" in shown) == (0, True), shown
    assert run("actions", "stop").exit_code == 0
    assert firm.actions.policy.view().rule("draft").unattended is None
