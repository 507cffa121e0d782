"""Who may do what on the pages: one table by address, which `security.Guard` checks before anything else.

The owner may do everything. A user sees some connections, and in some of these may approve what agents propose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from freshbooks_hub.agent.mcp.oauth.provider import CONSENT_PATH
from freshbooks_hub.core.home import DEFAULT

_OF_CONNECTION = re.compile(r"/c/(?P<name>[^/]+)(?P<path>/.*)?", re.DOTALL)
_SAFE = {"GET", "HEAD"}


class Right(StrEnum):
    """What a user may do in a connection."""

    look = "look"
    approve = "approve"

    @property
    def label(self) -> str:
        """As people read it."""
        return "may approve" if self is Right.approve else "may look"


class Need(IntEnum):
    """What an address requires of a person: each level includes the ones before it."""

    nothing = 0
    person = 1  # anybody who is signed in; the page itself shows each their own
    look = 2
    approve = 3
    owner = 4


@dataclass(frozen=True)
class Person:
    """Who is signed in. `rights`: of a user, by connection (`default` is one of the names); the owner has all."""

    name: str
    rights: Mapping[str, Right] = field(default_factory=dict)
    is_owner: bool = False

    def may(self, need: Need, connection: str = DEFAULT) -> bool:
        """Whether that is allowed, in this connection."""
        if self.is_owner or need <= Need.person:
            return True
        right = self.rights.get(connection)
        return right is not None and need <= (Need.approve if right is Right.approve else Need.look)


OWNER = Person("the owner", is_owner=True)

# The first line that fits an address within the pages of a connection, and a method, counts.
_TABLE: tuple[tuple[Need, str, frozenset[str] | None], ...] = (
    (Need.nothing, r"/login|/open|/static/.*", None),
    (Need.person, rf"/logout|/account(/.*)?|/connections|{CONSENT_PATH}", None),
    (Need.owner, r"/settings(\W.*)?|/start/.*|/callback", None),
    (Need.approve, r"/sync|/approvals/.*|/activity/.*", frozenset({"POST"})),
    (Need.look, r".*", frozenset(_SAFE)),
    # New addresses that change something are the owner's until a line above says otherwise.
    (Need.owner, r".*", None),
)
_RULES = tuple((need, re.compile(path, re.DOTALL), methods) for need, path, methods in _TABLE)


def needed(method: str, path: str) -> tuple[Need, str]:
    """What a request for `path` (as routed) requires, and in which connection."""
    of_connection = _OF_CONNECTION.fullmatch(path)
    name, inner = (of_connection["name"], of_connection["path"] or "/") if of_connection else (DEFAULT, path)
    need = next(
        need
        for need, known, methods in _RULES
        if known.fullmatch(inner) and (methods is None or method in methods)
    )
    # Below a connection's own address everything is of this connection.
    return (max(need, Need.look) if of_connection else need), name
