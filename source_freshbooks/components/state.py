"""State is per business, and only that."""

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.sources.declarative.migrations.state_migration import StateMigration


class PerBusinessState(StateMigration):
    """Drops the CDK's stream-wide cursor: a business connected later would start from it, without history."""

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        return "states" in stream_state and "state" in stream_state

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"use_global_cursor": False, "states": stream_state["states"]}
