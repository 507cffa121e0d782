"""The connected user and the businesses they belong to, from `users/me` (freshbooks-api.md 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from freshbooks_api.roles import CLIENT, FULL_ROLES, by_default
from freshbooks_hub.core.errors import HubError


class NothingToSync(HubError):
    """No business was chosen, or one that cannot be synced."""


@dataclass(frozen=True)
class Business:
    """One membership. `why_not` says why it cannot be synced; `note` what to expect of one that can."""

    id: int
    name: str
    role: str
    account_id: str | None
    uuid: str | None
    account_role: str | None
    why_not: str | None
    note: str | None

    @property
    def can_sync(self) -> bool:
        """Whether it may be chosen."""
        return self.why_not is None


@dataclass(frozen=True)
class Profile:
    """The FreshBooks user behind a connection."""

    identity_id: int | None
    name: str
    email: str
    businesses: tuple[Business, ...]

    @classmethod
    def of(cls, me: Mapping[str, Any]) -> Profile:
        """Read the `response` of `users/me`; every field but the memberships may be null."""
        roles = {row.get("accountid"): row.get("role") for row in me.get("roles") or []}
        memberships = [m for m in me.get("business_memberships") or [] if m.get("business")]
        return cls(
            identity_id=me.get("identity_id") or me.get("id"),
            name=" ".join(filter(None, (me.get("first_name"), me.get("last_name")))) or "unnamed user",
            email=me.get("email") or "",
            businesses=tuple(_business(m, roles) for m in memberships),
        )

    def as_json(self) -> dict[str, Any]:
        """For connection.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Profile:
        """The reverse of `as_json`."""
        businesses = tuple(Business(**business) for business in stored["businesses"])
        return cls(stored["identity_id"], stored["name"], stored["email"], businesses)

    def default_choice(self) -> list[int]:
        """Of the businesses that can be synced, those that this user owns or administers; if none, all of them."""
        can_sync = [business for business in self.businesses if business.can_sync]
        return [business.id for business in by_default(can_sync, lambda business: business.role)]

    def chosen(self, business_ids: Iterable[int]) -> list[Business]:
        """The businesses of these ids, in their order here; raises NothingToSync saying why not."""
        by_id = {business.id: business for business in self.businesses}
        wanted = set(business_ids)
        for business_id in sorted(wanted):
            if business_id not in by_id:
                names = ", ".join(f"{b.id} ({b.name})" for b in self.businesses) or "none"
                raise NothingToSync(f"This FreshBooks user has no business {business_id}. It has: {names}.")
            if why_not := by_id[business_id].why_not:
                raise NothingToSync(f"{by_id[business_id].name} cannot be synced. {why_not}")
        if not wanted:
            raise NothingToSync(
                "No business was chosen. Choose one that can be synced; if there is none, log in to FreshBooks as "
                "the owner or an administrator of the business and connect again."
            )
        return [business for business in self.businesses if business.id in wanted]


def _business(membership: Mapping[str, Any], roles: Mapping[Any, Any]) -> Business:
    business = membership["business"]
    account_id, role = business.get("account_id"), membership.get("role") or "unknown"
    account_role = roles.get(account_id) if account_id else None
    why_not = _why_not(account_id, role, account_role)
    partial = None
    if why_not is None and role not in FULL_ROLES:
        partial = f"As {role} you may see only a part of its books; an owner or administrator sees all."
    return Business(
        id=int(business["id"]),
        name=business.get("name") or f"Business {business['id']}",
        role=role,
        account_id=account_id,
        uuid=business.get("business_uuid"),
        account_role=account_role,
        why_not=why_not,
        note=partial,
    )


def _why_not(account_id: str | None, role: str, account_role: str | None) -> str | None:
    if CLIENT in (role, account_role):
        return "You are a client of this business, so its books are not yours to read."
    if not account_id:
        return "It has no accounting account, so it has no clients, invoices or expenses to read."
    return None
