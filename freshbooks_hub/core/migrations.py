"""The layout of hub.sqlite, version by version. Transitions that must never happen to an action are forbidden here.

A migration never changes once it was released: a home of any version goes through those that it has not had yet.
Add a new one at the end; `core.database` runs each in a transaction of its own, with foreign keys unchecked, and
writes its number into the file (`PRAGMA user_version`).
"""

from __future__ import annotations

# ruff: noqa: S608 - our own words

# The checks keep the states of an action honest.
_ACTIONS_TABLE = """
CREATE TABLE IF NOT EXISTS {name} (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK ({kinds}),
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
"""

# An action moves along these arrows and no other. `approved -> dispatching` has no way back: an approval is used once.
_ACTION_TRIGGERS = """
CREATE TRIGGER IF NOT EXISTS actions_begin BEFORE INSERT ON actions WHEN NEW.status <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'an action begins as a proposal'); END;
CREATE TRIGGER IF NOT EXISTS actions_move BEFORE UPDATE OF status ON actions
WHEN OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (VALUES
    ('proposed', 'approved'), ('proposed', 'refused'), ('proposed', 'expired'),
    ('approved', 'dispatching'), ('approved', 'refused'), ('approved', 'expired'), ('approved', 'failed'),
    ('dispatching', 'confirmed'), ('dispatching', 'unknown'), ('dispatching', 'failed'),
    ('unknown', 'confirmed'), ('unknown', 'absent'), ('unknown', 'needs_person'),
    ('needs_person', 'confirmed'), ('needs_person', 'absent')
)
BEGIN SELECT RAISE(ABORT, 'an action cannot move so'); END;
CREATE TRIGGER IF NOT EXISTS actions_fixed
BEFORE UPDATE OF id, kind, business_id, account_id, request, preview, payload_hash, amount, currency,
    recipients, proposed_by, created_at, expires_at ON actions
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER IF NOT EXISTS actions_stay BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are kept'); END;
CREATE TRIGGER IF NOT EXISTS action_claims_freed AFTER UPDATE OF status ON actions
WHEN NEW.status IN ('refused', 'expired', 'failed', 'absent')
BEGIN DELETE FROM action_claims WHERE action_id = NEW.id; END;
"""

# As version 0.1.0 created them, one table at a time and without a version: a home may have some of them.
_FIRST = (
    """
CREATE TABLE IF NOT EXISTS sync_runs (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted')),
    pid INTEGER NOT NULL,
    rows_read INTEGER NOT NULL DEFAULT 0,
    rows_changed INTEGER NOT NULL DEFAULT 0,
    published INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE TABLE IF NOT EXISTS sync_run_streams (
    run_id INTEGER NOT NULL REFERENCES sync_runs (id),
    stream TEXT NOT NULL,
    completed INTEGER NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_inserted INTEGER NOT NULL,
    rows_updated INTEGER NOT NULL,
    rows_total INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (run_id, stream)
);
CREATE TABLE IF NOT EXISTS stream_reads (
    stream TEXT PRIMARY KEY,
    read_at TEXT NOT NULL, -- start of the last run that read it to the end
    whole_read_at TEXT -- the same, of a run that read it from the beginning
);
CREATE TABLE IF NOT EXISTS stream_read_businesses (
    stream TEXT PRIMARY KEY,
    businesses TEXT NOT NULL -- the chosen ones that the last such run read, as `_key` writes them
);
CREATE TABLE IF NOT EXISTS sync_run_warnings (
    run_id INTEGER NOT NULL REFERENCES sync_runs (id),
    stream TEXT NOT NULL, -- not used any more
    message TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS generations (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES sync_runs (id),
    published_at TEXT NOT NULL,
    as_of_date TEXT NOT NULL,
    raw_version INTEGER NOT NULL,
    project TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS schedule_frequencies (entity TEXT PRIMARY KEY, seconds INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS schedule_wakes (entity TEXT PRIMARY KEY, woken_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schedule_pause (one INTEGER PRIMARY KEY CHECK (one = 1), paused_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schedule_failures (
    entity TEXT PRIMARY KEY, -- '' for the connection as a whole
    failures INTEGER NOT NULL,
    retry_at TEXT NOT NULL,
    error TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS alarms (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    raised_at TEXT NOT NULL,
    cleared_at TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS open_alarms ON alarms (kind) WHERE cleared_at IS NULL;
CREATE TABLE IF NOT EXISTS webhooks (
    callback_id INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL,
    event TEXT NOT NULL,
    uri TEXT NOT NULL,
    verifier TEXT, -- the signing secret, once FreshBooks has accepted it back
    last_delivery_at TEXT
);
CREATE TABLE IF NOT EXISTS stream_availability (
    business_id INTEGER NOT NULL,
    stream TEXT NOT NULL,
    status TEXT NOT NULL,
    missing_scopes TEXT,
    row_count INTEGER,
    counted INTEGER,
    PRIMARY KEY (business_id, stream)
);
"""
    + _ACTIONS_TABLE.format(
        name="actions", kinds="kind IN ('draft_invoice', 'send_invoice', 'create_expense')"
    )
    + """
-- What may be written once only: a time entry, an expense, a receipt, an invoice to send.
CREATE TABLE IF NOT EXISTS action_claims (
    key TEXT PRIMARY KEY,
    action_id TEXT NOT NULL REFERENCES actions (id)
);
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
"""
    + _ACTION_TRIGGERS
)

