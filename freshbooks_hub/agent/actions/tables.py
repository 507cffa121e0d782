"""The tables of actions in hub.sqlite. What must never happen is forbidden here, by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection

from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home

# An action moves along these arrows and no other. `approved -> dispatching` has no way back: an approval
# is used once.
_ARROWS = {
    "proposed": ("approved", "refused", "expired"),
    "approved": ("dispatching", "refused", "expired", "failed"),
    "dispatching": ("confirmed", "unknown", "failed"),
    "unknown": ("confirmed", "absent", "needs_person"),
    "needs_person": ("confirmed", "absent"),
}
_ALLOWED = ", ".join(f"('{before}', '{after}')" for before, afters in _ARROWS.items() for after in afters)

TABLES = f"""
CREATE TABLE IF NOT EXISTS actions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('draft_invoice', 'send_invoice', 'create_expense')),
    status TEXT NOT NULL,
    business_id INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    request TEXT NOT NULL,
    preview TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    recipients TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    approved_by TEXT,
    approved_channel TEXT,
    approved_hash TEXT CHECK (approved_hash = payload_hash),
    approved_at TEXT,
    dispatched_at TEXT,
    step TEXT,
    baseline TEXT,
    unknown_since TEXT,
    empty_reads INTEGER NOT NULL DEFAULT 0,
    record_id INTEGER,
    receipt_hash TEXT,
    result TEXT,
    finished_at TEXT,
    CHECK (status IN ('proposed', 'refused', 'expired') OR approved_hash IS NOT NULL),
    CHECK (status NOT IN ('dispatching', 'unknown', 'confirmed', 'absent', 'needs_person')
           OR dispatched_at IS NOT NULL)
);
CREATE TRIGGER IF NOT EXISTS actions_begin BEFORE INSERT ON actions WHEN NEW.status <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'an action begins as a proposal'); END;
CREATE TRIGGER IF NOT EXISTS actions_move BEFORE UPDATE OF status ON actions
WHEN OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (VALUES {_ALLOWED})
BEGIN SELECT RAISE(ABORT, 'an action cannot move so'); END;
CREATE TRIGGER IF NOT EXISTS actions_fixed
BEFORE UPDATE OF id, kind, business_id, account_id, request, preview, payload_hash, amount, currency,
    recipients, proposed_by, created_at, expires_at ON actions
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER IF NOT EXISTS actions_stay BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are kept'); END;

-- What may be written once only: a time entry, an expense, a receipt, an invoice to send.
CREATE TABLE IF NOT EXISTS action_claims (
    key TEXT PRIMARY KEY,
    action_id TEXT NOT NULL REFERENCES actions (id)
);
CREATE TRIGGER IF NOT EXISTS action_claims_freed AFTER UPDATE OF status ON actions
WHEN NEW.status IN ('refused', 'expired', 'failed', 'absent')
BEGIN DELETE FROM action_claims WHERE action_id = NEW.id; END;

CREATE TABLE IF NOT EXISTS action_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS audit_log (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    channel TEXT,
    event TEXT NOT NULL,
    action_id TEXT,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS audit_log_edit BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_log_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_log_order BEFORE INSERT ON audit_log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
BEGIN SELECT RAISE(ABORT, 'the audit log has no gaps'); END;
"""  # noqa: S608 - our own words


@contextmanager
def ledger_transaction(home: Home) -> Iterator[Connection]:
    """One transaction on hub.sqlite with the tables of actions; raises HomeError."""
    with transaction(home.history, TABLES) as db:
        yield db
