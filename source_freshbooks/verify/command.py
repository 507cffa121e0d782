"""`source-freshbooks verify --config FILE`: findings as a table, as JSON for the config, or as a report for an issue.

Standard output holds the answer alone; logs go to standard error. The refresh token of the config is left alone unless
`--refresh` is given: each works once, and whoever else holds it (Airbyte, the hub) would be disconnected.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from airbyte_cdk.logger import init_logger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_api.verified import redacted, table
from source_freshbooks.components.connection import connection_of
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.inputs import check_config, read_config
from source_freshbooks.source import SourceFreshbooks
from source_freshbooks.verify.run import verify

EXPIRED = (
    "The access token in the config has expired, and verify does not use the refresh token: it works once, so whoever "
    "else holds it would be disconnected. Give a config with a newer access token, or add --refresh if nothing else "
    "uses these tokens; the new ones are then written to the config file."
)


def run(args: list[str]) -> int:
    """The exit code: 1 where the account cannot be asked at all."""
    parser = argparse.ArgumentParser(
        prog="source-freshbooks verify",
        description="Check, by reading alone, what the connector assumes of FreshBooks on your own account.",
    )
    parser.add_argument("--config", required=True, help="the config file, as for `check`")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print what goes into the setting `assumptions`")
    how.add_argument("--report", action="store_true", help="print a report to paste into an issue")
    how.add_argument("--protocol", action="store_true", help=argparse.SUPPRESS)  # for the hub
    parser.add_argument("--refresh", action="store_true", help="allow a new access token to be fetched")
    options = parser.parse_args(args)
    if not options.protocol:
        init_logger("airbyte")
        for handler in logging.getLogger("airbyte").handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(sys.stderr)
    try:
        if options.protocol:
            print(json.dumps({"type": "VERIFIED", "verified": _ask(options.config, True)}), flush=True)
            return 0
        with redirect_stdout(sys.stderr):  # the CDK prints new tokens there, in the protocol
            document = _ask(options.config, options.refresh)
    except AirbyteTracedException as error:
        if options.protocol:
            error.emit_message()
        else:
            print(error.message, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(document))
    else:
        print(redacted(document) if options.report else table(document))
    return 0


def _ask(path: str, refresh: bool) -> dict[str, Any]:
    config = read_config(path)
    source = SourceFreshbooks(config=config)
    check_config(config, source.spec(logging.getLogger("airbyte")))
    before = dict(source.settings["credentials"])
    # What was found before would hide what is there now.
    source.settings.pop("assumptions", None)
    if not refresh:
        connection_of(source.settings).authenticator.never_refresh(EXPIRED)
    try:
        return verify(source)
    finally:
        if source.settings["credentials"] != before:
            _save(Path(path), {**config, "credentials": source.settings["credentials"]})


def _save(path: Path, config: dict[str, Any]) -> None:
    """Replace the config file in one step, for its owner alone."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise ConfigError(f"The new tokens could not be written to {path}: {error.strerror}.") from None
