"""Bills, who sends them, and their payments. Hardly any filter works (freshbooks-api.md 3.3)."""

from __future__ import annotations

from freshbooks_sandbox.domain import bill_vendors, bills
from freshbooks_sandbox.query import equals, equals_number, in_numbers, in_texts
from freshbooks_sandbox.resource import Resource
from freshbooks_sandbox.stamps import utc_plain

BILLS = Resource(
    "bills",
    "bills",
    path="bills/bills",
    singular="bill",
    stamp="updated_at",
    clock=utc_plain,
    create=bills.create,
    change=bills.change,
    seen=bills.seen,
    filters={
        "vendorid": equals_number("vendorid"),
        "statuses": in_texts("status"),
        "currency_code": equals("currency_code"),
        "ids": in_numbers("id"),
    },
    seen_filters=("statuses",),
)
BILL_VENDORS = Resource(
    "bill_vendors",
    "bill_vendors",
    path="bill_vendors/bill_vendors",
    singular="bill_vendor",
    id="vendorid",
    stamp="updated_at",
    clock=utc_plain,
    create=bill_vendors.create,
    change=bill_vendors.change,
    seen=bill_vendors.seen,
)
BILL_PAYMENTS = Resource(
    "bill_payments",
    "bill_payments",
    path="bill_payments/bill_payments",
    singular="bill_payment",
    stamp=None,
    create=bills.create_payment,
    change=bills.change_payment,
    after=bills.follow_payment,
)
