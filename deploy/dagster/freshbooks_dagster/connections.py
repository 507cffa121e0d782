"""The connections of the home (FRESHBOOKS_HOME) as Dagster's partitions, kept up to date by a sensor."""

import dagster as dg

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home

CONNECTIONS = dg.DynamicPartitionsDefinition(name="connections")


def connected() -> dict[str, Home]:
    """By name, those that are connected to FreshBooks."""
    return {home.name: home for home in Home.connections() if ConnectionStore(home.connection).find()}


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def connections(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Adds connections that are new and removes those that are gone."""
    known, there = set(context.instance.get_dynamic_partitions(CONNECTIONS.name or "")), connected().keys()
    changes = []
    if there - known:
        changes.append(CONNECTIONS.build_add_request(sorted(there - known)))
    if known - there:
        changes.append(CONNECTIONS.build_delete_request(sorted(known - there)))
    return dg.SensorResult(dynamic_partitions_requests=changes)
