"""Rows that vanished without a deletion flag: deleted for good, as taxes are, or lost to a list for any other reason.

FreshBooks does not tell of them. Who knows which rows it has hands their ids to a read from the beginning
(`read … --known-ids FILE`); an id that no list shows any more is asked for by itself, and comes as the record that it
is, or as a tombstone: key, `is_deleted` and the cursor, everything else null (freshbooks-api.md 3.5).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from source_freshbooks.components.errors import ConfigError, FreshbooksError

GONE = frozenset({1011, 1012})  # deleted resource, unknown resource


class KnownIds:
    """`{"taxes": {"439000": [7840, 7841]}}`: the ids of rows that are not deleted, by stream and business."""

    def __init__(self, ids: Mapping[str, Mapping[str, list[Any]]] | None = None) -> None:
        self._ids = ids or {}

    @classmethod
    def from_file(cls, path: str) -> "KnownIds":
        try:
            ids = json.loads(Path(path).read_text(encoding="utf-8"))
            {id_ for businesses in ids.values() for known in businesses.values() for id_ in known}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"The file of known ids {path} cannot be read ({error}). "
                'Give a JSON file such as {"taxes": {"439000": [7840]}}.'
            ) from None
        return cls(ids)

    def of(self, stream: str, business_id: int) -> set[Any]:
        return set(self._ids.get(stream, {}).get(str(business_id), []))


def single_record(body: Any) -> dict[str, Any] | None:
    """The one record in the answer for a single id, whatever its key is called."""
    if isinstance(body, dict) and isinstance(body.get("response"), dict):
        body = body["response"].get("result", body["response"])
    if isinstance(body, dict):
        return next((value for value in body.values() if isinstance(value, dict)), None)
    return None


def is_gone(error: FreshbooksError) -> bool:
    return error.status == 404 or error.errno in GONE
