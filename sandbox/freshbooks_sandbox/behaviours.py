"""Behaviours on which FreshBooks is unproven or differs by account; tests turn them to meet each one."""

from __future__ import annotations

from dataclasses import dataclass, field

from freshbooks_sandbox.words import words

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
class Switches:
    """Each default is the sheet's most probable answer (freshbooks-api.md 9)."""

    archived_clients_by_default: bool = True  # False: default client lists hold active ones only (3.5)
    gated: set[str] = field(default_factory=set)  # resources that answer 200 with an error envelope (3.6)
    unreadable: set[str] = field(default_factory=set)  # resources that answer a total but no rows (6.4)
    deleted_get_is_1011: bool = False  # GET of a deleted record: errno 1011 instead of 200 (3.5)
    updated_min_everywhere: bool = False  # honour updated_min also where it is not documented (3.3)
    asc_quirk: bool = True  # any sort that ends in "asc" gives ascending ids (3.2)
    page_caps: dict[str, int] = field(default_factory=dict)  # resource -> most rows a page (addendum F6)
    page_caps_told: bool = (
        True  # False: `pages` and `per_page` are told as if the page were as long as asked for
    )
    page_caps_stop: bool = False  # True: nothing comes past the pages that were told
    refresh_kills_access_token: bool = False  # else it lives to its own expiry (1.4)
    refresh_keeps_created_at: bool = False  # a refresh answers the first exchange's created_at (1.4)
    link_time_entries: bool = False  # lines' modern_time_entries flip `billed` (7.4)
    billed_writable: bool = True  # PUT time entry takes `billed` (9)
    report_skew: dict[str, str] = field(default_factory=dict)  # report -> amount that it is wrong by
    client_limit: int | None = None  # plan's limit: errno 7005, 402 (6.1)
    enabled_scopes: set[str] = field(default_factory=lambda: set(SCOPES))  # on the app in the portal (1.5)
    # Webhooks (8)
    webhooks_wait: bool = False  # deliveries wait until `Sandbox.webhooks.deliver()` instead of going at once
    webhook_routes: dict[str, str] = field(
        default_factory=dict
    )  # start of a callback's uri -> where it really goes
    callbacks_need_notifications: bool = False  # callbacks also take user:notifications:read (1.5)
    # Clients and scopes
    staff_key: str = "staff"  # the list's key: "staffs" for the Python SDK (3.6)
    # Reports (3.10)
    newer_reports: str = (
        "uuid"  # what the newer path takes: "uuid", "business" (its number) or "none": not there
    )
    gone_reports: set[str] = field(default_factory=set)  # older paths that answer 404
    dateless_reports: set[str] = field(default_factory=set)  # run for today, whatever dates are asked for
    journal_entry_cap: int = 15  # most newer journal entries a page (3.2)
    # What the probes of 9.2 look for; by the number of the probe
    stamp_zones: dict[str, str] = field(
        default_factory=dict
    )  # P2: resource, or resource.column -> "utc", "eastern"
    ignored_filters: set[str] = field(
        default_factory=set
    )  # P3, P8: "invoices.updated_min", "clients.vis_state" …
    filter_days: str = "eastern"  # P3: whose midnight begins the day of updated_min; or "utc"
    filter_stamps: dict[str, str] = field(
        default_factory=dict
    )  # P3: resource -> column that updated_min looks at
    payments_move_invoices: bool = True  # P4: a payment moves its invoice's `updated`
    line_edits_move_invoices: bool = True  # P4: a change of lines alone moves it
    time_link: str = (
        "as_sent"  # P5: shape of lines' modern_time_entries: "objects", "numbers", "none" counts at all
    )
    bill_pay: bool = False  # P7: bills, vendors and bill payments are kept where no API shows them
    archived_hidden: set[str] = field(
        default_factory=set
    )  # P8: resources whose default list leaves archived rows out
    deleted_projects_listed: bool = True  # P8: False: active=false lists no deleted project
    tax_rounding: str = "document"  # P10: or "line": of invoices made or changed from now on
    currency_decimals: dict[str, int] = field(default_factory=dict)  # P10: currency -> decimals told
    unique_names: bool = True  # POST of a client, item or vendor that is there already: 409 (7.7)
    account_scope: str = (
        "accepted"  # user:account:read of the ledger (1.5): "accepted" beside the older scope,
    )
    # which the product asks for, "required" in its place, or "unknown"
