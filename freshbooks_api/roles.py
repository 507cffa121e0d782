"""Which of a user's businesses are read by default: one rule for the source and the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

# The roles that may read a whole business (freshbooks-api.md 2); `admin` is the old name of the owner.
FULL_ROLES = frozenset({"owner", "admin", "business_partner"})
CLIENT = "client"

T = TypeVar("T")


def by_default(memberships: Iterable[T], role: Callable[[T], str | None]) -> list[T]:
    """Businesses that the user owns or administers; if there are none, those where they are more than a client.

    As a manager, employee, contractor or accountant only a part of a business may be visible, which is better than
    nothing where there is nothing else.
    """
    own = [membership for membership in memberships if role(membership) != CLIENT]
    return [membership for membership in own if role(membership) in FULL_ROLES] or own
