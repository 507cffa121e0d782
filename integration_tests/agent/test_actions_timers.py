"""A timer is started and stopped as it was shown, however late that is approved; one that is there is said first."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from freshbooks_hub.agent.actions.kinds import as_text
from freshbooks_hub.agent.actions.kinds.start_timer import StartTimerRequest
from freshbooks_hub.agent.actions.kinds.stop_timer import StopTimerRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Limits
from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.cli.main import cli
from integration_tests.agent.acting import BUSINESS, Firm, opened_firm
from integration_tests.agent.mcp_client import client, data, sentence

START, STOP = ("/comments/*/time_entries", "POST"), ("/comments/*/timers/*", "PUT")


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


@pytest.fixture
def project(firm: Firm) -> dict[str, Any]:
    return firm.project(firm.client()["id"], complete=False)


def propose(firm: Firm, request: Any) -> Action:
    return firm.actions.propose(request, "agent")


def refusal(firm: Firm, request: Any) -> ActionRefused:
    with pytest.raises(ActionRefused) as caught:
        propose(firm, request)
    return caught.value


def logged(firm: Firm) -> list[dict[str, Any]]:
    return [row for row in firm.rows("time_entries").values() if row["is_logged"] and row["active"]]


def running(firm: Firm) -> list[dict[str, Any]]:
    return [row for row in firm.rows("time_entries").values() if not row["is_logged"] and row["active"]]


# -- start


def test_a_timer_counts_from_the_proposal_on_its_project_client_and_service(
    firm: Firm, project: dict[str, Any]
) -> None:
    service = min(firm.rows("services"))
    request = StartTimerRequest(project_id=project["title"], service_id=service, note="Sketches")
    action = propose(firm, request)
    assert "Start         2026-11-02 10:00:00 (America/Toronto)" in as_text(action)
    firm.clock.advance(minutes=20)
    done = firm.done(action)
    assert (done.status, done.result and done.result.differences) == (Status.confirmed, ())
    [sent] = firm.sent(*START)
    assert sent["time_entry"] == {
        "is_logged": False,
        "started_at": "2026-11-02T15:00:00Z",
        "duration": None,
        "timer": {},
        "note": "Sketches",
        "billable": True,
        "client_id": project["client_id"],
        "project_id": project["id"],
        "service_id": service,
    }
    [row] = running(firm)
    assert row["timer"]["is_running"] is True


def test_a_timer_that_is_there_is_said_and_asked_about(firm: Firm, project: dict[str, Any]) -> None:
    number = firm.timer(project, 1800, note="Call")
    other = firm.project(firm.client()["id"], complete=False, title="App")
    told = refusal(firm, StartTimerRequest(project_id=other["id"]))
    assert told.code == "timer_running"
    assert "is paused already" in str(told)
    [there] = told.detail["timers"]
    assert there["project"] == "Website"
    assert (there["id"], there["minutes"], there["note"]) == (number, 30, "Call")
    # The same work twice at once is never meant.
    same = StartTimerRequest(project_id=project["id"], another_timer=True)
    assert refusal(firm, same).code == "timer_running"
    both = propose(firm, StartTimerRequest(project_id=other["id"], another_timer=True))
    assert "both are wanted" in both.preview.warnings[0]
    assert firm.done(both).status is Status.confirmed


def test_two_proposals_do_not_become_two_timers(firm: Firm, project: dict[str, Any]) -> None:
    first = propose(firm, StartTimerRequest(project_id=project["id"]))
    firm.clock.advance(minutes=2)
    again = refusal(firm, StartTimerRequest(project_id=project["id"]))
    assert (again.code, again.detail["actions"][0]["id"]) == ("already_proposed", first.id)
    firm.approve(first)
    firm.timer(None, None)  # somebody starts one in FreshBooks
    done = firm.actions.dispatch(first.id)
    assert (done.status, done.result and done.result.code) == (Status.failed, "stale")
    assert firm.sent(*START) == []


def test_after_it_is_stopped_the_same_work_may_be_timed_again(firm: Firm, project: dict[str, Any]) -> None:
    for _ in range(2):
        firm.done(propose(firm, StartTimerRequest(project_id=project["id"])))
        firm.clock.advance(minutes=10)
        assert firm.done(propose(firm, StopTimerRequest())).status is Status.confirmed
    assert [row["duration"] for row in logged(firm)] == [600, 600]
    assert running(firm) == []


def test_an_entry_that_freshbooks_made_without_a_timer_is_not_taken_for_one(
    firm: Firm, project: dict[str, Any]
) -> None:
    action = firm.approve(propose(firm, StartTimerRequest(project_id=project["id"])))
    firm.sandbox.faults.add(kind="drop_after", path=START[0], method="POST")
    firm.sandbox.faults.add(kind="status", status=500, path="/timetracking/*", method="GET", skip=2, times=9)
    assert firm.actions.dispatch(action.id).status is Status.unknown
    firm.sandbox.faults.clear()
    [row] = running(firm)
    row["timer"] = None
    firm.sandbox.books(BUSINESS).table("time_entries").changed()
    settled = firm.settled(action)
    assert (settled.status, settled.result and settled.result.code) == (Status.needs_person, "near_match")


def test_undoing_a_start_discards_the_timer_unless_somebody_worked_on_it(
    firm: Firm, project: dict[str, Any]
) -> None:
    action = firm.done(propose(firm, StartTimerRequest(project_id=project["id"])))
    firm.actions.undo(action.id, "owner", Channel.web)
    assert running(firm) == []
    action = firm.done(propose(firm, StartTimerRequest(project_id=project["id"])))
    firm.clock.advance(minutes=5)
    stopped = firm.done(propose(firm, StopTimerRequest()))
    with pytest.raises(ActionRefused) as caught:
        firm.actions.undo(action.id, "owner", Channel.web)
    assert caught.value.code == "changed"
    assert not firm.actions.may_undo(stopped)  # deleting the entry would not bring the timer back
    assert len(logged(firm)) == 1


# -- stop


def test_a_stopped_timer_is_one_entry_to_the_minute_until_the_proposal(
    firm: Firm, project: dict[str, Any]
) -> None:
    service = min(firm.rows("services"))
    firm.timer(project, 57, None, service_id=service, note="Sketches", billable=False)
    firm.clock.advance(minutes=10)
    action = propose(firm, StopTimerRequest(note="Sketches, two of them"))
    assert action.preview.heading == "Stop a timer and log 0:11 hours"
    assert "since 2026-11-02 09:00 (America/Toronto)" in as_text(action)
    firm.clock.advance(hours=3)  # lunch, until somebody approves
    done = firm.done(action)
    assert (done.status, done.result and done.result.differences) == (Status.confirmed, ())
    [body] = firm.sent(*STOP)
    durations = [(row["duration"], row["is_logged"]) for row in body["timer"]["time_entries"]]
    assert durations == [(57, False), (600, False)]
    [row] = logged(firm)
    assert (row["duration"], row["note"], row["billable"]) == (660, "Sketches, two of them", False)
    assert (row["project_id"], row["client_id"], row["service_id"]) == (
        project["id"],
        project["client_id"],
        service,
    )
    assert running(firm) == []
    assert refusal(firm, StopTimerRequest()).code == "no_timer"


def test_which_timer_is_asked_and_one_without_time_is_left_alone(firm: Firm, project: dict[str, Any]) -> None:
    assert refusal(firm, StopTimerRequest()).code == "no_timer"
    short = firm.timer(project, 29)
    assert refusal(firm, StopTimerRequest()).code == "too_short"
    long = firm.timer(None, 3600)
    told = refusal(firm, StopTimerRequest())
    assert (told.code, {timer["id"] for timer in told.detail["timers"]}) == ("timer_unclear", {short, long})
    assert refusal(firm, StopTimerRequest(timer_id=1)).code == "timer_unclear"
    assert firm.done(propose(firm, StopTimerRequest(timer_id=long))).status is Status.confirmed
    assert [row["timer"]["id"] for row in running(firm)] == [short]


def test_an_unlogged_entry_without_a_timer_is_none(firm: Firm) -> None:
    firm.timer(None, 3600, timer=None)
    assert refusal(firm, StopTimerRequest()).code == "no_timer"


@pytest.mark.parametrize("change", ["paused", "other work", "discarded", "logged"])
def test_a_timer_that_changed_meanwhile_makes_the_approval_void(
    firm: Firm, project: dict[str, Any], change: str
) -> None:
    firm.timer(project, None)
    firm.clock.advance(minutes=10)
    action = firm.approve(propose(firm, StopTimerRequest()))
    [row] = running(firm)
    if change == "discarded":
        firm.sandbox.delete("time_entries", BUSINESS, row["id"])
    else:
        row.update({"paused": {"duration": 60}, "other work": {"project_id": None}}.get(change) or {})
        row["is_logged"] = change == "logged"
        firm.sandbox.books(BUSINESS).table("time_entries").changed()
    done = firm.actions.dispatch(action.id)
    assert (done.status, done.result and done.result.code) == (Status.failed, "stale")
    assert firm.sent(*STOP) == []


def test_a_stop_that_arrived_twice_is_logged_once(firm: Firm, project: dict[str, Any]) -> None:
    firm.timer(project, 3600)
    action = firm.approve(propose(firm, StopTimerRequest()))
    firm.sandbox.faults.add(kind="duplicate", path=STOP[0], method="PUT")
    assert firm.actions.dispatch(action.id).status is Status.confirmed
    assert [row["duration"] for row in logged(firm)] == [3600]


def test_an_equal_entry_of_before_is_not_taken_for_the_stopped_timer(
    firm: Firm, project: dict[str, Any]
) -> None:
    me = firm.sandbox.store.identity["identity_id"]
    firm.timer(project, 3600)
    firm.time(project, 3600, started_at="2026-11-02T14:30:00Z", identity_id=me)
    action = firm.approve(propose(firm, StopTimerRequest()))
    firm.sandbox.faults.add(kind="drop_before", path=STOP[0], method="PUT")
    assert firm.actions.dispatch(action.id).status is Status.unknown
    assert firm.settled(action).status is Status.absent
    assert firm.done(propose(firm, StopTimerRequest())).status is Status.confirmed


def test_without_asking_a_timer_is_stopped_but_one_that_may_be_forgotten_asks(
    firm: Firm, project: dict[str, Any]
) -> None:
    for write in ("start-timer", "stop-timer"):
        firm.actions.policy.grant(write, Limits(), "owner", Channel.terminal)
    assert firm.actions.act(StartTimerRequest(project_id=project["id"]), "agent").status is Status.confirmed
    firm.clock.advance(hours=2)
    assert firm.actions.act(StopTimerRequest(), "agent").status is Status.confirmed
    firm.actions.act(StartTimerRequest(project_id=project["id"]), "agent")
    firm.clock.advance(hours=13)
    forgotten = firm.actions.act(StopTimerRequest(), "agent")
    assert forgotten.status is Status.proposed
    assert "Was it forgotten?" in forgotten.preview.warnings[0]


# -- seeing it


def test_the_timer_is_seen_by_agents_and_at_a_terminal(
    firm: Firm, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(firm.home.root))

    def asked() -> Any:
        async def run() -> Any:
            async with client(build_server(firm.home), "2026-07-28") as connected:
                return await connected.call_tool("get_timer", {})

        return anyio.run(run)

    assert sentence(asked()) == "No timer is running or paused."
    assert CliRunner().invoke(cli, ["timer"]).output == "No timer is running or paused.\n"
    # In real time, as the tool and the command see it.
    began = datetime.now(UTC) - timedelta(minutes=83)
    number = firm.timer(project, None, note="Call", started_at=f"{began:%Y-%m-%dT%H:%M:%SZ}")
    [timer] = data(asked())["timers"]
    assert (timer["id"], timer["is_running"], timer["project"]) == (number, True, "Website")
    assert timer["minutes"] in (83, 84)
    told = CliRunner().invoke(cli, ["timer"]).output
    assert told.startswith(("1:23 h, running since ", "1:24 h, running since "))
    assert f": Website, Acme Ltd. Call (timer {number})" in told
    [same] = json.loads(CliRunner().invoke(cli, ["timer", "--json"]).output)
    assert same["id"] == number


def test_the_commands_start_and_stop_one(
    firm: Firm, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(firm.home.root))
    words = ["start-timer", "--project-id", str(project["id"]), "--note", "Call", "--json"]
    told = CliRunner().invoke(cli, words)
    assert json.loads(told.output)["status"] == "proposed"
    firm.timer(project, 3600, started_at=f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")
    assert json.loads(CliRunner().invoke(cli, ["stop-timer", "--json"]).output)["preview"]["minutes"] == 60
