"""Who the clients are."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.arguments import BusinessId, Cursor, Limit, TheClient
from freshbooks_hub.agent.reads.find import find_client
from freshbooks_hub.agent.reads.models import Amount, Answer, Page, Prose, Text
from freshbooks_hub.agent.reads.open_marts import reading

_MOST_PEOPLE = 50


class ClientRow(BaseModel):
    """One client. `currency_code`: what new invoices to it start with. Null: not known."""

    business_id: int
    client_id: int
    client_name: Text | None
    email: Text | None
    client_status: str
    currency_code: str | None
    country: Text | None
    invoice_count: int | None
    last_invoice_date: date | None
    last_payment_date: date | None


class ClientList(Page):
    """`total_count`: how many clients match, on all pages; null where clients of a business cannot be read.
    `similar`: names that look like it, when none does."""

    total_count: int | None
    clients: list[ClientRow]
    similar: list[Text]


class Person(BaseModel):
    """A contact of a client."""

    full_name: Text | None
    email: Text | None
    business_phone: Text | None
    is_primary: bool


class Sales(BaseModel):
    """A client in one currency. `collected_amount`: money it paid; `invoiced_amount`: with tax, without drafts.
    Null: what it needs cannot be read."""

    currency_code: str
    invoiced_amount: Amount | None
    collected_amount: Amount | None
    outstanding_amount: Amount | None
    overdue_amount: Amount | None


class ClientDetails(ClientRow):
    """All that is known of a client."""

    organization: Text | None
    mobile_phone: Text | None
    business_phone: Text | None
    street: Text | None
    city: Text | None
    province: Text | None
    postal_code: Text | None
    vat_number: Text | None
    language_code: str | None
    note: Prose | None


class ClientAnswer(Answer):
    """A client, its people, and its sales for each currency."""

    client: ClientDetails
    people: list[Person]
    sales: list[Sales]


_MATCHES = (
    "FROM clients WHERE business_id = coalesce(?, business_id) AND (? = 'any' OR client_status = ?) "
    "AND (? IS NULL OR contains(folded(concat_ws(' ', client_name, email, first_name, last_name, "
    "city, country)), folded(?)))"
)


def list_clients(
    marts: Path,
    *,
    search: Annotated[
        str | None, Field(description="Part of a name, e-mail, city or country", max_length=200)
    ] = None,
    status: Literal["active", "archived", "deleted", "any"] = "active",
    business_id: BusinessId = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ClientList:
    """List all clients, the customers, or search: names, e-mails, status, how many clients there are."""
    with reading(marts) as source:
        context = source.context(business_id, ["clients"])
        values = [business_id, status, status, search, search]
        rows, more, following = source.page(
            f"SELECT {', '.join(ClientRow.model_fields)} {_MATCHES} "
            "ORDER BY business_id, lower(client_name), client_id",
            values,
            cursor,
            limit,
        )
        [total] = source.rows(f"SELECT count(*) AS matching {_MATCHES}", *values)
        return ClientList(
            context=context,
            clients=[ClientRow(**row) for row in rows],
            similar=[]
            if total["matching"]
            else source.similar("clients", "client_name", search, business_id),
            has_more=more,
            next_cursor=following,
            total_count=None if context.lacks("clients") else total["matching"],
        )


def get_client(marts: Path, *, client: TheClient, business_id: BusinessId = None) -> ClientAnswer:
    """One client's details: address, phone, e-mail, contact people, note, tax number, sales so far."""
    with reading(marts) as source:
        found = find_client(source, client, business_id)
        key = (found.business_id, found.client_id)
        of_client = "WHERE business_id = ? AND client_id = ?"
        [details] = source.rows(
            f"SELECT {', '.join(ClientDetails.model_fields)} FROM clients {of_client}",  # noqa: S608
            *key,
        )
        people = source.rows(
            f"SELECT {', '.join(Person.model_fields)} FROM crm_contacts {of_client} "  # noqa: S608
            "ORDER BY is_primary DESC, contact_key LIMIT ?",
            *key,
            _MOST_PEOPLE,
        )
        sales = source.rows(
            "SELECT currency_code, sum(invoiced) AS invoiced_amount, sum(collected) AS collected_amount, "  # noqa: S608
            "sum(outstanding) AS outstanding_amount, sum(overdue) AS overdue_amount FROM ("
            "SELECT currency_code, invoiced_amount AS invoiced, collected_amount AS collected, "
            f"0 AS outstanding, 0 AS overdue FROM revenue_monthly {of_client} UNION ALL "
            "SELECT currency_code, 0, 0, outstanding_amount, overdue_amount "
            f"FROM outstanding_balances {of_client}) GROUP BY currency_code ORDER BY currency_code",
            *key,
            *key,
        )
        context = source.context(
            found.business_id, ["clients", "crm_contacts", "revenue_monthly", "outstanding_balances"]
        )
        # The sums above count what is not there as 0.
        unknown: dict[str, None] = {}
        if context.lacks("invoices"):
            unknown |= dict.fromkeys(("invoiced_amount", "outstanding_amount", "overdue_amount"))
        if context.lacks("invoices", "payments"):
            unknown |= dict.fromkeys(("collected_amount",))
        return ClientAnswer(
            context=context,
            client=ClientDetails(**details),
            people=[Person(**row) for row in people],
            sales=[Sales(**(row | unknown)) for row in sales],
        )
