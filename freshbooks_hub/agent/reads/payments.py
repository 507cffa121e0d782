"""Payments received, one by one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.clients import find_client
from freshbooks_hub.agent.reads.models import (
    Amount,
    BusinessId,
    Client,
    ClientRef,
    Currency,
    Cursor,
    From,
    Limit,
    Page,
    Text,
    To,
    check_span,
)
from freshbooks_hub.agent.reads.reader import read_marts


class PaymentRow(BaseModel):
    """One payment of an invoice, or one credit applied to it."""

    business_id: int
    payment_id: int
    payment_date: date
    client_id: int | None
    client_name: Text | None
    invoice_id: int | None
    invoice_number: Text | None
    payment_type: Text | None
    currency_code: str
    payment_amount: Amount


class PaymentTotal(BaseModel):
    """All matching payments of one business in one currency. Null where invoices cannot be read: some of the payments
    may be of deleted ones."""

    business_id: int
    currency_code: str
    payment_count: int | None
    payment_amount: Amount | None


class PaymentList(Page):
    """Payments that match; `totals` are over all pages."""

    client: ClientRef | None
    totals: list[PaymentTotal]
    payments: list[PaymentRow]


Kind = Literal["money", "credit", "deleted_invoice"]
# Where it cannot be known whether the invoice was deleted, the payment is listed, but no total is known.
_KNOWN = "CASE WHEN bool_and(is_counted IS NOT NULL)"
_KINDS: dict[Kind, str] = {
    "money": "is_cash AND is_counted IS NOT FALSE",
    "credit": "is_from_credit",
    "deleted_invoice": "is_cash AND is_invoice_deleted",
}
_ORDER = {
    "newest": "payment_date DESC",
    "largest": "row_number() OVER (PARTITION BY currency_code "
    "ORDER BY payment_amount DESC, business_id, payment_id), currency_code",
}


def list_payments(
    marts: Path,
    *,
    client: Client = None,
    date_from: From = None,
    date_to: To = None,
    kind: Annotated[
        Kind,
        Field(
            description="money: received; credit: credits applied instead; deleted_invoice: apart from both"
        ),
    ] = "money",
    business_id: BusinessId = None,
    currency_code: Currency = None,
    sort: Literal["newest", "largest"] = "newest",
    cursor: Cursor = None,
    limit: Limit = 25,
) -> PaymentList:
    """Payments received, by client and day, each with its invoice and type; totals per currency."""
    check_span(date_from, date_to, ("date_from", "date_to"))
    where = (
        f"FROM payments WHERE {_KINDS[kind]} AND business_id = coalesce(?, business_id) "
        "AND (? IS NULL OR client_id = ?) AND currency_code = coalesce(?, currency_code) "
        "AND (? IS NULL OR payment_date >= ?) AND (? IS NULL OR payment_date <= ?)"
    )
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_id
        client_id = found.client_id if found else None
        currency = source.currency(currency_code, business)
        values = [business, client_id, client_id, currency, date_from, date_from, date_to, date_to]
        rows, more, following = source.page(
            f"SELECT {', '.join(PaymentRow.model_fields)} {where} "
            f"ORDER BY {_ORDER[sort]}, business_id, payment_id",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, currency_code, {_KNOWN} THEN count(*) END AS payment_count, "
            f"{_KNOWN} THEN sum(payment_amount) END AS payment_amount {where} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return PaymentList(
            context=source.context(business, ["payments"]),
            client=found,
            totals=[PaymentTotal(**row) for row in totals],
            payments=[PaymentRow(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )
