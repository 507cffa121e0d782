"""Console script `source-freshbooks`: spec, check, discover, read (Airbyte protocol on standard output); verify."""

from source_freshbooks import cdk_patches

cdk_patches.prepare()

# ruff: noqa: E402 - the imports that `prepare` makes cheap
import os
import sys

from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import init_logger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_freshbooks import output
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.inputs import read_catalog, read_config, read_state
from source_freshbooks.output import Entrypoint
from source_freshbooks.source import SourceFreshbooks

logger = init_logger("airbyte")


def _source(args: list[str], known_ids: KnownIds | None) -> SourceFreshbooks:
    parsed = Entrypoint.parse_args(args)
    config_path, catalog_path, state_path = (
        getattr(parsed, name, None) for name in ("config", "catalog", "state")
    )
    config = read_config(config_path) if config_path else None
    catalog = read_catalog(catalog_path) if catalog_path else None
    state = read_state(state_path) if state_path else None
    return SourceFreshbooks(catalog=catalog, config=config, state=state, known_ids=known_ids, batches=True)


def _known_ids(args: list[str]) -> KnownIds | None:
    """Take `--known-ids FILE`, which is ours and not the protocol's, out of `args`."""
    if "--known-ids" not in args:
        return None
    at = args.index("--known-ids")
    path = "".join(args[at + 1 : at + 2])
    del args[at : at + 2]
    return KnownIds.from_file(path)


def preload() -> None:
    """For a process that forks readers: do once what depends on no config, and start nothing."""
    cdk_patches.trust_manifest()
    cdk_patches.keep_manifest()
    source = SourceFreshbooks(batches=True)
    source.streams(source.settings)  # what the CDK compiles and caches when it first makes components


def run() -> None:
    init_uncaught_exception_handler(logger)
    cdk_patches.trust_manifest()
    args = sys.argv[1:]
    if args[:1] == ["verify"]:
        from source_freshbooks.verify import command

        sys.exit(command.run(args[1:]))
    try:
        source = _source(args, _known_ids(args))
    except AirbyteTracedException as error:
        error.emit_message()
        sys.exit(1)
    cdk_patches.started()
    try:
        output.run(Entrypoint(source), args)
    except Exception as error:
        if not isinstance(error, BrokenPipeError):  # the reader of our output is gone, so nobody can be told
            sys.excepthook(type(error), error, error.__traceback__)
            sys.stdout.flush()
        # A normal exit would wait for threads that are blocked on a full queue.
        os._exit(1)


if __name__ == "__main__":
    run()
