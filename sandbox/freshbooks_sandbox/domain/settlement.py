"""What payments make of an invoice: paid, outstanding, and its many statuses (freshbooks-api.md 4.1, 5)."""

from __future__ import annotations

from decimal import Decimal

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.values import ZERO, Row, decimal, money

_PARTIAL = {"draft", "sent", "viewed", "partial", "paid", "autopaid", "deposit_partial", "deposit_paid"}


TROUBLES: dict[str, Row] = {  # what may befall an invoice on its way to being paid (4.1)
    "disputed": {"status": 0, "v3_status": "disputed", "dispute_status": "disputed"},
    "resolved": {"status": 2, "v3_status": "resolved", "dispute_status": "resolved"},
    "declined": {"status": 2, "v3_status": "declined", "last_order_status": "declined"},
    "pending": {"status": 2, "v3_status": "pending", "last_order_status": "pending"},
    "retry": {"status": 6, "v3_status": "retry", "autobill_status": "retry"},
    "failed": {"status": 7, "v3_status": "failed", "autobill_status": "failed"},
}


def befall(row: Row, trouble: str) -> None:
    """A dispute, or a payment that did not go through; KeyError for an unknown one."""
    row.update(TROUBLES[trouble], display_status=trouble)


def settle(books: Books, row: Row) -> None:
    """`paid`, `outstanding` and the statuses that follow from payments, archived ones too (4.1, 5)."""
    counted = [p for p in books.where("payments", invoiceid=row["id"]) if p["vis_state"] != 1]
    paid = sum((decimal(p["amount"]) for p in counted), ZERO)
    total, code = decimal(row["amount"]), row["currency_code"]
    row["paid"] = money(paid, code)
    # Up to 28 digits, as the service sends this one field.
    row["net_paid_amount"] = {"amount": f"{paid:.2f}" + "0" * 23, "code": code}
    row["outstanding"] = money(total - paid, code)
    row["discount"] = {
        "amount": row["discount_total"],
        "rate": row["discount_value"],
        "type": "percent",
    }
    over = row["v3_status"] in TROUBLES and paid >= total > 0
    if row["v3_status"] in _PARTIAL or over:
        _follow_payments(row, paid, total, counted)
    _settle_deposit(row, paid, total)


def _follow_payments(row: Row, paid: Decimal, total: Decimal, counted: list[Row]) -> None:
    base = {1: "draft", 3: "viewed"}.get(row["status"], "sent")
    row["date_paid"] = None
    if paid > 0 and paid >= total:
        by_robot = row["auto_bill"]
        row["status"] = 5 if by_robot else 4
        row["v3_status"] = "autopaid" if by_robot else "paid"
        row["payment_status"] = "auto-paid" if by_robot else "paid"
        row["display_status"] = "paid"
        row["date_paid"] = max(p["date"] for p in counted)
        return
    if row["status"] in (4, 5):  # a payment was taken back
        row["status"], base = 2, "sent"
    if paid > 0:
        row["status"] = 3 if row["status"] == 3 else 2
        row["v3_status"], row["payment_status"] = "partial", "partial"
        row["display_status"] = "viewed" if row["status"] == 3 else "sent"
    else:
        row["v3_status"] = row["display_status"] = base
        row["payment_status"] = "unpaid"


def _settle_deposit(row: Row, paid: Decimal, total: Decimal) -> None:
    if row["deposit_amount"] is None and row["deposit_percentage"] is None:
        return
    asked = (
        decimal(row["deposit_amount"])
        if row["deposit_amount"] is not None
        else total * decimal(row["deposit_percentage"]) / 100
    )
    if paid >= total > 0:
        row["deposit_status"] = "converted"
    elif paid >= asked > 0:
        row["deposit_status"], row["v3_status"] = "paid", "deposit_paid"
    elif paid > 0:
        row["deposit_status"], row["v3_status"] = "partial", "deposit_partial"
    else:
        row["deposit_status"] = "unpaid"


def mark_sent(row: Row) -> None:
    """Draft -> sent, by mail or by hand; one that is past it keeps its status."""
    if row["status"] == 1:
        row.update(status=2, v3_status="sent", display_status="sent")


def seen_status(row: Row, today: str) -> str:
    """`v3_status` as read on `today`: overdue is computed, never written (4.1)."""
    open_ = row["v3_status"] in ("sent", "viewed", "partial", "deposit_partial", "deposit_paid")
    if open_ and row["due_date"] < today and decimal(row["outstanding"]) > 0:
        return "overdue"
    return str(row["v3_status"])


def set_first_status(row: Row, status: object) -> None:
    """A new invoice is a draft, sent or viewed; the rest is computed (7.2)."""
    if status not in (1, 2, 3):
        message = "The status of a new invoice is 1, 2 or 3."
        raise responses.accounting(422, 8008, message, "status", "invoice", str(status))
    set_status(row, {"status": status})


def set_status(row: Row, fields: Row) -> None:
    status = fields["status"]
    if isinstance(status, bool) or not isinstance(status, int):
        message = "The field 'status' must be a number."
        raise responses.accounting(422, 1015, message, "status", "invoice", str(status))
    if status not in (0, 1, 2, 3):
        raise responses.accounting(
            422, 1004, f"Invalid value '{status}' for field 'status'.", "status", "invoice"
        )
    names = {0: "disputed", 1: "draft", 2: "sent", 3: "viewed"}
    row.update(status=status, v3_status=names[status], display_status=names[status])
