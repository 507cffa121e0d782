"""How each resource tells that a row is deleted or archived, and how to ask for such rows.

`passes` are the query parameters of the lists that together show every row; `flags` reads the answer
(freshbooks-api.md 3.5). Active rows come first, deleted ones last, so that a row archived or deleted while
the lists are read is seen in its newer state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Params = dict[str, Any]
Flags = tuple[bool, bool, bool]  # deleted, archived, and whether the row itself says so

ACTIVE, DELETED, ARCHIVED = 0, 1, 2
_STATES = {state: int(state) for state in (0, 1, 2, "0", "1", "2")}


@dataclass(frozen=True)
class Visibility:
    """`passes`: parameters per list. `flags` of a row. `overlapping`: one row may be in several of the lists."""

    passes: tuple[Params, ...]
    flags: Callable[[Row, Params], Flags]
    overlapping: bool = False


def _vis_state(row: Row, asked: Params) -> Flags:
    state = row.get("vis_state", row.get("visState"))  # the second spelling stands in one real capture
    if type(state) in (int, str) and (known := _STATES.get(state)) is not None:
        return known == DELETED, known == ARCHIVED, True
    # The key may be missing on old accounts: what was asked for is what came, unless the filter was ignored.
    state = asked.get("search[vis_state]", ACTIVE)
    return state == DELETED, state == ARCHIVED, False


def _active(row: Row, _asked: Params) -> Flags:
    return row.get("active") is False, False, True


def _state(row: Row, _asked: Params) -> Flags:
    return row.get("state") == "deleted", row.get("state") in ("archived", "inactive"), True


def _never(_row: Row, _asked: Params) -> Flags:
    return False, False, True


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
