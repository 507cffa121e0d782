"""The dbt models: assets with dbt's own lineage, built, tested and published whole by `freshbooks build`."""

import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg
from dagster_dbt import build_dbt_asset_specs

from freshbooks_dagster.commands import freshbooks
from freshbooks_dagster.connections import CONNECTIONS
from freshbooks_dagster.raw import POOL
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.transform import Project

# A stream that was never read is an empty relation to the models, so nothing waits for it.
CONDITION = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def manifest(home: Home) -> Path:
    """dbt's manifest.json of the project as it is now: parsed once, not in every process of Dagster."""
    project = Project.of(home)
    target = home.dbt / f"dagster-{project.fingerprint([], None)}"
    found = target / "manifest.json"
    if not found.exists():
        command = [sys.executable, "-m", "dbt.cli.main", "--log-path", str(home.logs), "parse"]
        command += project.options(target)
        environment = project.environment(home)
        subprocess.run(command, env=environment, cwd=home.run, check=True, stdout=subprocess.DEVNULL)
    return found


def mart_assets(home: Home) -> dg.AssetsDefinition:
    """Every model and seed of the project."""
    specs = [
        spec.replace_attributes(automation_condition=CONDITION)
        for spec in build_dbt_asset_specs(manifest=manifest(home))
    ]
    # Dagster wants to hear of a model after those it is made of.
    order = list(TopologicalSorter({s.key: [dep.asset_key for dep in s.deps] for s in specs}).static_order())

    @dg.multi_asset(name="marts", specs=specs, can_subset=True, pool=POOL, partitions_def=CONNECTIONS)
    def build(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        # It knows itself which tables changed, builds what depends on them, and swaps the file in one step.
        result = freshbooks(context, "build")
        for difference in result["differences"]:
            context.log.warning("%s differs from FreshBooks' own figure", difference["check_name"])
        facts = {"as_of_date": result["as_of_date"], "published": result["published"]}
        for key in order:
            if key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=key, metadata=facts)

    return build
