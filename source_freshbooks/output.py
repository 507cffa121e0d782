"""The CDK's entrypoint with a shorter way out for records: whole pages, as bytes."""

import logging
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification, Type
from airbyte_cdk.sources.utils.schema_helpers import split_config
from airbyte_cdk.utils.message_utils import HashableStreamDescriptor

from source_freshbooks.components.batches import COUNT, LINES
from source_freshbooks.inputs import check_config


def run(entrypoint: "Entrypoint", args: list[str]) -> None:
    """What `airbyte_cdk.entrypoint.launch` does, for our entrypoint."""
    logging.getLogger("airbyte").addFilter(_is_true)
    with PRINT_BUFFER:
        for message in entrypoint.run(entrypoint.parse_args(args)):
            print(f"{message}\n", end="")


class Entrypoint(AirbyteEntrypoint):
    """Writes the batches of a read itself; every other message goes the CDK's way, in the same order."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        check_config(split_config(config)[0], source_spec)

    def read(self, *args: Any, **kwargs: Any) -> Iterable[AirbyteMessage]:
        return _without_batches(super().read(*args, **kwargs))

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        if message.record is not None and COUNT in message.record.data:
            stream = HashableStreamDescriptor(name=message.record.stream, namespace=message.record.namespace)
            stream_message_count[stream] += message.record.data[COUNT]
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def _without_batches(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    for message in messages:
        if message.type is Type.RECORD and message.record is not None and LINES in message.record.data:
            _write(message.record.data[LINES])
        else:
            yield message


def _write(lines: bytes) -> None:
    """Write `lines` to standard output, after the messages that wait in the CDK's buffer.

    Under that buffer's lock: other threads log through it, and where Python runs unbuffered (as images do) a
    write longer than a pipe's atomic 4 kB would otherwise be cut by theirs.
    """
    assert sys.__stdout__ is not None
    with PRINT_BUFFER.lock:
        PRINT_BUFFER.flush()
        out = cast(BinaryIO, sys.__stdout__.buffer)
        rest = memoryview(lines)
        while rest:
            rest = rest[out.write(rest) :]
        out.flush()


def _is_true(record: logging.LogRecord) -> bool:
    """Drops the CDK's count of a stream's records, which takes a batch for one; the retrievers log their own."""
    return not record.getMessage().startswith("Read ") or "records from" not in record.getMessage()
