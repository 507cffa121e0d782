"""Writing a proposal down together with what it claims, or giving the same one again."""

from __future__ import annotations

from decimal import Decimal
from sqlite3 import Connection

from freshbooks_hub.agent.actions import idempotency_keys
from freshbooks_hub.agent.actions.action_store import Ledger, Prepared
from freshbooks_hub.agent.actions.books import decimal
from freshbooks_hub.agent.actions.canonical import canonical
from freshbooks_hub.agent.actions.models import ActionRefused, Status
from freshbooks_hub.agent.actions.policy import check_amount, check_on, read_policy


def propose(ledger: Ledger, prepared: Prepared, who: str) -> str:
    """The id of the proposal, or of the unfinished action with exactly this request.

    Raises ActionRefused when writes are off, it is over a cap, or another action has claimed a part of it.
    """
    with ledger.transaction() as db:
        ledger.expire(db)
        rule = check_on(read_policy(db), prepared.kind)
        check_amount(rule, prepared.amount, prepared.currency)
        known = _same(db, prepared)
        if known is None:
            check_free(idempotency_keys.holders(db, prepared.claims))
            known = ledger.insert(db, prepared, who)
            idempotency_keys.take(db, prepared.claims, known)
    return known


def check_free(held: dict[str, tuple[str, Status]]) -> None:
    """Raises ActionRefused naming the actions that stand in the way."""
    if not held:
        return
    what = sorted({key.split("/")[0] for key in held})
    earlier = sorted({(action_id, status.value) for action_id, status in held.values()})
    done = any(status is Status.confirmed for _, status in held.values())
    raise ActionRefused(
        "already_done" if done else "already_proposed",
        "An earlier action has this already; nothing was proposed. Look at it with get_action.",
        what=what,
        actions=[{"id": action_id, "status": status} for action_id, status in earlier],
    )


def rate(text: str | None) -> Decimal | None:
    """An hourly rate given as text; raises ActionRefused `invalid_rate`."""
    if text is None:
        return None
    value = decimal(text)
    if not Decimal(0) < value < Decimal(100000) or value != value.quantize(Decimal("0.01")):
        raise ActionRefused("invalid_rate", "An hourly rate is a decimal number over 0, for example 120.00.")
    return value


def _same(db: Connection, prepared: Prepared) -> str | None:
    row = db.execute(
        "SELECT id FROM actions WHERE kind = ? AND business_id = ? AND request = ? "
        "AND status IN ('proposed', 'approved', 'dispatching', 'unknown', 'needs_person')",
        [prepared.kind.value, prepared.business_id, canonical(prepared.request)],
    ).fetchone()
    return str(row["id"]) if row else None
