"""Console script `source-freshbooks`: spec, check, discover, read (Airbyte protocol on standard output)."""

from source_freshbooks import startup

startup.prepare()

# ruff: noqa: E402 - the imports that `prepare` makes cheap
import json
import os
import sys
from pathlib import Path
from typing import Any

from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import init_logger
from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog, FailureType
from airbyte_cdk.sources.source import Source
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_freshbooks import output
from source_freshbooks.components.reconcile import KnownIds
from source_freshbooks.output import Entrypoint
from source_freshbooks.source import SourceFreshbooks

logger = init_logger("airbyte")


def _read_json(path: str, what: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AirbyteTracedException(
            message=f"The {what} file {path} cannot be read as JSON: {error}. Give the path of a JSON file.",
            failure_type=FailureType.config_error,
        ) from None


def _source(args: list[str], known_ids: KnownIds | None) -> SourceFreshbooks:
    parsed = Entrypoint.parse_args(args)
    config_path, catalog_path, state_path = (
        getattr(parsed, name, None) for name in ("config", "catalog", "state")
    )
    config: dict[str, Any] | None = _read_json(config_path, "config") if config_path else None
    catalog: ConfiguredAirbyteCatalog | None = None
    if catalog_path:
        _read_json(catalog_path, "catalog")
        catalog = Source.read_catalog(catalog_path)
    state: list[AirbyteStateMessage] | None = None
    if state_path:
        _read_json(state_path, "state")
        state = Source.read_state(state_path)
    return SourceFreshbooks(catalog=catalog, config=config, state=state, known_ids=known_ids, batches=True)


def _known_ids(args: list[str]) -> KnownIds | None:
    """Take `--known-ids FILE`, which is ours and not the protocol's, out of `args`."""
    if "--known-ids" not in args:
        return None
    at = args.index("--known-ids")
    path = "".join(args[at + 1 : at + 2])
    del args[at : at + 2]
    return KnownIds.from_file(path)


def run() -> None:
    init_uncaught_exception_handler(logger)
    args = sys.argv[1:]
    try:
        source = _source(args, _known_ids(args))
    except AirbyteTracedException as error:
        error.emit_message()
        sys.exit(1)
    startup.started()
    try:
        output.run(Entrypoint(source), args)
    except Exception as error:
        if not isinstance(error, BrokenPipeError):  # whoever read us is gone, and nobody is left to tell
            sys.excepthook(type(error), error, error.__traceback__)
            sys.stdout.flush()
        # A usual exit would wait for the threads, which wait to hand over rows that nobody takes.
        os._exit(1)


if __name__ == "__main__":
    run()
