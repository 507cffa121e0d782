"""Rows deleted for good are found by those who know that they were there."""

import json
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run_read

from freshbooks_sandbox import Sandbox
from integration_tests import warm
from integration_tests.connector import catalog_of, config_of, error_text, rows
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.deletions import KnownIds

BUSINESS = 439000


def reconcile(config: dict[str, Any], stream: str, ids: list[Any]) -> EntrypointOutput:
    catalog = catalog_of(stream)
    known = KnownIds({stream: {str(BUSINESS): ids}})
    return run_read(SourceFreshbooks(catalog=catalog, config=config, known_ids=known), config, catalog)


def test_a_row_deleted_for_good_comes_as_a_tombstone(sandbox: Sandbox, config: dict[str, Any]) -> None:
    known = list(sandbox.books(BUSINESS)["taxes"])
    gone = known[0]
    sandbox.delete("taxes", BUSINESS, gone)
    assert gone not in sandbox.books(BUSINESS)["taxes"]
    records = rows(reconcile(config, "taxes", known), "taxes")
    tombstones = [r for r in records if r["is_deleted"]]
    assert [(r["business_id"], r["taxid"]) for r in tombstones] == [(BUSINESS, gone)]
    assert tombstones[0]["updated_at_utc"] >= "2026"
    assert {r["taxid"] for r in records if r["business_id"] == BUSINESS} == set(known)


def test_a_row_that_a_list_lost_comes_as_it_is(sandbox: Sandbox, config: dict[str, Any]) -> None:
    known = [row_id for row_id, row in sandbox.books(BUSINESS)["clients"].items() if row["vis_state"] == 0]
    hidden = known[5]
    sandbox.books(BUSINESS)["clients"][hidden]["vis_state"] = 7  # in none of the three lists
    sandbox.books(BUSINESS).table("clients").changed()
    records = rows(reconcile(config, "clients", known), "clients")
    found = [r for r in records if (r["business_id"], r["userid"]) == (BUSINESS, hidden)]
    assert len(found) == 1
    assert found[0]["organization"] == sandbox.books(BUSINESS)["clients"][hidden]["organization"]
    assert not found[0]["is_deleted"]


def test_a_service_that_only_projects_show_still_lives(sandbox: Sandbox, config: dict[str, Any]) -> None:
    embedded = next(
        p["services"][0]["id"] for p in sandbox.books(BUSINESS)["projects"].values() if p["active"]
    )
    sandbox.books(BUSINESS)["services"].pop(embedded)
    sandbox.books(BUSINESS).table("services").changed()
    records = rows(reconcile(config, "services", [embedded]), "services")
    found = [r for r in records if (r["business_id"], r["id"]) == (BUSINESS, embedded)]
    assert [r["is_deleted"] for r in found] == [False]


def test_nothing_is_called_deleted_on_suspicion(sandbox: Sandbox, config: dict[str, Any]) -> None:
    """When fewer rows come than were counted, a missing row proves nothing."""
    sandbox.faults.add(kind="short_page", rows=2, path="*/items/items", times=None)
    records = rows(reconcile(config, "items", list(sandbox.books(BUSINESS)["items"])), "items")
    assert records
    assert not [
        r
        for r in records
        if r["is_deleted"] and sandbox.books(BUSINESS)["items"][r["itemid"]]["vis_state"] != 1
    ]
    assert not sandbox.requests.matching("*/items/items/*")


def test_rows_that_are_counted_and_none_sent_are_no_deletion(
    sandbox: Sandbox, config: dict[str, Any]
) -> None:
    sandbox.behaviours.unreadable.add("items")
    output = reconcile(config, "items", list(sandbox.books(BUSINESS)["items"]))
    assert not rows(output, "items")
    assert "sends none of them" in error_text(output)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"response": {}},
        {"result": {}},
        {"response": {"result": {}}},
        {"tax": [{"taxid": 1}]},
        {"tax": {"taxid": 1}},
    ],
    ids=str,
)
def test_an_odd_answer_for_one_record_is_no_deletion(
    sandbox: Sandbox, config: dict[str, Any], answer: Any
) -> None:
    known = list(sandbox.books(BUSINESS)["taxes"])
    _lose(sandbox, "*/taxes/taxes", "taxes", "taxid", known[0])
    sandbox.faults.add(
        kind="rewrite", path="*/taxes/taxes/*", times=None, rewrite=lambda _: json.dumps(answer).encode()
    )
    output = reconcile(config, "taxes", known)
    assert not [r for r in rows(output, "taxes") if r["is_deleted"]]
    assert "in an unknown shape" in error_text(output)


