"""A process that is killed, or meets another one, sends nothing twice and leaves no lie in the ledger."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from integration_tests.agent.acting import Firm, opened_firm
from integration_tests.agent.agents import UNCAPPED, Intents, check, settle_all


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def started(firm: Firm, action: Action) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "integration_tests.agent.dispatching"]
    arguments = [str(firm.home.root), action.id, firm.clock.now().isoformat()]
    return subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, start_new_session=True)


def killed_when(process: "subprocess.Popen[bytes]", reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def arrived(firm: Firm, path: str, method: str) -> Callable[[], bool]:
    before = len(firm.sandbox.requests.matching(path, method))
    return lambda: len(firm.sandbox.requests.matching(path, method)) > before


CREATE = ("*/invoices/invoices", "POST")
FIRST = ("draft_invoice", "send_invoice", "create_expense")


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind in FIRST else pytest.mark.long) for kind in KINDS],
)
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_killed_between_the_request_and_the_answer(firm: Firm, kind: str, done: bool) -> None:
    intents = Intents(firm, [kind])
    action = firm.approve(intents.propose(kind))
    path, method = intents.all[kind].write
    # FreshBooks does it a moment after the sender's death, or never.
    fault = {"kind": "slow", "seconds": 0.3} if done else {"kind": "hang"}
    firm.sandbox.faults.add(**fault, path=path, method=method)  # type: ignore[arg-type]
    killed_when(started(firm, action), arrived(firm, path, method))

    after = firm.restarted()
    assert after.get(action.id).status is Status.dispatching
    time.sleep(0.5)
    settle_all(firm)
    lost = Status.absent if KINDS[kind].leaves_trace else Status.needs_person
    assert after.get(action.id).status is (Status.confirmed if done else lost)
    assert len(firm.sandbox.requests.matching(path, method)) == 1
    check(intents)


def test_killed_after_the_answer_and_before_it_was_noted(firm: Firm) -> None:
    intents = Intents(firm)
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="hang", path=CREATE[0] + "/*", method="GET")
    killed_when(started(firm, action), arrived(firm, CREATE[0] + "/*", "GET"))
    settle_all(firm)
    assert firm.actions.get(action.id).status is Status.confirmed
    check(intents)


def test_killed_while_time_was_being_marked_the_rest_is_marked_later(firm: Firm) -> None:
    intents = Intents(firm)
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="hang", path="/timetracking/*", method="PUT", skip=1)
    reached = arrived(firm, "/timetracking/*", "PUT")
    killed_when(started(firm, action), lambda: reached() and _marked(firm) == 1)
    settle_all(firm)
    settled = firm.actions.get(action.id)
    assert settled.result is not None
    assert settled.result.linked_in_freshbooks is True
    assert _marked(firm) == 2
    check(intents)


def _marked(firm: Firm) -> int:
    return sum(row["billed"] for row in firm.rows("time_entries").values())


@pytest.mark.long
def test_killed_at_random_moments(firm: Firm) -> None:
    dice = random.Random(5)
    firm.allow(*(kind.write for kind in KINDS.values()), **UNCAPPED)
    for _ in range(10):
        intents = Intents(firm)
        action = firm.approve(intents.propose(dice.choice(list(KINDS))))
        firm.sandbox.faults.add(kind="slow", seconds=0.1, times=None)
        reached = arrived(firm, "*", "GET")
        process = started(firm, action)
        until: list[float] = []

        def due(reached: Callable[[], bool] = reached, until: list[float] = until) -> bool:
            if reached() and not until:
                until.append(time.monotonic() + dice.uniform(0, 1.2))
            return bool(until) and time.monotonic() > until[0]

        try:
            killed_when(process, due)
        except AssertionError:
            assert process.returncode == 0  # it was done sooner
        time.sleep(0.3)
        settle_all(firm)
        check(intents)


def test_two_at_once_send_it_once(firm: Firm) -> None:
    intents = Intents(firm)
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="slow", seconds=0.2, method="POST")

    def attempt(_: int) -> str:
        try:
            return firm.restarted().dispatch(action.id).status.value
        except ActionRefused as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)))
    assert outcomes == ["confirmed", "wrong_status", "wrong_status", "wrong_status"]
    assert len(firm.sandbox.requests.matching(*CREATE)) == 1
    check(intents)


def test_reconciling_leaves_alone_what_a_living_process_sends(firm: Firm) -> None:
    intents = Intents(firm)
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="slow", seconds=0.4, method="POST")
    sender = threading.Thread(target=firm.actions.dispatch, args=[action.id])
    reached = arrived(firm, *CREATE)
    sender.start()
    while not reached():
        time.sleep(0.01)
    assert firm.restarted().settle() == []  # it waited for the sender
    sender.join()
    events = [entry["event"] for entry in firm.actions.audit.entries() if entry["action_id"] == action.id]
    assert "unknown" not in events
    check(intents)


def test_many_agents_proposing_the_same_at_once_make_one_action(firm: Firm) -> None:
    intents = Intents(firm)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: intents.draft().id, range(4)))
    assert len(set(made)) == 1
