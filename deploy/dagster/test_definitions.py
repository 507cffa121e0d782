"""The assets in-process: what is due when, and one real run against a local FreshBooks. `make dagster-test`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import dagster as dg
import duckdb
import pytest

from freshbooks_api.streams import STREAMS
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of

sys.path.insert(0, str(Path(__file__).parent))
START = datetime(2026, 11, 1, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=None) as running:
        yield running


@pytest.fixture(scope="module")
def definitions(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The module that `dagster dev` loads, for a home that is connected to the sandbox."""
    folder = tmp_path_factory.mktemp("freshbooks")
    os.environ |= {
        "FRESHBOOKS_HOME": str(folder / "home"),
        "FRESHBOOKS_API_URL": sandbox.url,
        "FRESHBOOKS_AUTH_URL": sandbox.url,
        "DAGSTER_HOME": "",
    }
    config = folder / "config.json"
    config.write_text(json.dumps(config_of(sandbox)))
    subprocess.run(
        [sys.executable, "-m", "freshbooks_hub.cli.main", "connect", "--config", str(config)], check=True
    )
    from freshbooks_dagster import definitions as module

    return module


def streams(*groups: str) -> set[dg.AssetKey]:
    return {
        dg.AssetKey(["freshbooks", stream])
        for group in SYNC_GROUPS
        if group.name in groups
        for stream in group.streams
    }


def test_every_stream_is_one_asset_and_feeds_the_models(definitions: ModuleType) -> None:
    graph = definitions.defs.resolve_asset_graph()
    raw = {key for key in graph.materializable_asset_keys if key.path[0] == "freshbooks"}
    assert raw == streams(*(group.name for group in SYNC_GROUPS if not group.whole))
    assert len(raw) == len(
        STREAMS
    )  # stream_availability is read with all of them and has no schedule of its own
    [balances] = [key for key in graph.materializable_asset_keys if key.path[-1] == "outstanding_balances"]
    above = graph.get_ancestor_asset_keys(balances)
    assert {dg.AssetKey(["freshbooks", name]) for name in ("invoices", "clients", "credit_notes")} <= above


@pytest.mark.parametrize(
    ("minutes", "groups"),
    [
        (10, []),
        (20, ["invoices"]),
        (60, ["invoices", "clients", "expenses"]),
        (120, ["invoices", "clients", "expenses", "time_entries", "projects"]),
    ],
)
def test_a_group_is_asked_for_at_its_frequency(
    definitions: ModuleType, minutes: int, groups: list[str]
) -> None:
    instance = dg.DagsterInstance.ephemeral()
    raw = dg.AssetSelection.key_prefixes("freshbooks")
    first = dg.evaluate_automation_conditions(definitions.defs, instance, raw, START)
    assert first.total_requested == 0
    later = dg.evaluate_automation_conditions(
        definitions.defs, instance, raw, START + timedelta(minutes=minutes - 4), first.cursor
    )
    requested = {key for key in streams(*(p.name for p in SYNC_GROUPS)) if later.get_num_requested(key)}
    assert requested == streams(*groups)


def test_a_run_reads_builds_and_publishes(definitions: ModuleType, sandbox: Sandbox) -> None:
    selected = streams("invoices", "clients", "businesses")
    instance = dg.DagsterInstance.ephemeral()
    graph = definitions.defs.resolve_asset_graph()
    models = [key for key in graph.materializable_asset_keys if key.path[0] != "freshbooks"]
    result = definitions.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance, asset_selection=[*selected, *models]
    )
    assert result.success
    home = Path(os.environ["FRESHBOOKS_HOME"])
    with duckdb.connect(home / "freshbooks.duckdb", read_only=True) as db:
        [published] = db.execute("SELECT count(*) FROM marts.invoices").fetchone() or [0]
    assert published > 0
    read = instance.get_latest_materialization_event(dg.AssetKey(["freshbooks", "clients"]))
    assert read is not None
    assert read.asset_materialization is not None
    stored = read.asset_materialization.metadata["total"].value
    assert stored == sum(len(sandbox.books(b)["clients"]) for b in (439000, 439117))


def test_a_failure_says_what_the_command_said(definitions: ModuleType) -> None:
    connection = Path(os.environ["FRESHBOOKS_HOME"]) / "connection.json"
    connection.rename(connection.with_suffix(".away"))
    try:
        result = definitions.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=dg.DagsterInstance.ephemeral(),
            asset_selection=[dg.AssetKey(["freshbooks", "items"])],
            raise_on_error=False,
        )
    finally:
        connection.with_suffix(".away").rename(connection)
    [failed] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert "not connected" in str(failed.user_failure_data)
