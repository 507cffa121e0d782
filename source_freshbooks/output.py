"""The CDK's entrypoint with a shorter way out for records: straight to bytes, with no text in between."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type

CHUNK_BYTES = 64 * 1024
CHUNK_SECONDS = 1.0


def run(entrypoint: "Entrypoint", args: list[str]) -> None:
    """What `airbyte_cdk.entrypoint.launch` does, for our entrypoint."""
    with PRINT_BUFFER:
        for message in entrypoint.run(entrypoint.parse_args(args)):
            print(f"{message}\n", end="")


class Entrypoint(AirbyteEntrypoint):
    """Writes the records of a read itself; every other message goes the CDK's way, in the same order."""

    def read(self, *args: Any, **kwargs: Any) -> Iterable[AirbyteMessage]:
        return _without_records(super().read(*args, **kwargs))


def _without_records(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    chunk = bytearray()
    written_at = time.monotonic()
    for message in messages:
        if message.type is Type.RECORD and message.record is not None:
            chunk += _line(message.record)
            if len(chunk) >= CHUNK_BYTES or time.monotonic() - written_at > CHUNK_SECONDS:
                _write(chunk)
                written_at = time.monotonic()
        else:
            _write(chunk)
            yield message
    _write(chunk)


def _line(record: AirbyteRecordMessage) -> bytes:
    body = {"stream": record.stream, "data": record.data, "emitted_at": record.emitted_at}
    return orjson.dumps({"type": "RECORD", "record": body}, option=orjson.OPT_APPEND_NEWLINE)


def _write(chunk: bytearray) -> None:
    """Empty `chunk` onto standard output, after the messages that wait in the CDK's buffer.

    Under that buffer's lock: other threads log through it, and where Python runs unbuffered (as images do) a
    write longer than a pipe's atomic 4 kB would otherwise be cut by theirs.
    """
    if not chunk:
        return
    assert sys.__stdout__ is not None
    with PRINT_BUFFER.lock:
        PRINT_BUFFER.flush()
        out = cast(BinaryIO, sys.__stdout__.buffer)
        rest = bytes(chunk)
        while rest:
            rest = rest[out.write(rest) :]
        out.flush()
    chunk.clear()
