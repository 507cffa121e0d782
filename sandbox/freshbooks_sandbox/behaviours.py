"""Where FreshBooks is unproven or differs by account; tests set each behaviour in turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from freshbooks_sandbox.values import words

READ_ONLY_OBJECTS = ("profile", "notifications", "reports")
OBJECTS = words(
    "account bill_payments bill_vendors billable_items bills business clients credit_notes estimates "
    "expenses invoices journal_entries online_payments other_income payments projects retainers taxes "
    "teams time_entries uploads"
)
SCOPES = frozenset(
    [f"user:{name}:read" for name in (*READ_ONLY_OBJECTS, *OBJECTS)]
    + [f"user:{name}:write" for name in OBJECTS]
)

GATE_ERRNO = {  # others: 1003
    "items": 12001,
    "bills": 41001,
    "bill_vendors": 31001,
    "bill_payments": 41101,
}


@dataclass
class Behaviours:
    """Each default is the sheet's most probable answer (freshbooks-api.md 9)."""

    # False: default client lists hold active ones only (3.5)
    archived_clients_by_default: bool = True
    # resources that answer 200 with an error envelope (3.6)
    gated: set[str] = field(default_factory=set)
    # resources that answer a total but no rows (6.4)
    unreadable: set[str] = field(default_factory=set)
    # GET of a deleted record: errno 1011 instead of 200 (3.5)
    deleted_get_is_1011: bool = False
    # honour updated_min also where it is not documented (3.3)
    updated_min_everywhere: bool = False
    # any sort that ends in "asc" gives ascending ids (3.2)
    asc_quirk: bool = True
    # resource -> most rows on a page (3.2)
    page_caps: dict[str, int] = field(default_factory=dict)
    # False: `pages` and `per_page` are told as if the page were as long as asked for
    page_caps_told: bool = True
    # True: nothing comes past the pages that were told
    page_caps_stop: bool = False
    # a refresh ends the access token, which else lives to its own expiry (1.4)
    refresh_kills_access_token: bool = False
    # a refresh answers the first exchange's created_at (1.4)
    refresh_keeps_created_at: bool = False
    # lines' modern_time_entries flip `billed` (7.4)
    link_time_entries: bool = False
    # PUT time entry takes `billed` (9)
    billed_writable: bool = True
    # report -> amount that it is wrong by
    report_skew: dict[str, str] = field(default_factory=dict)
    # plan's limit: errno 7005, 402 (6.1)
    client_limit: int | None = None
    # scopes of the app in the portal (1.5)
    enabled_scopes: set[str] = field(default_factory=lambda: set(SCOPES))

    # -- Webhooks (8)
    # deliveries wait until `Sandbox.webhooks.deliver()` instead of going at once
    webhooks_wait: bool = False
    # start of a callback's uri -> where it really goes
    webhook_routes: dict[str, str] = field(default_factory=dict)
    # callbacks also take user:notifications:read (1.5)
    callbacks_need_notifications: bool = False

    # -- Clients and scopes
    # the list's key: "staffs" for the Python SDK (3.6)
    staff_key: str = "staff"

    # -- Reports (3.10)
    # what the newer path takes: "uuid", "business" (its number) or "none": not there
    newer_reports: str = "uuid"
    # older paths that answer 404
    gone_reports: set[str] = field(default_factory=set)
    # run for today, whatever dates are asked for
    dateless_reports: set[str] = field(default_factory=set)
    # on the accrual basis, whatever is asked for
    accrual_only_reports: set[str] = field(default_factory=set)
    # most of the newer journal entries on a page (3.2)
    journal_entry_cap: int = 15

    # -- What the probes of 9.2 look for; by the number of the probe
    # P2: resource, or resource.column -> "utc", "eastern"
    stamp_zones: dict[str, str] = field(default_factory=dict)
    # P3, P8: "invoices.updated_min", "clients.vis_state" …
    ignored_filters: set[str] = field(default_factory=set)
    # P3: whose midnight begins the day of updated_min: "eastern" or "utc"
    filter_days: str = "eastern"
    # P3: resource -> column that updated_min looks at
    filter_stamps: dict[str, str] = field(default_factory=dict)
    # P4: a payment moves its invoice's `updated`
    payments_move_invoices: bool = True
    # P4: a change of lines alone moves it
    line_edits_move_invoices: bool = True
    # P5: shape of lines' modern_time_entries: "as_sent", "objects", "numbers" or "none"
    time_link: str = "as_sent"
    # P5: False: lines do not tell which expense they bill on
    lines_name_expenses: bool = True
    # P7: bills, vendors and bill payments are kept where no API shows them
    bill_pay: bool = False
    # P8: resources whose default list leaves archived rows out
    archived_hidden: set[str] = field(default_factory=set)
    # P8: False: active=false lists no deleted project
    deleted_projects_listed: bool = True
    # P10: "document" or "line": of invoices made or changed from now on
    tax_rounding: str = "document"
    # P10: currency -> decimals told
    currency_decimals: dict[str, int] = field(default_factory=dict)
    # P11: all parts of the API count against one limit, but for accounting POSTs (6.3)
    shared_limit: bool = True
    # P11: header of every answer, in lower case -> what it says instead; empty: it is not there
    answer_headers: dict[str, str] = field(default_factory=dict)
    # POST of a client, item or vendor that is there already: 409 (7.7)
    unique_names: bool = True
    # Whether the ledger takes user:account:read (1.5): "accepted" beside the older scope, which the product asks
    # for, "required" in its place, or "unknown".
    account_scope: str = "accepted"
