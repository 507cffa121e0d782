"""Rows that vanished without a deletion flag: deleted for good, as taxes are, or lost to a list for any other reason.

FreshBooks does not tell of them. Who knows which rows it has hands their ids to a read from the beginning
(`read … --known-ids FILE`); an id that no list shows any more is asked for by itself, and comes as the record that it
is, or as a tombstone: key, `is_deleted` and the cursor, everything else null (freshbooks-api.md 3.5).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, ValidationError, convert

from source_freshbooks.components.errors import ConfigError, FreshbooksError

# By stream and business; an id is a number or a uuid.
_Ids = dict[
    str, dict[Annotated[str, Meta(pattern="^[0-9]{1,18}$")], list[int | Annotated[str, Meta(min_length=1)]]]
]

GONE = frozenset({1011, 1012})  # deleted resource, unknown resource


class KnownIds:
    """`{"taxes": {"439000": [7840, 7841]}}`: the ids of rows that are not deleted, by stream and business."""

    def __init__(self, ids: Mapping[str, Mapping[str, list[Any]]] | None = None) -> None:
        self._ids = ids or {}

    @classmethod
    def from_file(cls, path: str) -> "KnownIds":
        try:
            ids = convert(json.loads(Path(path).read_text(encoding="utf-8")), _Ids)
        except (OSError, ValueError, RecursionError, ValidationError) as error:
            raise ConfigError(
                f"The file of known ids {path} cannot be read ({error}). "
                'Give a JSON file such as {"taxes": {"439000": [7840]}}.'
            ) from None
        return cls(ids)

    def businesses(self, stream: str) -> set[int]:
        return {int(business) for business in self._ids.get(stream, {})}

    def of(self, stream: str, business_id: int) -> set[Any]:
        return set(self._ids.get(stream, {}).get(str(business_id), []))


def single_record(body: Any, key: str, id_: Any) -> dict[str, Any]:
    """The one record in the answer for `id_`, whatever it is called; LookupError if it isn't there.

    An answer that is no record is no proof that the record is gone either.
    """
    if isinstance(body, dict) and isinstance(body.get("response"), dict):
        body = body["response"].get("result", body["response"])
    for value in body.values() if isinstance(body, dict) else ():
        if isinstance(value, dict) and str(value.get(key) or value.get("id")) == str(id_):
            return value
    raise LookupError("the record is missing")


def is_gone(error: FreshbooksError) -> bool:
    return error.status == 404 or error.errno in GONE
