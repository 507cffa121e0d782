"""What `dagster dev` loads: `defs`, for the connections of the home in FRESHBOOKS_HOME."""

import dagster as dg

from freshbooks_dagster import raw
from freshbooks_dagster.connections import connections
from freshbooks_dagster.marts import mart_assets
from freshbooks_dagster.webhooks import webhooks
from freshbooks_hub.core.home import Home

defs = dg.Definitions(
    assets=[*raw.ASSETS, mart_assets(Home.from_environment().ensure())],
    schedules=[raw.healing],
    sensors=[connections, webhooks],
    # Steps only wait for a command: a process for each would cost more than they do.
    executor=dg.in_process_executor,
)
