"""Whatever happens to a request, each thing is done at most once, and the ledger knows what is true."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import Status
from integration_tests.agent.acting import Firm, opened_firm
from integration_tests.agent.agents import (
    AGENTS,
    TROUBLE,
    UNCAPPED,
    Intents,
    add_trouble,
    check,
    one_by_one,
    settle_all,
)

LOST = ("drop_after", "truncate")  # the work was done, the answer was not heard
FIRST = ("draft_invoice", "send_invoice", "create_expense")  # the others' simpler faults: make test-long
NEVER_DONE = ("drop_before", "not_json", "error_200")


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home", **UNCAPPED) as firm:
        yield firm


def not_done(kind: str) -> Status:
    """How an action ends that had no effect: known, but for a mail that leaves no trace."""
    return Status.absent if KINDS[kind].leaves_trace else Status.needs_person


def name(fault: dict[str, object]) -> str:
    return f"{fault['kind']} {fault.get('status', '')}".strip()


def each_kind(fault: dict[str, object]) -> list[Any]:
    """Whether an action was done is found by its kind; where the answer is heard all kinds go the same way."""
    heard = fault["kind"] in ("slow", "rate_limited", "expire_token") or fault.get("status") in (401, 502)
    marks = {kind: [pytest.mark.long] if heard and kind not in FIRST else [] for kind in KINDS}
    return [pytest.param(kind, fault, id=f"{kind}-{name(fault)}", marks=marks[kind]) for kind in KINDS]


@pytest.mark.parametrize(("kind", "fault"), [case for fault in TROUBLE for case in each_kind(fault)])
def test_one_fault_at_the_write_itself(firm: Firm, kind: str, fault: dict[str, object]) -> None:
    intents = Intents(firm, [kind])
    action = firm.approve(intents.propose(kind))
    path, method = intents.all[kind].write
    firm.sandbox.requests.clear()
    firm.sandbox.faults.add(**{**fault, "path": path, "method": method})  # type: ignore[arg-type]
    now = firm.actions.dispatch(action.id)

    tries = [request.status for request in firm.sandbox.requests.matching(path, method)]
    repeats = fault["kind"] in ("rate_limited", "expire_token") or fault.get("status") == 401
    assert len(tries) == (2 if repeats else 1)
    if fault["kind"] in NEVER_DONE or fault.get("status") in (500, 502):
        assert now.status is Status.unknown  # never "failed": nobody knows yet
    else:
        assert now.status is Status.confirmed
    settled = firm.settled(action)
    done = fault["kind"] not in NEVER_DONE and fault.get("status") not in (500, 502)
    assert settled.status is (Status.confirmed if done else not_done(kind))
    assert len(firm.sandbox.requests.matching(path, method)) == len(tries)
    check(intents)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in FIRST else pytest.mark.long) for kind in KINDS]
)
def test_slower_than_the_timeout_is_looked_up(firm: Firm, kind: str) -> None:
    intents = Intents(firm, [kind])
    action = firm.approve(intents.propose(kind))
    hasty = Firm(firm.sandbox, firm.home.root, firm.lasting(read_timeout=0.4))
    hasty.clock = firm.clock
    hasty.actions = hasty.restarted()
    firm.sandbox.faults.add(kind="slow", seconds=0.6, method=intents.all[kind].write[1])
    now = hasty.actions.dispatch(action.id)
    assert now.status is Status.unknown
    firm.sandbox.faults.clear()
    time.sleep(0.6)  # FreshBooks takes its time, and does it
    assert firm.settled(action).status is Status.confirmed
    check(intents)


def test_a_lost_action_is_absent_after_the_waiting_time_and_not_before(firm: Firm) -> None:
    intents = Intents(firm, ["draft_invoice"])
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="drop_before", method="POST")
    assert firm.actions.dispatch(action.id).status is Status.unknown
    for _ in range(4):
        firm.clock.advance(minutes=3)
        firm.actions.settle()
        assert firm.actions.get(action.id).status is Status.unknown
        # Nothing else may bill these hours as long as nobody knows.
        assert intents.draft().id == action.id
    firm.clock.advance(minutes=4)
    (ended,) = firm.actions.settle()
    assert ended.status is Status.absent
    assert firm.done(intents.draft()).status is Status.confirmed
    check(intents)


def test_what_shows_up_late_is_found_within_the_waiting_time(firm: Firm) -> None:
    intents = Intents(firm, ["draft_invoice"])
    action = firm.approve(intents.draft())
    firm.sandbox.faults.add(kind="drop_after", method="POST")
    # FreshBooks's list does not have it at first.
    firm.sandbox.faults.add(kind="short_page", path="*/invoices/invoices", method="GET", skip=1, times=3)
    assert firm.actions.dispatch(action.id).status is Status.unknown
    assert firm.settled(action).status is Status.confirmed
    check(intents)


def test_an_equal_invoice_that_was_there_before_is_not_taken_for_ours(firm: Firm) -> None:
    intents = Intents(firm, ["draft_invoice"])
    action = intents.draft()
    line = {
        "name": "Time",
        "description": "Website: 2026-10-10 to 2026-10-11",
        "qty": "2.00",
        "unit_cost": "100.00",
    }
    twin = firm.draft(customerid=intents.project["client_id"], create_date="2026-11-02", lines=[line])
    firm.approve(action)
    firm.sandbox.faults.add(kind="drop_before", method="POST")
    firm.actions.dispatch(action.id)
    assert firm.settled(action).status is Status.absent
    assert twin["id"] in firm.rows("invoices")


MAKES_A_RECORD = [kind.name for kind in KINDS.values() if not kind.changes_record]


@pytest.mark.parametrize("kind", [kind for kind in MAKES_A_RECORD if kind != "create_client"])
def test_a_request_that_arrived_twice_goes_to_a_person(firm: Firm, kind: str) -> None:
    intents = Intents(firm, [kind])
    action = firm.approve(intents.propose(kind))
    firm.sandbox.faults.add(kind="duplicate", method="POST")
    now = firm.actions.dispatch(action.id)
    assert now.status is Status.needs_person
    assert now.result is not None
    table = intents.all[kind].table
    first, second = sorted(firm.rows(table))[-2:]
    assert f"{first}" in now.result.message
    firm.sandbox.delete(table, 439_000, second)
    settled = firm.actions.resolve(action.id, first, "owner", "terminal")
    assert settled.status is Status.confirmed
    check(intents)


def test_a_client_that_arrived_twice_is_there_once_for_its_name_is_taken_then(firm: Firm) -> None:
    intents = Intents(firm, ["create_client"])
    action = firm.approve(intents.propose("create_client"))
    firm.sandbox.faults.add(kind="duplicate", method="POST")
    assert firm.actions.dispatch(action.id).status is Status.confirmed
    check(intents)


def test_429_waits_as_asked_and_gives_up_in_bounds(firm: Firm) -> None:
    intents = Intents(firm, ["draft_invoice"])
    action = firm.approve(intents.draft())
    firm.clock.slept.clear()
    firm.sandbox.faults.add(kind="rate_limited", method="POST", seconds=7, times=None)
    now = firm.actions.dispatch(action.id)
    assert now.status is Status.failed
    assert firm.clock.slept == [7, 7]
    firm.sandbox.faults.clear()
    firm.sandbox.faults.add(kind="rate_limited", method="POST", seconds=86400)
    assert firm.done(intents.draft()).status is Status.confirmed
    assert firm.clock.slept[-1] == 60
    check(intents)


def test_401_refreshes_once(firm: Firm) -> None:
    intents = Intents(firm, ["draft_invoice"])
    action = firm.approve(intents.draft())
    firm.sandbox.requests.clear()
    firm.sandbox.faults.add(
        kind="status", status=401, body={}, method="POST", path="/accounting/*", times=None
    )
    now = firm.actions.dispatch(action.id)
    assert now.status is Status.failed
    assert len(firm.sandbox.requests.matching("/auth/oauth/token", "POST")) == 1
    assert len(firm.sandbox.requests.matching("*/invoices/invoices", "POST")) == 2


@pytest.mark.parametrize("agent", AGENTS)
def test_agents_in_fair_weather(firm: Firm, agent: str) -> None:
    intents = Intents(firm)
    AGENTS[agent](intents)
    settle_all(firm)
    check(intents)
    assert set(intents.written().values()) == ({0} if agent == "hostile" else {1})


@pytest.mark.parametrize("seed", range(12))
def test_agents_under_random_faults(firm: Firm, seed: int) -> None:
    under_random_faults(firm, seed)


@pytest.mark.long
def test_many_random_fault_schedules(tmp_path: Path) -> None:
    """SCHEDULES=500 before a release; other seeds then."""
    for seed in range(1000, 1000 + int(os.environ.get("SCHEDULES", "100"))):
        with opened_firm(tmp_path / str(seed), **UNCAPPED) as firm:
            under_random_faults(firm, seed)


# At each call one of those that end alike: an answer that is late is an answer, a 502 is a 500 to us, a 401 is an
# expired token, a request that was lost is an answer that was lost, and half an answer is as little JSON as none. At
# the write itself each has its turn.
ONE_OF_A_KIND = [
    fault
    for fault in TROUBLE
    if fault["kind"] not in ("slow", "drop_before", "not_json") and fault.get("status") not in (401, 502)
]


@pytest.mark.long
@pytest.mark.parametrize("fault", ONE_OF_A_KIND, ids=name)
@pytest.mark.parametrize("kind", KINDS)
def test_one_fault_at_every_call(tmp_path: Path, kind: str, fault: dict[str, object]) -> None:
    with opened_firm(tmp_path / "undisturbed", **UNCAPPED) as undisturbed:
        intents = Intents(undisturbed, [kind])
        undisturbed.sandbox.requests.clear()
        one_by_one(intents, kind)
        calls = len(undisturbed.sandbox.requests)
    for at in range(calls):
        # Books of its own each time: what others left in them would be more calls.
        with opened_firm(tmp_path / str(at), **UNCAPPED) as firm:
            intents = Intents(firm, [kind])
            firm.sandbox.faults.add(**{**fault, "skip": at})  # type: ignore[arg-type]
            one_by_one(intents, kind)
            settle_all(firm)
            check(intents)
    assert calls >= 5


def under_random_faults(firm: Firm, seed: int) -> None:
    dice = random.Random(seed)
    intents = Intents(firm, dice.sample(list(KINDS), 3))
    firm.sandbox.behaviours.billed_writable = dice.random() < 0.5
    add_trouble(firm, dice)
    AGENTS[dice.choice(("careful", "retrying", "greedy", "hostile"))](intents)
    settle_all(firm)
    check(intents)
    firm.sandbox.behaviours.billed_writable = True
