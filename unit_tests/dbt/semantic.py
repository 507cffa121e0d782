"""MetricFlow over the marts that a test built: its SQL is run by DuckDB on the published file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import SupportedAdapterTypes
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

Rows = list[dict[str, Any]]


class DuckDb:
    """What MetricFlow asks of a client before it runs anything: the dialect, and whether the SQL is possible."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = SupportedAdapterTypes.DUCKDB.sql_plan_renderer

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def dry_run(self, stmt: str, sql_bind_parameter_set: object = None) -> None:
        self._connection.execute(f"explain {stmt}")


@dataclass
class Semantics:
    """The semantic layer of one build, and its marts as the schema that `connection` uses."""

    connection: duckdb.DuckDBPyConnection
    manifest: Any
    engine: MetricFlowEngine

    @classmethod
    def of(cls, semantic_manifest: Path, marts: Path) -> Semantics:
        connection = duckdb.connect()
        connection.execute(f"attach '{marts}' as marts_next (read_only); use marts_next.marts")
        manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text())
        lookup = SemanticManifestLookup(manifest)
        return cls(connection, manifest, MetricFlowEngine(lookup, DuckDb(connection)))

    def ask(
        self,
        metrics: list[str],
        group_by: list[str],
        where: list[str] | None = None,
        saved_query: str | None = None,
    ) -> Rows:
        """The rows of `mf query`, without an order."""
        request = MetricFlowQueryRequest.create(
            saved_query_name=saved_query,
            metric_names=metrics or None,
            group_by_names=group_by or None,
            where_constraints=where,
        )
        return self.run(self.engine.explain(request).sql_statement.sql)

    def run(self, sql: str) -> Rows:
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
