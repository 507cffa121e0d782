"""A page of records as the lines that the process will print, so that the CDK handles pages and not records.

What the CDK does for each record (an object, a place in a queue, a message, a count) cost a third of a sync.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

# Keys of a batch's data; FreshBooks' fields begin with a letter.
LINES, COUNT = "\0lines", "\0count"


def batch(stream: str, records: Sequence[Mapping[str, Any]], cursor_field: str) -> dict[str, Any]:
    """`records`, one at least, as the data of one CDK record: their RECORD messages as JSON lines, and how many.

    `cursor_field` holds the latest of theirs: stamps are written alike, so their texts compare as they do.
    """
    emitted_at = time.time_ns() // 1_000_000
    # The keys in the order in which the CDK writes them.
    start = orjson.dumps({"type": "RECORD", "record": {"stream": stream}})[:-2] + b',"data":'
    end = b',"emitted_at":%d}}\n' % emitted_at
    lines = (end + start).join(map(orjson.dumps, records))
    latest = max(record[cursor_field] for record in records)
    return {LINES: start + lines + end, COUNT: len(records), cursor_field: latest}
