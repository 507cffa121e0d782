"""A shorter way out for records: a page of them is one message, already the lines that the process will print.

What the CDK does for each record (an object, a place in a queue, a message, a count) cost a third of a sync.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification, Type
from airbyte_cdk.sources.utils.schema_helpers import split_config
from airbyte_cdk.utils.message_utils import HashableStreamDescriptor

from source_freshbooks import cdk_patches
from source_freshbooks.inputs import check_config

# Keys of a batch's data; FreshBooks' fields begin with a letter.
LINES, COUNT = "\0lines", "\0count"

Changes = Mapping[int, list[dict[str, str]]]


def batch(
    stream: str, records: Sequence[Mapping[str, Any]], cursor_field: str, changes: Changes
) -> dict[str, Any]:
    """`records`, one at least, as the data of one CDK record: their RECORD messages as JSON lines, and how many.

    `cursor_field` holds the latest of theirs: stamps are written alike, so their texts compare as they do.
    `changes`: the `meta.changes` of the records at these places. TypeError if a record cannot be written as JSON.
    """
    emitted_at = time.time_ns() // 1_000_000
    # The keys in the order in which the CDK writes them.
    start = orjson.dumps({"type": "RECORD", "record": {"stream": stream}})[:-2] + b',"data":'
    end = b',"emitted_at":%d}}\n' % emitted_at
    ends = {
        place: end[:-3] + b',"meta":' + orjson.dumps({"changes": found}) + end[-3:]
        for place, found in changes.items()
    }
    lines = b"".join(
        start + orjson.dumps(record) + ends.get(place, end) for place, record in enumerate(records)
    )
    latest = max(record[cursor_field] for record in records)
    return {LINES: lines, COUNT: len(records), cursor_field: latest}


def run(entrypoint: "Entrypoint", args: list[str]) -> None:
    """What `airbyte_cdk.entrypoint.launch` does, for our entrypoint."""
    cdk_patches.drop_record_counts()
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
