"""A page of records as the lines that the process will print, so that the CDK handles pages and not records.

What the CDK does for each record (an object, a place in a queue, a message, a count) cost a third of a sync.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

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
