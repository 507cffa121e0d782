"""Which businesses to read: one partition, and one state, for each."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from airbyte_cdk.sources.declarative.migrations.state_migration import StateMigration
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import StreamSlice, StreamState

from freshbooks_api.roles import CLIENT, FULL_ROLES, by_default
from source_freshbooks.components.availability import Status
from source_freshbooks.components.connection import Connection, connection_of
from source_freshbooks.components.endpoints import FAMILIES
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.components.normalization import RecordShaper
from source_freshbooks.components.retriever_base import UNREADABLE_REASON

logger = logging.getLogger("airbyte.freshbooks")


def selected_businesses(connection: Connection) -> list[dict[str, Any]]:
    """Rows of the `businesses` stream: those of `business_ids`, else those that `by_default` gives."""
    memberships = _memberships(connection)
    wanted = _wanted(connection)
    known = {int(m["business"]["id"]) for m in memberships if m.get("role") != CLIENT}
    if missing := wanted - known:
        raise ConfigError(
            f"This FreshBooks user has no business with id {', '.join(map(str, sorted(missing)))}; "
            f"it has {', '.join(map(str, sorted(known))) or 'none'}. The user needs access to it: ask its owner for "
            "the role of owner or administrator, or correct the list of business ids."
        )
    chosen = (
        [m for m in memberships if int(m["business"]["id"]) in wanted] if wanted else _default(memberships)
    )
    if not chosen:
        raise ConfigError(
            "This FreshBooks user is at most a client of a business, so there is nothing to sync. "
            "Authorize the connection as the owner, an administrator or another team member of the business."
        )
    connection.cached("lower roles", lambda: _warn_of_lower_roles(chosen))
    identity = connection.identity()
    roles = {role.get("accountid"): role for role in identity.get("roles") or []}
    return [_row(membership, roles, identity) for membership in chosen]


def _wanted(connection: Connection) -> set[int]:
    return {int(business_id) for business_id in connection.config.get("business_ids") or []}


def _default(memberships: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return by_default(memberships, lambda membership: membership.get("role"))


def _warn_of_lower_roles(chosen: list[dict[str, Any]]) -> None:
    lower = [m for m in chosen if m.get("role") not in FULL_ROLES]
    if lower:
        logger.warning(
            "Only a part of these businesses may be visible: %s. An owner or administrator sees all of it.",
            ", ".join(f"{m['business']['id']} (as {m.get('role') or 'unknown role'})" for m in lower),
        )


def _memberships(connection: Connection) -> list[dict[str, Any]]:
    return [m for m in connection.identity().get("business_memberships") or [] if m.get("business")]


def _unreadable_reason(connection: Connection, business_id: int, needs: tuple[str, ...]) -> str:
    """The sentence for a business that was read before and cannot be read now."""
    memberships = _memberships(connection)
    found = [m for m in memberships if int(m["business"]["id"]) == business_id]
    if not found:
        reason = "this FreshBooks user is no longer a member of it"
    elif _wanted(connection) or any(m in _default(memberships) for m in found):
        missing = [name for name in needs if not any(m["business"].get(name) for m in found)]
        reason = f"FreshBooks gives no {' and no '.join(missing) or 'full record'} for it any more"
    else:
        reason = f"this FreshBooks user's role in it is now {found[0].get('role') or 'none'}"
    return (
        f"Business {business_id} was read before, but {reason}. Its owner can give back the role of owner or "
        "administrator; to go on without it, list the wanted businesses in business_ids."
    )


def _row(
    membership: Mapping[str, Any], roles: Mapping[Any, Mapping[str, Any]], identity: Mapping[str, Any]
) -> dict[str, Any]:
    business = membership["business"]
    account_role = roles.get(business.get("account_id")) or {}
    return {
        **{key: value for key, value in business.items() if key != "id"},
        "business_id": int(business["id"]),
        "account_id": business.get("account_id"),
        "membership_id": membership.get("id"),
        "role": membership.get("role"),
        "account_role": account_role.get("role"),
        "account_userid": account_role.get("userid"),
        "identity_id": identity.get("identity_id") or identity.get("id"),
        "is_deleted": False,
        "is_archived": business.get("active") is False,
    }


@dataclass
class BusinessRouter(PartitionRouter):
    """A slice per business that has the id which the family of the stream needs.

    `bases`: those that a report is read on. They are part of the partition, so that a cursor from before the report was
    read on all of them counts no more, and its history is read on each.

    A business that gave rows of the stream before and is not among them gets a slice too, whose reading fails with
    the reason: its rows would stay as they are for ever, and nobody would know. The others are read.
    """

    config: Mapping[str, Any]
    name: str
    family: str
    bases: list[str] = field(default_factory=list)
    parameters: InitVar[Mapping[str, Any] | None] = None

    def stream_slices(self) -> Iterable[StreamSlice]:
        connection = connection_of(self.config)
        needs = FAMILIES[self.family].needs
        found: set[int] = set()
        for business in selected_businesses(connection):
            applies = all(business.get(name) for name in needs)
            if not applies and (self.name, business["business_id"]) not in connection.previously_read:
                connection.outcomes.note(business, self.name, Status.not_applicable)
            if applies:
                found.add(business["business_id"])
                yield StreamSlice(
                    partition=self._partition(business["business_id"]),
                    cursor_slice={},
                    extra_fields={
                        name: business.get(name) for name in ("account_id", "business_uuid", "timezone")
                    },
                )
        wanted = _wanted(connection)
        for business_id in sorted(connection.previously_read.businesses(self.name) - found):
            if not wanted or business_id in wanted:
                yield StreamSlice(
                    partition=self._partition(business_id),
                    cursor_slice={},
                    extra_fields={UNREADABLE_REASON: _unreadable_reason(connection, business_id, needs)},
                )

    def _partition(self, business_id: int) -> dict[str, Any]:
        return {"business_id": business_id, **({"bases": " ".join(self.bases)} if self.bases else {})}

    def get_stream_state(self) -> Mapping[str, StreamState] | None:
        return None

    def get_request_params(self, **_: Any) -> Mapping[str, Any]:
        return {}

    get_request_headers = get_request_body_data = get_request_body_json = get_request_params


@dataclass
class IdentityRetriever(Retriever):
    """The stream `businesses`: from the identity that every other stream needs anyway.

    `observed_at` is the server's clock when the identity was asked for.
    """

    config: Mapping[str, Any]
    name: str

    def read_records(
        self,
        records_schema: Mapping[str, Any],
        stream_slice: StreamSlice | None = None,  # noqa: ARG002 - the interface
    ) -> Iterable[Mapping[str, Any]]:
        connection = connection_of(self.config)
        shaper = RecordShaper(self.name, records_schema)
        for row in selected_businesses(connection):
            yield {**shaper.shape(row), "observed_at": connection.observed_at}
            connection.outcomes.note(row, self.name, Status.read, has_rows=True)


class PerBusinessState(StateMigration):
    """Drops the CDK's stream-wide cursor: a business connected later would start from it, without history."""

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        return "states" in stream_state and "state" in stream_state

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"use_global_cursor": False, "states": stream_state["states"]}