def _lose(sandbox: Sandbox, path: str, rows_key: str, key: str, id_: Any) -> None:
    """A list that neither holds nor counts one of its rows."""

    def without(body: bytes) -> bytes:
        answer = json.loads(body)
        result = answer.get("response", {}).get("result", answer) if isinstance(answer, dict) else answer
        result[rows_key] = [row for row in result[rows_key] if row[key] != id_]
        for paging in (result, result.get("meta", {})):
            if "total" in paging:
                paging["total"] = len(result[rows_key])
        return json.dumps(answer).encode()

    sandbox.faults.add(kind="rewrite", path=path, times=None, rewrite=without)


@pytest.mark.parametrize(
    ("stream", "key", "single"),
    [("services", "id", "service/{}"), ("service_rates", "service_id", "service/{}/rate")],
)
def test_services_and_their_rates_are_asked_for_at_their_own_address(
    sandbox: Sandbox, config: dict[str, Any], stream: str, key: str, single: str
) -> None:
    embedded = {s["id"] for p in sandbox.books(BUSINESS)["projects"].values() for s in p["services"]}
    lost = next(i for i in sandbox.books(BUSINESS)[stream] if stream != "services" or i not in embedded)
    _lose(sandbox, f"*/{BUSINESS}/{stream}", stream, key, lost)
    records = rows(reconcile(config, stream, list(sandbox.books(BUSINESS)[stream])), stream)
    assert [r["is_deleted"] for r in records if (r["business_id"], r[key]) == (BUSINESS, lost)] == [False]
    assert sandbox.requests.matching(f"*/{single.format(lost)}")


@pytest.mark.parametrize(
    ("stream", "key", "flagged"),
    [
        ("time_entries", "id", True),
        ("team_members", "uuid", True),
        ("ledger_accounts", "uuid", True),
        ("team_member_rates", "identity_id", False),
        ("journal_entry_accounts", "accountid", False),
        ("journal_entry_details", "detailid", False),
        ("systems", "systemid", False),
    ],
)
def test_no_record_is_asked_for_where_no_address_of_one_is_documented(
    sandbox: Sandbox, config: dict[str, Any], stream: str, key: str, flagged: bool
) -> None:
    """A 404 of a guessed address says nothing. Rows without a deletion flag have their whole list instead."""
    output = reconcile(config, stream, [1])
    assert not output.errors
    assert not [request.path for request in sandbox.requests if request.path.endswith("/1")]
    assert [r[key] for r in rows(output, stream) if r["is_deleted"] and r[key] == 1] == (
        [] if flagged else [1]
    )


def test_a_row_deleted_during_the_read_ends_as_deleted(sandbox: Sandbox, config: dict[str, Any]) -> None:
    """A later list shows it again, with its newer state."""
    client = next(i for i, row in sandbox.books(BUSINESS)["clients"].items() if row["vis_state"] == 0)

    def delete(body: bytes) -> bytes:
        sandbox.delete("clients", BUSINESS, client)
        return body

    path = f"*{sandbox.books(BUSINESS).account_id}/users/clients"
    sandbox.faults.add(kind="rewrite", path=path, query="*vis_state]=0*", rewrite=delete)
    records = rows(reconcile(config, "clients", [client]), "clients")
    flags = [r["is_deleted"] for r in records if (r["business_id"], r["userid"]) == (BUSINESS, client)]
    assert flags == [False, True]


def test_a_list_that_is_taken_away_is_no_empty_list(sandbox: Sandbox, config: dict[str, Any]) -> None:
    known = list(sandbox.books(BUSINESS)["items"])
    sandbox.behaviours.gated.add("items")
    output = reconcile(config, "items", known)
    assert not rows(output, "items")
    assert "error 12001" in error_text(output)


def test_a_row_that_was_never_lost_costs_no_request(sandbox: Sandbox, config: dict[str, Any]) -> None:
    reconcile(config, "payments", list(sandbox.books(BUSINESS)["payments"]))
    assert not sandbox.requests.matching("*/payments/payments/*")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        "null",
        '{"taxes": 5}',
        *(f'{{"taxes": {{"439000": {ids}}}}}' for ids in ('"abc"', "[null]", "[true]")),
    ],
)
def test_a_broken_file_of_ids_is_told(sandbox: Sandbox, tmp_path: Path, content: str) -> None:
    for name, text in {
        "ids": content,
        "config": json.dumps(config_of(sandbox)),
        "catalog": json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of("taxes"))),
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
    files = [x for n in ("config", "catalog") for x in (f"--{n}", str(tmp_path / f"{n}.json"))]
    result = warm.source_freshbooks("read", *files, "--known-ids", str(tmp_path / "ids.json"))
    assert result.returncode == 1
    assert "known ids" in result.stdout
