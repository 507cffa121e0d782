"""Time that is logged, and clients that are created and changed: look-alikes are found before anything is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.kinds import as_text
from freshbooks_hub.agent.actions.kinds.create_client import CreateClientRequest
from freshbooks_hub.agent.actions.kinds.log_time import LogTimeRequest
from freshbooks_hub.agent.actions.kinds.update_client import UpdateClientRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from integration_tests.agent.acting import BUSINESS, Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def propose(firm: Firm, request: Any) -> Action:
    return firm.actions.propose(request, "agent")


def refusal(firm: Firm, request: Any) -> ActionRefused:
    with pytest.raises(ActionRefused) as caught:
        propose(firm, request)
    return caught.value


def ended(firm: Firm, action: Action) -> tuple[Status, str | None]:
    now = firm.actions.dispatch(action.id)
    return now.status, now.result.code if now.result else None


# -- time


def test_time_is_logged_on_the_clock_of_the_business_with_its_project_client_and_service(firm: Firm) -> None:
    service = min(firm.rows("services"))
    project = firm.project(firm.client()["id"], complete=False)
    name = firm.rows("services")[service]["name"]
    request = LogTimeRequest(
        project_id=project["id"],
        service_id=name.upper(),
        date="2026-10-30",
        start="14:30",
        hours="1:20",
        note="Draft",
    )
    action = propose(firm, request)
    assert "1:20 h on 2026-10-30, from 14:30 (America/Toronto)" in as_text(action)
    done = firm.done(action)
    assert (done.status, done.result and done.result.differences) == (Status.confirmed, ())
    [sent] = firm.sent("/timetracking/*/time_entries", "POST")
    assert sent["time_entry"] == {
        "is_logged": True,
        "started_at": "2026-10-30T18:30:00Z",  # Toronto is at -4 hours then
        "duration": 4800,
        "client_id": project["client_id"],
        "project_id": project["id"],
        "service_id": service,
        "note": "Draft",
        "billable": True,
    }


@pytest.mark.parametrize(("hours", "seconds"), [("1.33", 4800), ("0.01", 60), ("24", 86400), ("0:45", 2700)])
def test_hours_become_whole_minutes(firm: Firm, hours: str, seconds: int) -> None:
    firm.done(propose(firm, LogTimeRequest(date="2026-10-30", hours=hours)))
    assert [row["duration"] for row in firm.rows("time_entries").values()] == [seconds]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"hours": "0"}, "invalid_hours"),
        ({"hours": "24.01"}, "invalid_hours"),
        ({"hours": "90m"}, "invalid_hours"),
        ({"start": "9am"}, "invalid_start"),
        ({"date": "2026-11-03"}, "invalid_date"),
        ({"service_id": "Dancing"}, "service_unknown"),
        ({"project_id": 1}, "project_unknown"),
    ],
    ids=str,
)
def test_time_that_cannot_be_is_refused(firm: Firm, fields: dict[str, Any], code: str) -> None:
    given = {"date": "2026-10-30", "hours": "1", **fields}
    assert refusal(firm, LogTimeRequest.model_validate(given)).code == code


def test_an_equal_entry_of_the_day_is_asked_about_and_of_another_project_is_none(firm: Firm) -> None:
    one, two = (firm.project(firm.client()["id"], complete=False)["id"] for _ in range(2))
    request = LogTimeRequest(date="2026-10-30", hours="1", project_id=one)
    firm.done(propose(firm, request))
    twin = refusal(firm, request.model_copy(update={"note": "the afternoon", "start": "15:00"}))
    assert (twin.code, twin.detail["time_entry_ids"]) == ("look_alike", [*firm.rows("time_entries")])
    assert firm.done(propose(firm, request.model_copy(update={"project_id": two}))).status is Status.confirmed
    again = propose(firm, request.model_copy(update={"another_entry": True}))
    assert again.preview.warnings
    assert firm.done(again).status is Status.confirmed
    assert len(firm.rows("time_entries")) == 3


def test_an_equal_entry_that_appears_meanwhile_makes_the_approval_void(firm: Firm) -> None:
    project = firm.project(firm.client()["id"], complete=False)
    request = LogTimeRequest(date="2026-10-30", hours="1", project_id=project["id"])
    action = firm.approve(propose(firm, request))
    me = firm.sandbox.store.identity["identity_id"]
    firm.time(project, started_at="2026-10-30T15:00:00Z", identity_id=me)
    assert ended(firm, action) == (Status.failed, "stale")


# -- clients


@pytest.mark.parametrize(
    "fields",
    [{"organization": "ACME ltd"}, {"organization": "Other", "email": "PAY@acme.example"}],
    ids=["name", "address"],
)
def test_a_client_that_is_there_is_found_first(firm: Firm, fields: dict[str, str]) -> None:
    known = firm.client()
    twin = refusal(firm, CreateClientRequest.model_validate(fields))
    assert (twin.code, twin.detail["clients"]) == ("look_alike", [{"id": known["id"], "name": "Acme Ltd"}])
    archived = firm.client(organization="Old & Co", email="old@example.com")
    firm.sandbox.archive("clients", BUSINESS, archived["id"])
    assert refusal(firm, CreateClientRequest(organization="Old & Co")).code == "look_alike"
    said = propose(firm, CreateClientRequest.model_validate(fields | {"another_client": True}))
    assert f"({known['id']})" in said.preview.warnings[0]


def test_a_nearly_equal_name_is_told_and_another_name_is_none(firm: Firm) -> None:
    firm.client(organization="Northern Lights Ltd", email="one@example.com")
    near = propose(firm, CreateClientRequest(organization="Northern Light Ltd"))
    assert "nearly this name" in near.preview.warnings[0]
    assert propose(firm, CreateClientRequest(organization="Southern Cross")).preview.warnings == ()


def test_a_client_is_created_with_what_was_given_and_nothing_else(firm: Firm) -> None:
    request = CreateClientRequest(
        organization="Zenith", first_name="Ana", email="ana@zenith.example", currency="EUR", language="pt"
    )
    done = firm.done(propose(firm, request))
    assert (done.status, done.result and done.result.differences) == (Status.confirmed, ())
    [sent] = firm.sent("*/users/clients", "POST")
    assert sent["client"] == {
        "organization": "Zenith",
        "fname": "Ana",
        "email": "ana@zenith.example",
        "currency_code": "EUR",
        "language": "pt",
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"phone": "1"}, "name_missing"),
        ({"organization": "  "}, "name_missing"),
        ({"email": "not an address"}, "invalid_email"),
        ({"organization": "A", "currency": "usd"}, "invalid_currency"),
        ({"organization": "A", "language": "French"}, "invalid_language"),
    ],
    ids=str,
)
def test_a_client_that_cannot_be_is_refused(firm: Firm, fields: dict[str, str], code: str) -> None:
    assert refusal(firm, CreateClientRequest.model_validate(fields)).code == code


def test_a_plan_without_room_for_a_client_is_told(firm: Firm) -> None:
    firm.sandbox.behaviours.client_limit = 0
    done = firm.done(propose(firm, CreateClientRequest(organization="Zenith")))
    assert done.status is Status.failed
    assert done.result is not None
    assert "7005" in done.result.message


def test_a_change_sends_what_is_otherwise_and_shows_before_and_after(firm: Firm) -> None:
    client = firm.client(bus_phone="1", p_city="Toronto")
    request = UpdateClientRequest(client_id=client["id"], phone="2", city="Toronto", organization="Acme Inc")
    action = propose(firm, request)
    assert "Phone         1  ->  2" in as_text(action)
    assert firm.done(action).status is Status.confirmed
    [sent] = firm.sent("*/users/clients/*", "PUT")
    assert sent == {"client": {"organization": "Acme Inc", "bus_phone": "2"}}
    assert refusal(firm, request).code == "nothing_to_change"
    # What was there before may come again.
    back = UpdateClientRequest(client_id=client["id"], phone="1", organization="Acme Ltd")
    firm.sandbox.edit("clients", BUSINESS, client["id"], note="later")
    assert firm.done(propose(firm, back)).status is Status.confirmed


def test_a_change_does_not_make_two_clients_one_nor_undo_somebodys_work(firm: Firm) -> None:
    firm.client(organization="Zenith", email="z@example.com")
    client = firm.client()
    taken = UpdateClientRequest(client_id=client["id"], email="Z@example.com")
    assert refusal(firm, taken).code == "look_alike"
    action = firm.approve(propose(firm, UpdateClientRequest(client_id=client["id"], phone="2")))
    firm.sandbox.edit("clients", BUSINESS, client["id"], bus_phone="3")
    assert ended(firm, action) == (Status.failed, "stale")
