"""What this connection cannot read and never could, as its token and the last reads say."""

from __future__ import annotations

from collections.abc import Iterable

from freshbooks_api import scopes
from freshbooks_hub.connection.not_available import SCOPE_OF, NotAvailable, Refusal, Why, by_token, group
from freshbooks_hub.connection.store import Connection
from freshbooks_hub.sync.availability import Outcome


def not_available(connection: Connection, outcomes: Iterable[Outcome]) -> list[NotAvailable]:
    """What the token does not allow, and what the last reads found that plan and role do not."""
    names = {b.id: b.name for b in connection.profile.businesses} if connection.profile else {}
    token = str(connection.credentials.get("access_token") or "")
    lacked = by_token(token, connection.asked)
    told = {refusal.stream for refusal in lacked}
    # A stream of which the token lacks the scope has that reason, whatever else an answer asked for.
    found = [refusal for refusal in _by_outcomes(outcomes, token) if refusal.stream not in told]
    return group([*lacked, *found], names)


def _by_outcomes(outcomes: Iterable[Outcome], token: str) -> list[Refusal]:
    """A scope that was missing then and is granted now does not count: the next sync reads that stream."""
    have = scopes.granted(token)
    found = []
    for one in outcomes:
        if one.status in {Why.gated, Why.refused}:
            found.append(Refusal(one.stream, Why(one.status), one.business_id))
        elif one.status == Why.not_granted:
            lacked = tuple((one.missing_scopes or SCOPE_OF.get(one.stream, "")).split())
            beyond = [name for name in lacked if name != SCOPE_OF.get(one.stream)]
            if have is None or any(name not in have for name in beyond):
                found.append(Refusal(one.stream, Why.not_granted, one.business_id, lacked))
    return found
