"""How far one drafted invoice walks through the code: a change that adds rooms or transactions is to be noticed."""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import freshbooks_api
import freshbooks_hub
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.models import Status
from integration_tests.agent.acting import Firm, opened_firm

PACKAGES = tuple(Path(str(package.__file__)).parent for package in (freshbooks_hub, freshbooks_api))
HUB = PACKAGES[0]
AGENTS = HUB / "agent"
# Fourteen of the agents; the others are the connection, its tokens, what `verify` found in this account, the database,
# clock, currencies, errors, labels and durable files, and the budget of requests that syncs share; and the client of
# the API with its error envelopes and that budget.
MOST_FILES_OF_AGENTS = 14
MOST_FILES_OF_THE_HUB = 24
MOST_FILES = 27
MOST_TRANSACTIONS = 8


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def test_one_draft_from_the_proposal_to_the_proof(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    project = firm.finished_project()
    entered: set[Path] = set()
    begun: list[str] = []
    connect = sqlite3.connect

    def counted(*args: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.set_trace_callback(
            lambda statement: begun.append(statement) if statement.startswith("BEGIN") else None
        )
        return db

    def watched(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            entered.add(Path(frame.f_code.co_filename))

    monkeypatch.setattr(sqlite3, "connect", counted)
    sys.setprofile(watched)
    try:
        action = firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent")
        done = firm.done(action)
    finally:
        sys.setprofile(None)

    assert done.status is Status.confirmed
    files = {path for path in entered if any(path.is_relative_to(package) for package in PACKAGES)}
    of_agents = {path for path in files if path.is_relative_to(AGENTS)}
    of_the_hub = {path for path in files if path.is_relative_to(HUB)}
    assert 5 < len(of_agents) <= MOST_FILES_OF_AGENTS, sorted(of_agents)
    assert len(of_the_hub) <= MOST_FILES_OF_THE_HUB, sorted(of_the_hub)
    assert len(files) <= MOST_FILES, "\n".join(sorted(map(str, files)))
    assert 2 < len(begun) <= MOST_TRANSACTIONS
