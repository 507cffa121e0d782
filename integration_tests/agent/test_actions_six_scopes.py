"""Actions of a connection with the six basic scopes: what cannot be read is a sentence, and nothing is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.connection import permissions
from integration_tests.agent.acting import Firm, opened_firm

SIX = list(permissions.asked("basic", actions=True))


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def refusal(firm: Firm, project: int | str) -> ActionRefused:
    with pytest.raises(ActionRefused) as caught:
        firm.actions.propose(DraftInvoiceRequest(project_id=project, taxes=[]), "agent")
    return caught.value


def test_a_draft_names_the_scope_that_it_needs_and_how_to_go_on(firm: Firm) -> None:
    project = firm.finished_project()
    firm.connect(SIX)
    for wanted in (project["id"], project["title"]):
        text = str(refusal(firm, wanted))
        assert "FreshBooks does not let project" in text
        assert "user:projects:read" in text
        assert "freshbooks connect" in text
        assert "Nothing was written." in text


@pytest.mark.parametrize(
    ("lacking", "what"),
    [("user:time_entries:read", "time entries"), ("user:billable_items:read", "services")],
)
def test_what_else_a_draft_reads_is_named_too(firm: Firm, lacking: str, what: str) -> None:
    project = firm.finished_project()
    firm.connect([scope for scope in firm.sandbox.behaviours.enabled_scopes if scope != lacking])
    text = str(refusal(firm, project["id"]))
    assert f"FreshBooks does not let {what} be read" in text
    assert lacking in text
