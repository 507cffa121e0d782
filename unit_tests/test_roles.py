"""Which businesses are read by default: one rule for the source and the hub."""

import pytest

from freshbooks_api.roles import by_default


@pytest.mark.parametrize(
    ("roles", "chosen"),
    [
        (["owner", "manager", "client"], ["owner"]),
        (["admin", "business_partner", None], ["admin", "business_partner"]),
        (["manager", "client", "contractor"], ["manager", "contractor"]),
        ([None, "client"], [None]),
        (["client"], []),
        ([], []),
    ],
)
def test_lower_roles_count_where_there_is_no_full_one(
    roles: list[str | None], chosen: list[str | None]
) -> None:
    assert by_default(roles, lambda role: role) == chosen
