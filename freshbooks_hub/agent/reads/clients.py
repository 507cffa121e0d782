"""Clients: the list, one in detail, and which one is meant by a name, an email address or an id."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import (
    Amount,
    Answer,
    BusinessId,
    ClientRef,
    Cursor,
    Limit,
    Page,
    Prose,
    ReadRefused,
    Text,
    TheClient,
)
from freshbooks_hub.agent.reads.reader import MartsReader, Row, read_marts

_COLUMNS = "business_id, client_id, client_name, email, client_status"
# See `names`: "Cafe Lumiere" finds "Café Lumière".
_FOLDED = "folded({})"
_NAMES = (
    "client_name",
    "organization",
    "concat_ws(' ', nullif(first_name, ''), nullif(last_name, ''))",
)
_SUGGESTED = 5
_MOST_PEOPLE = 50


def find_client(source: MartsReader, text: str, business_id: int | None) -> ClientRef:
    """The one client that `text` names; raises ReadRefused, with those it may have meant.

    Exactly by id, its own e-mail, that of one of its people, or name, else the one client with a name that has a word
    starting like `text`. A deleted client yields to another one of its business.
    """
    source.businesses(business_id)
    text = text.strip()
    for condition, value in _ways(text):
        found = source.rows(
            f"SELECT {_COLUMNS} FROM clients WHERE ({condition}) AND business_id = coalesce(?, business_id) "  # noqa: S608
            "ORDER BY business_id, client_id LIMIT 50",
            *[value] * condition.count("?"),
            business_id,
        )
        standing = _standing(found)
        if len(standing) == 1:
            return ClientRef(**standing[0])
        if standing:
            raise ReadRefused(
                "client_ambiguous",
                f"{len(standing)} clients fit. Ask again with client_id and business_id of the one that is meant.",
                _refs(standing[:_SUGGESTED]),
            )
    near = _near(source, text, business_id)
    hint = "The candidates have similar names." if near else "list_clients shows who there is."
    gaps = " ".join(source.gaps(business_id, "clients"))
    raise ReadRefused("client_not_found", f"No client fits. {hint} {gaps}".strip(), _refs(near))


def _ways(text: str) -> list[tuple[str, str | int]]:
    """Conditions from the surest to the loosest, each with the value of its question marks."""
    ways: list[tuple[str, str | int]] = []
    if text.isascii() and text.isdigit() and len(text) < 18:
        ways.append(("client_id = ?", int(text)))
    if "@" in text:
        people = "SELECT (business_id, client_id) FROM crm_contacts WHERE email = lower(?)"
        ways.append(("lower(email) = lower(?)", text))
        ways.append((f"(business_id, client_id) IN ({people})", text))
    same = _FOLDED.format("?")
    ways.append((" OR ".join(f"{_FOLDED.format(name)} = {same}" for name in _NAMES), text))
    if text:
        word = f"contains(' ' || {_FOLDED.format('{}')}, ' ' || {same})"
        ways.append((" OR ".join(word.format(name) for name in _NAMES), text))
    return ways


def _standing(found: list[Row]) -> list[Row]:
    """Without the deleted ones of a business where another one fits."""
    living = {row["business_id"] for row in found if row["client_status"] != "deleted"}
    return [r for r in found if r["client_status"] != "deleted" or r["business_id"] not in living]


def _near(source: MartsReader, text: str, business_id: int | None) -> list[Row]:
    likeness = (
        f"jaro_winkler_similarity({_FOLDED.format('coalesce(client_name, email)')}, {_FOLDED.format('?')})"
    )
    return source.rows(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = coalesce(?, business_id) AND {likeness} > 0.7 "  # noqa: S608
        f"ORDER BY {likeness} DESC, business_id, client_id LIMIT {_SUGGESTED}",
        business_id,
        text,
        text,
    )


def _refs(rows: list[Row]) -> list[ClientRef]:
    return [ClientRef(**row) for row in rows]


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
    """Clients with e-mail, status and latest invoice; search by name, e-mail, city or country."""
    with read_marts(marts) as source:
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
    """One client: address, contacts, note, tax number, and sales to date per currency."""
    with read_marts(marts) as source:
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
        # The sums above count missing values as 0.
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
