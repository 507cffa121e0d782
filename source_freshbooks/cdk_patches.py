"""Every hook on what the CDK keeps private, or requests under it, and the settings of the process.

No other module touches a private name of theirs (unit_tests/source/test_cdk_patches.py). The CDK is not imported here:
`run` has to call `prepare` before its first import, which is cheaper then. `prepare` and `started` are for that process
alone; nobody who imports the package gets them.
"""

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attributes_doc
import requests

if TYPE_CHECKING:
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
    from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
    from airbyte_cdk.sources.types import Record
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException


def prepare() -> None:
    """Before the CDK is imported. Without it every command spends a second more CPU, and a read a quarter more."""
    gc.disable()  # imports make objects that stay
    # The CDK's message serializers read the docstrings of all of their classes by parsing their source.
    attributes_doc.get_attributes_doc = _no_docstrings
    # requests takes an answer in pieces of 10 kB, each of which hands the interpreter to another thread and back:
    # with eight pages of 400 kB in flight that took a fifth of a sync.
    requests.models.CONTENT_CHUNK_SIZE = 1024 * 1024


def trust_manifest() -> None:
    """Do not check our own manifest against the CDK's schema in this process: unit tests do (test_cdk_patches.py).

    Reading that schema and checking took a third of what a forked read cost.
    """
    from airbyte_cdk.sources.declarative import concurrent_declarative_source as cdk

    cdk.get_declarative_component_schema = dict
    cdk.validate_manifest = _no_check


def keep_manifest() -> None:
    """Read and resolve the manifest of each path once in this process and its forks. The CDK changes none of it."""
    from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

    read, resolve = (
        YamlDeclarativeSource._read_and_parse_yaml_file,
        YamlDeclarativeSource._pre_process_manifest,
    )
    kept: dict[str, dict[str, Any]] = {}

    def read_once(source: YamlDeclarativeSource, path: str) -> Any:
        return {"kept": path} if path in kept else read(source, path)

    def resolve_once(source: YamlDeclarativeSource, manifest: dict[str, Any]) -> dict[str, Any]:
        path = source._path_to_yaml
        if path not in kept:
            kept[path] = resolve(source, manifest)
        return dict(kept[path])

    YamlDeclarativeSource._read_and_parse_yaml_file = read_once  # type: ignore[assignment,method-assign]
    YamlDeclarativeSource._pre_process_manifest = resolve_once  # type: ignore[assignment,method-assign]


def started() -> None:
    """Objects alive now live as long as the process: freeze them, so that the collector never scans them.

    Records hold no reference cycles, so it may run rarely.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    # Threads that have a page to work on take it away from each other every 5 ms otherwise.
    sys.setswitchinterval(0.02)


def _no_check(manifest: Any, schema: Any) -> None:  # noqa: ARG001 - the replaced one's signature
    return None


def _no_docstrings(cls: type) -> dict[str, str]:  # noqa: ARG001 - the replaced one's signature
    return {}


def config_of(source: "ConcurrentDeclarativeSource") -> dict[str, Any]:
    """The config object that the CDK hands to all components of `source`."""
    config: dict[str, Any] = source._config  # type: ignore[assignment]
    return config


@contextmanager
def only(source: "ConcurrentDeclarativeSource", names: set[str]) -> Iterator[None]:
    """Within the block `source` has the streams `names` alone. A read makes the components of all that there are."""
    whole = source._source_config
    source._source_config = {**whole, "streams": [one for one in whole["streams"] if one["name"] in names]}
    try:
        yield
    finally:
        source._source_config = whole


def limit_queue(source: "ConcurrentDeclarativeSource", items: int) -> None:
    """At most `items` records wait for whoever reads them. The CDK lets 10,000 wait, whatever their size."""
    source._concurrent_source._queue.maxsize = items


def replace_observe(cursor: "Cursor", observe: "Callable[[Record], None]") -> "Callable[[Record], None]":
    """Show records to `observe` and no longer to `cursor`; returns the cursor's own method.

    The CDK shows each record as it is emitted, and has no hook for a later moment.
    """
    own = cursor.observe
    setattr(cursor, "observe", observe)  # noqa: B010 - a method, to mypy
    return own


def cause_of(error: "AirbyteTracedException") -> BaseException | None:
    """What a traced exception of the CDK was made from."""
    return error._exception


def set_body(response: requests.Response, body: bytes) -> None:
    """Give `response` the `body` that was read from its stream."""
    response._content = body


def drop_record_counts() -> None:
    """The CDK counts a page of records as one: hide its lines 'Read N records from', the retrievers log their own."""
    logging.getLogger("airbyte").addFilter(_is_no_record_count)


def _is_no_record_count(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Read ") or "records from" not in record.getMessage()
