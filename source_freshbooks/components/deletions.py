"""How each resource tells that a row is deleted or archived, and how rows that were deleted for good are found.

`passes` are the query parameters of the lists that together show every row; `flags` reads the answer
(freshbooks-api.md 3.5). Active rows come first, deleted ones last, so that a row archived or deleted while
the lists are read is seen in its newer state.

A row that was deleted for good, as taxes are, vanishes without a flag, and FreshBooks does not tell of it. Whoever
knows which rows it has hands their ids to a read from the beginning (`read … --known-ids FILE`). An id that no list
shows any more is asked for by itself, and comes as the record that it is, or as a tombstone: key, `is_deleted` and the
cursor, everything else null.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, ValidationError, convert

from source_freshbooks.components.errors import ConfigError, FreshbooksError

Row = Mapping[str, Any]
Params = dict[str, Any]
# By stream and business; an id is a number or a uuid. Ids of rows with a date are by their day, "" without one.
_List = list[int | Annotated[str, Meta(min_length=1)]]
_Ids = dict[str, dict[Annotated[str, Meta(pattern="^[0-9]{1,18}$")], _List | dict[str, _List]]]

ACTIVE, DELETED, ARCHIVED = 0, 1, 2
GONE = frozenset({1011, 1012})  # errnos: deleted resource, unknown resource


class Flags(NamedTuple):
    """What a row is. `stated`: the row itself says so, and not the list that it was in alone."""

    deleted: bool
    archived: bool
    stated: bool


@dataclass(frozen=True)
class Visibility:
    """`passes`: parameters per list. `flags` of a row. `overlapping`: one row may be in several of the lists."""

    passes: tuple[Params, ...]
    flags: Callable[[Row, Params], Flags]
    overlapping: bool = False


_SHOWN = Flags(False, False, True)
_DELETED = Flags(True, False, True)
_ARCHIVED = Flags(False, True, True)
_STATES = {state: flags for n, flags in enumerate((_SHOWN, _DELETED, _ARCHIVED)) for state in (n, str(n))}
_UNSTATED = {n: Flags(n == DELETED, n == ARCHIVED, False) for n in (ACTIVE, DELETED, ARCHIVED)}


def _vis_state(row: Row, asked: Params) -> Flags:
    state = row.get("vis_state", row.get("visState"))  # the second spelling is in one real capture
    if type(state) in (int, str) and (stated := _STATES.get(state)) is not None:
        return stated
    # The key may be missing on old accounts: what was asked for is what came, unless the filter was ignored.
    return _UNSTATED[asked.get("search[vis_state]", ACTIVE)]


def _active(row: Row, _asked: Params) -> Flags:
    return _DELETED if row.get("active") is False else _SHOWN


def _state(row: Row, _asked: Params) -> Flags:
    state = row.get("state")
    if state == "deleted":
        return _DELETED
    return _ARCHIVED if state in ("archived", "inactive") else _SHOWN


def _never(_row: Row, _asked: Params) -> Flags:
    return _SHOWN


VISIBILITY = {
    "vis_state": Visibility(tuple({"search[vis_state]": s} for s in (ACTIVE, ARCHIVED, DELETED)), _vis_state),
    # Whether `active=false` lists deleted projects is unproven (freshbooks-api.md 9): ask both ways.
    "projects": Visibility(({}, {"active": "true"}, {"active": "false"}), _active, overlapping=True),
    "time_entries": Visibility(({"team": "true", "include_deleted": "true"},), _active),
    "active": Visibility(({},), _active),
    "services": Visibility(({},), _vis_state, overlapping=True),  # with those that projects show
    "ledger": Visibility(({},), _state),
    "none": Visibility(({},), _never),
}


def one_list(visibility: Visibility) -> Visibility:
    """The same where every list shows the same rows: the plain one alone."""
    plain = {name: value for name, value in visibility.passes[0].items() if name != "search[vis_state]"}
    return replace(visibility, passes=(plain,))


class KnownIds:
    """`{"taxes": {"439000": [7840, 7841]}}`: the ids of rows that are not deleted, by stream and business.

    In place of a list of ids, one of each day: `{"2026-11-05": [81, 82]}`.
    """

    def __init__(
        self, ids: Mapping[str, Mapping[str, list[Any] | Mapping[str, list[Any]]]] | None = None
    ) -> None:
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

    def has(self, stream: str, business_id: int) -> bool:
        """Whether any row of a business is known."""
        return bool(self._ids.get(stream, {}).get(str(business_id)))

    def of(self, stream: str, business_id: int, since: str = "") -> set[Any]:
        """All of a business; or those of rows that are known to be dated `since` that day, ISO, or later."""
        found = self._ids.get(stream, {}).get(str(business_id), [])
        if isinstance(found, Mapping):
            return {id_ for day, ids in found.items() if day >= since for id_ in ids}
        return set() if since else set(found)


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
