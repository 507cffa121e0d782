"""The hub's commands, run for a step: the same ones as by hand, under cron or in `freshbooks serve`."""

import json
import subprocess
import sys
from typing import Any

import dagster as dg


def freshbooks(context: dg.AssetExecutionContext, *args: str) -> dict[str, Any]:
    """The JSON that `freshbooks ARGS --json` prints, for the connection that is the partition, if there is one.

    Raises Failure with its own sentence on an error.
    """
    words = ["--connection", context.partition_key, *args] if context.has_partition_key else [*args]
    command = [sys.executable, "-P", "-m", "freshbooks_hub.cli.main", *words, "--json"]
    context.log.info("freshbooks %s", " ".join(words))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise dg.Failure(
            description=run.stderr.strip().removeprefix("Error: ") or "freshbooks failed silently"
        )
    result: dict[str, Any] = json.loads(run.stdout)
    for warning in result["warnings"]:
        context.log.warning(warning)
    return result
