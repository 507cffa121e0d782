"""What FreshBooks says has changed is read at once: `freshbooks serve` takes the deliveries, a sensor sees them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from freshbooks_dagster.connections import CONNECTIONS, connected
from freshbooks_dagster.raw import SOURCE
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import BY_NAME


@dg.sensor(
    minimum_interval_seconds=30,
    target=dg.AssetSelection.key_prefixes(SOURCE),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def webhooks(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    """A run for each connection and group that was woken since it was read; the models follow by themselves."""
    now = datetime.now(UTC)
    known = set(context.instance.get_dynamic_partitions(CONNECTIONS.name or ""))
    for name, home in connected().items():
        for group, woken_at in Schedule(home).woken(now).items() if name in known else ():
            yield dg.RunRequest(
                run_key=f"{name} {group} {woken_at.isoformat()}",
                partition_key=name,
                asset_selection=[dg.AssetKey([SOURCE, stream]) for stream in BY_NAME[group].streams],
            )
