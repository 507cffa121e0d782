"""The assets in-process for 20 connections: what is due when, and real runs against a local FreshBooks."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import dagster as dg
import duckdb
import pytest

from freshbooks_api.streams import STREAMS
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of

sys.path.insert(0, str(Path(__file__).parent))
START = datetime(2026, 11, 1, 0, 5, tzinfo=UTC)
NAMES = ["default", *(f"tenant-{number:02}" for number in range(1, 20))]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=None) as running:
        yield running


@pytest.fixture(scope="module")
def definitions(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The module that `dagster dev` loads, for a home with 20 connections."""
    folder = tmp_path_factory.mktemp("freshbooks")
    os.environ |= {
        "FRESHBOOKS_HOME": str(folder / "home"),
        "FRESHBOOKS_API_URL": sandbox.url,
        "FRESHBOOKS_AUTH_URL": sandbox.url,
        "DAGSTER_HOME": "",
    }
    for name in NAMES:
        connect(sandbox, name)
    from freshbooks_dagster import definitions as module

    return module


def connect(sandbox: Sandbox, name: str) -> None:
    """With a grant of its own, which ends that of the connection before: the sandbox has one user."""
    home = Home.from_environment().named(name).ensure()
    ConnectionStore(home.connection).connect(config_of(sandbox))


def instance_with(definitions: ModuleType) -> dg.DagsterInstance:
    """An instance that has heard of the connections, from their sensor."""
    instance = dg.DagsterInstance.ephemeral()
    found = definitions.connections(dg.build_sensor_context(instance=instance))
    for request in found.dynamic_partitions_requests:
        instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
    return instance


def run(
    definitions: ModuleType, instance: dg.DagsterInstance, name: str, assets: list[dg.AssetKey]
) -> dg.ExecuteInProcessResult:
    """These assets of one connection."""
    job = definitions.defs.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance, asset_selection=assets, partition_key=name, raise_on_error=False
    )


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
    assert raw == streams(*(group.name for group in SYNC_GROUPS if not group.is_full_reread))
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
    instance = instance_with(definitions)
    raw = dg.AssetSelection.key_prefixes("freshbooks")
    first = dg.evaluate_automation_conditions(definitions.defs, instance, raw, START)
    assert first.total_requested == 0
    later = dg.evaluate_automation_conditions(
        definitions.defs, instance, raw, START + timedelta(minutes=minutes - 4), first.cursor
    )
    requested = {
        key: later.get_requested_partitions(key)
        for key in streams(*(p.name for p in SYNC_GROUPS))
        if later.get_num_requested(key)
    }
    assert requested == {key: set(NAMES) for key in streams(*groups)}


def test_each_connection_is_read_into_its_own_home(definitions: ModuleType, sandbox: Sandbox) -> None:
    """20 runs; each finds its own token and its own tables."""
    instance = instance_with(definitions)
    for name in NAMES:
        connect(sandbox, name)
        assert run(definitions, instance, name, [*streams("clients")]).success, name
    expected = sum(len(sandbox.books(business)["clients"]) for business in (439000, 439117))
    for name in NAMES:
        with duckdb.connect(Home.from_environment().named(name).raw, read_only=True) as db:
            assert db.execute("SELECT count(*) FROM freshbooks.clients").fetchone() == (expected,), name
    read = instance.get_materialized_partitions(dg.AssetKey(["freshbooks", "clients"]))
    assert read == set(NAMES)


def test_a_run_reads_builds_and_publishes(definitions: ModuleType, sandbox: Sandbox) -> None:
    connect(sandbox, "tenant-07")
    instance = instance_with(definitions)
    graph = definitions.defs.resolve_asset_graph()
    models = [key for key in graph.materializable_asset_keys if key.path[0] != "freshbooks"]
    selected = streams("invoices", "clients", "businesses")
    assert run(definitions, instance, "tenant-07", [*selected, *models]).success
    base = Home.from_environment()
    with duckdb.connect(base.named("tenant-07").marts, read_only=True) as db:
        [published] = db.execute("SELECT count(*) FROM marts.invoices").fetchone() or [0]
    assert published > 0
    assert [name for name in NAMES if base.named(name).marts.exists()] == ["tenant-07"]


def test_a_webhook_asks_for_a_run_of_its_connection(definitions: ModuleType) -> None:
    """Once, however often the sensor looks; also while the schedule of the hub is paused, as it is beside Dagster."""
    home = Home.from_environment().named("tenant-03")
    now = datetime.now(UTC)
    Schedule(home).pause(now)
    Schedule(home).wake(["expenses"], now - timedelta(minutes=2))
    context = dg.build_sensor_context(instance=instance_with(definitions), definitions=definitions.defs)
    [asked], [again] = ([*definitions.webhooks(context)] for _ in range(2))
    assert (asked.partition_key, set(asked.asset_selection)) == ("tenant-03", streams("expenses"))
    assert asked.run_key == again.run_key


def test_a_connection_that_is_gone_is_no_partition_any_more(definitions: ModuleType) -> None:
    instance = instance_with(definitions)
    instance.add_dynamic_partitions("connections", ["sold"])
    [request] = definitions.connections(
        dg.build_sensor_context(instance=instance)
    ).dynamic_partitions_requests
    assert (type(request).__name__, request.partition_keys) == ("DeleteDynamicPartitionsRequest", ["sold"])


def test_of_one_connection_there_is_one_run_at_a_time(tmp_path: Path) -> None:
    """As Dagster reads dagster.yaml."""
    shutil.copy(Path(__file__).with_name("dagster.yaml"), tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        limits = instance.get_concurrency_config()
    assert limits.run_queue_config is not None
    assert limits.run_queue_config.max_concurrent_runs == 8
    assert limits.run_queue_config.tag_concurrency_limits == [
        {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    ]
    assert limits.pool_config.default_pool_limit == 4


def test_a_connection_that_fails_says_why_and_holds_up_no_other(
    definitions: ModuleType, sandbox: Sandbox
) -> None:
    connect(sandbox, "default")
    connection = Home.from_environment().named("tenant-19").connection
    connection.rename(connection.with_suffix(".away"))
    try:
        result = run(
            definitions, instance_with(definitions), "default", [dg.AssetKey(["freshbooks", "items"])]
        )
        assert result.success  # of another connection
        instance = instance_with(definitions)
        instance.add_dynamic_partitions("connections", ["tenant-19"])
        result = run(definitions, instance, "tenant-19", [dg.AssetKey(["freshbooks", "items"])])
    finally:
        connection.with_suffix(".away").rename(connection)
    [failed] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert "not connected" in str(failed.user_failure_data)
