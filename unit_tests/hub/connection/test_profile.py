"""What `users/me` may look like, from old fixtures to a guest's account."""

from __future__ import annotations

from typing import Any

import pytest

from freshbooks_hub.connection.profile import Profile

OWNED: dict[str, Any] = {"id": 439000, "name": "Maple", "account_id": "xZNQ1X", "business_uuid": "u"}


def me(role: str = "owner", account_role: str | None = "admin", **business: Any) -> dict[str, Any]:
    row = OWNED | business
    roles = [{"accountid": row["account_id"], "role": account_role}] if account_role else []
    return {"id": 7, "business_memberships": [{"role": role, "business": row}], "roles": roles}


def test_an_answer_of_2018_lacks_half_of_the_fields() -> None:
    profile = Profile.of({"id": 7, "first_name": None, "business_memberships": None, "roles": None})
    assert profile == Profile(7, "unnamed user", "", ())


def test_a_membership_without_a_business_does_not_count() -> None:
    assert (
        Profile.of({"id": 7, "business_memberships": [{"role": "owner", "business": None}]}).businesses == ()
    )


@pytest.mark.parametrize(
    ("answer", "why_not"),
    [
        (me(), None),
        (me(role="business_partner"), None),
        (me(account_role=None), None),
        (me(role="client"), "a client of this business"),
        # The two roles are independent, and the account's decides what the account shows (freshbooks-api.md 2).
        (me(role="owner", account_role="client"), "a client of this business"),
        (me(account_id=None), "no accounting account"),
    ],
)
def test_which_can_be_synced(answer: dict[str, Any], why_not: str | None) -> None:
    [business] = Profile.of(answer).businesses
    assert business.can_sync is (why_not is None)
    assert (why_not or "") in (business.why_not or "")


def test_it_survives_being_stored() -> None:
    profile = Profile.of(me())
    assert Profile.from_json(profile.as_json()) == profile


def test_the_default_is_what_is_owned_or_where_there_is_nothing_else_what_is_shared() -> None:
    shared = me(role="manager", id=2)["business_memberships"]
    owned = me(id=1)["business_memberships"]
    client = me(role="client", id=3)["business_memberships"]
    assert Profile.of({"business_memberships": [*owned, *shared, *client]}).default_choice() == [1]
    assert Profile.of({"business_memberships": [*shared, *client]}).default_choice() == [2]
    assert Profile.of({"business_memberships": client}).default_choice() == []
