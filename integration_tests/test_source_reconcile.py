"""Rows deleted for good are found by those who know that they were there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run_read

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of, error_text, rows
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.reconcile import KnownIds

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
    sandbox.switches.unreadable.add("items")
    known = list(sandbox.books(BUSINESS)["items"])
    assert not rows(reconcile(config, "items", known), "items")


def test_a_list_that_is_taken_away_is_no_empty_list(sandbox: Sandbox, config: dict[str, Any]) -> None:
    known = list(sandbox.books(BUSINESS)["items"])
    sandbox.switches.gated.add("items")
    output = reconcile(config, "items", known)
    assert not rows(output, "items")
    assert "error 12001" in error_text(output)


def test_a_row_that_was_never_lost_costs_no_request(sandbox: Sandbox, config: dict[str, Any]) -> None:
    reconcile(config, "payments", list(sandbox.books(BUSINESS)["payments"]))
    assert not sandbox.requests.matching("*/payments/payments/*")


@pytest.mark.parametrize("content", ["[]", "{", '{"taxes": 5}'])
def test_a_broken_file_of_ids_is_told(sandbox: Sandbox, tmp_path: Path, content: str) -> None:
    for name, text in {
        "ids": content,
        "config": json.dumps(config_of(sandbox)),
        "catalog": json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of("taxes"))),
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
    command = [sys.executable, "-m", "source_freshbooks.run", "read"]
    files = [x for n in ("config", "catalog") for x in (f"--{n}", str(tmp_path / f"{n}.json"))]
    result = subprocess.run(
        [*command, *files, "--known-ids", str(tmp_path / "ids.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "known ids" in result.stdout