# The kinds of actions are the program's to know: with them in a CHECK, a home would refuse every later kind.
# SQLite cannot take a CHECK away, so the table is written anew; dropping one fires no trigger, and drops its own.
_ANY_KIND = (
    _ACTIONS_TABLE.format(name="actions_next", kinds="kind <> ''")
    + """
INSERT INTO actions_next SELECT * FROM actions ORDER BY rowid;
DROP TABLE actions;
ALTER TABLE actions_next RENAME TO actions;
"""
    + _ACTION_TRIGGERS
)

# FreshBooks numbers callbacks per account (freshbooks-api.md 8), so two accounts may have the same number.
_CALLBACKS_PER_ACCOUNT = """
CREATE TABLE webhooks_next (
    callback_id INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    event TEXT NOT NULL,
    uri TEXT NOT NULL,
    verifier TEXT, -- the signing secret, once FreshBooks has accepted it back
    last_delivery_at TEXT,
    PRIMARY KEY (account_id, callback_id)
);
INSERT INTO webhooks_next SELECT * FROM webhooks ORDER BY rowid;
DROP TABLE webhooks;
ALTER TABLE webhooks_next RENAME TO webhooks;
"""

# Who may use /mcp without the owner's own token: registered clients, and the grants that people gave them.
# Codes and tokens are random; only their SHA-256 is kept.
_AGENT_GRANTS = """
CREATE TABLE agent_clients (
    client_id TEXT PRIMARY KEY,
    registered_at TEXT NOT NULL,
    metadata TEXT NOT NULL
);
CREATE TABLE agent_grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES agent_clients (client_id),
    connection TEXT NOT NULL, -- the one it is for, by name
    scope TEXT NOT NULL CHECK (scope IN ('read', 'read act')),
    resource TEXT NOT NULL, -- the address that its tokens are good for
    granted_at TEXT NOT NULL,
    used_at TEXT,
    revoked_at TEXT,
    code_hash TEXT NOT NULL UNIQUE,
    code_challenge TEXT NOT NULL,
    code_expires_at TEXT NOT NULL,
    code_used_at TEXT,
    redirect_uri TEXT NOT NULL,
    redirect_uri_given INTEGER NOT NULL,
    access_hash TEXT UNIQUE,
    access_expires_at TEXT,
    refresh_hash TEXT UNIQUE,
    refresh_expires_at TEXT,
    spent_refresh_hash TEXT -- the one before: who brings it again has a copy
);
"""

# Rules ask for the entries of one event. Since this version a rule of `action_settings` may hold a standing permission,
# which earlier programs cannot read.
_ENTRIES_BY_EVENT = "CREATE INDEX audit_log_by_event ON audit_log (event, seq);\n"

# A user of the pages may let a client in too; null: the owner did.
_GRANTED_BY = "ALTER TABLE agent_grants ADD COLUMN granted_by TEXT;\n"

# What people were told, so that nobody is told twice; their addresses are in notifications.json.
_NOTIFICATIONS = """
CREATE TABLE notifications_sent (
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    PRIMARY KEY (channel, key)
);
CREATE TABLE notification_failures (
    channel TEXT PRIMARY KEY,
    failures INTEGER NOT NULL, -- in a row
    retry_at TEXT NOT NULL,
    error TEXT NOT NULL
);
"""

MIGRATIONS = (
    *(_FIRST, _ANY_KIND, _CALLBACKS_PER_ACCOUNT, _AGENT_GRANTS, _ENTRIES_BY_EVENT, _GRANTED_BY),
    _NOTIFICATIONS,
)
