"""Natural keys: what may be billed, booked or sent once only. A trigger frees them when nothing was written."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from freshbooks_hub.agent.actions.models import Status


def time_entry(business_id: int, entry_id: int) -> str:
    return f"time_entry/{business_id}/{entry_id}"


def expense(business_id: int, expense_id: int) -> str:
    """An expense that is billed on to a client."""
    return f"expense/{business_id}/{expense_id}"


def fixed_price(business_id: int, project_id: int) -> str:
    return f"fixed_price/{business_id}/{project_id}"


def sending(business_id: int, invoice_id: int) -> str:
    return f"sending/{business_id}/{invoice_id}"


def receipt(business_id: int, sha256: str) -> str:
    return f"receipt/{business_id}/{sha256}"


def purchase(business_id: int, fingerprint: str) -> str:
    """An expense to be booked, by what is bought: vendor, date, amount and currency."""
    return f"purchase/{business_id}/{fingerprint}"


def holders(db: Connection, keys: Iterable[str]) -> dict[str, tuple[str, Status]]:
    """For each key that is taken: the action that holds it, and where that stands."""
    found = {}
    for key in keys:
        row = db.execute(
            "SELECT a.id, a.status FROM action_claims c JOIN actions a ON a.id = c.action_id WHERE c.key = ?",
            [key],
        ).fetchone()
        if row:
            found[key] = (str(row["id"]), Status(row["status"]))
    return found


def receipt_needed(db: Connection, sha256: str) -> bool:
    """Whether an action that may still be sent holds this receipt."""
    found = db.execute(
        "SELECT 1 FROM action_claims c JOIN actions a ON a.id = c.action_id WHERE c.key LIKE 'receipt/%/' || ? "
        "AND a.status IN ('proposed', 'approved', 'dispatching')",
        [sha256],
    ).fetchone()
    return found is not None


def take(db: Connection, keys: Iterable[str], action_id: str) -> None:
    """Claim the keys; the primary key refuses a second claim (sqlite3.IntegrityError)."""
    db.executemany("INSERT INTO action_claims VALUES (?, ?)", [(key, action_id) for key in keys])


def free(db: Connection, action_id: str) -> int:
    """Give back what an action holds: only when its document is gone from FreshBooks. The count."""
    return db.execute("DELETE FROM action_claims WHERE action_id = ?", [action_id]).rowcount
