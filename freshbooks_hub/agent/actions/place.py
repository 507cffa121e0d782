"""The business to act in, and names as they may be shown."""

from __future__ import annotations

from dataclasses import dataclass

from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.core.clock import named_zone

NAME_LIMIT = 100


@dataclass(frozen=True)
class Place:
    """The business to act in, and who acts: `staff_id` is the caller's number in its accounting.

    `timezone` is UTC where FreshBooks names a zone that is none.
    """

    business_id: int
    account_id: str
    name: str
    timezone: str
    staff_id: int


def find_place(api: Api, allowed: list[int] | None, business_id: int | None) -> Place:
    """The business to act in: the one asked for, or the only one that the connection may write to."""
    me = (api.get("/auth/api/v1/users/me") or {}).get("response") or {}
    roles = {role.get("accountid"): role for role in me.get("roles") or []}
    places = [
        Place(
            business_id=int(business["id"]),
            account_id=business["account_id"],
            name=name_of(business.get("name")),
            timezone=business["timezone"] if named_zone(business.get("timezone")) else "UTC",
            staff_id=int((roles.get(business["account_id"]) or {}).get("userid") or 1),
        )
        for membership in me.get("business_memberships") or []
        if membership.get("role") != "client"
        for business in [membership.get("business") or {}]
        if business.get("account_id") and (not allowed or int(business["id"]) in allowed)
    ]
    chosen = [place for place in places if business_id in (None, place.business_id)]
    if len(chosen) == 1:
        return chosen[0]
    choices = [{"id": place.business_id, "name": place.name} for place in places]
    if business_id is None and places:
        raise ActionRefused("business_needed", "Say in which business: give its id.", businesses=choices)
    raise ActionRefused(
        "business_unknown", "The connection cannot write to such a business.", businesses=choices
    )


def name_of(text: object) -> str:
    """A name from the books, fit to show."""
    return clean(str(text or ""), NAME_LIMIT)
