"""Clients: found by the names people use; and the values to create or change one with, validated and compared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import (
    DELETED,
    Books,
    as_number,
    client_name,
    is_living,
    only_one,
    same_text,
)
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.values import is_address
from freshbooks_hub.agent.text import clean, folded, nearest

VALUE_LIMIT = 200
NEAR = 0.85  # of two names that may be one
# From the names of arguments to those of FreshBooks (freshbooks-api.md 3.6).
FIELDS = {
    "organization": "organization",
    "first_name": "fname",
    "last_name": "lname",
    "email": "email",
    "phone": "bus_phone",
    "currency": "currency_code",
    "language": "language",
    "street": "p_street",
    "city": "p_city",
    "province": "p_province",
    "postal_code": "p_code",
    "country": "p_country",
    "vat_number": "vat_number",
}


def find_client(books: Books, wanted: int | str) -> Json:
    """A client by id, or by its exact organization, name or e-mail, whatever the case."""
    number = as_number(wanted)
    if number is not None:
        client = books.client(number)
        if client is None:
            raise ActionRefused("client_unknown", "FreshBooks has no such client.")
        return client
    name = folded(str(wanted))
    path = books.path("users/clients")
    rows: dict[Any, Json] = {}
    for key in ("organization_like", "email_like", "fname_like"):
        word = str(wanted).split()[0] if key == "fname_like" and str(wanted).split() else str(wanted)
        for row in books.api.rows(path, "clients", [(f"search[{key}]", word)]):
            rows[row["id"]] = row
    matches = _called(name, rows.values())
    if not matches:  # FreshBooks compares letter by letter, people do not
        every = books.api.rows(path, "clients")
        by_name = {client_name(row): row for row in every if row.get("vis_state") != DELETED}
        matches = _called(name, every)
        near = [_client_choice(by_name[text]) for text in nearest(str(wanted), by_name)]
    else:
        near = []
    return only_one(matches, "client", _client_choice, near)


def all_clients(books: Books) -> list[Json]:
    """Every living client, archived ones too (freshbooks-api.md 3.5)."""
    path = books.path("users/clients")
    rows = [
        *books.api.rows(path, "clients"),
        *books.api.rows(path, "clients", [("search[vis_state]", "2")]),
    ]
    return [row for row in {row["id"]: row for row in rows}.values() if is_living(row)]


def _names(row: Json) -> set[str]:
    person = f"{row.get('fname') or ''} {row.get('lname') or ''}"
    return {folded(str(text)) for text in (row.get("organization"), person, row.get("email")) if text} - {""}


def _called(name: str, rows: Iterable[Json]) -> list[Json]:
    return [row for row in rows if name in _names(row) and row.get("vis_state") != DELETED]


def _client_choice(row: Json) -> dict[str, Any]:
    return {"id": row["id"], "name": client_name(row)}


class ClientValues(ActionRequest):
    """A client's values; those left out do not change, or get FreshBooks' defaults."""

    organization: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    currency: Annotated[str | None, Field(description="ISO code, such as USD")] = None
    language: Annotated[str | None, Field(description="ISO code, such as en")] = None
    street: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country: str | None = None
    vat_number: str | None = None
    another_client: Annotated[bool, Field(description="Only if the user says that it is not a duplicate")] = (
        False
    )


def values_of(request: ClientValues) -> dict[str, str]:
    """The given values, by FreshBooks' names; raises ActionRefused naming an invalid one."""
    given = {
        field: clean(getattr(request, name), VALUE_LIMIT)
        for name, field in FIELDS.items()
        if getattr(request, name) is not None
    }
    if given.get("email") and not is_address(given["email"]):
        raise ActionRefused("invalid_email", "The e-mail is not an address.")
    if not re.fullmatch("[A-Z]{3}", given.get("currency_code", "USD")):
        raise ActionRefused("invalid_currency", "A currency is three capital letters, for example USD.")
    if not re.fullmatch("[a-z]{2}(-[a-z]{2})?", given.get("language", "en")):
        raise ActionRefused("invalid_language", "A language is two small letters, for example fr.")
    return given


def label_of(field: str) -> str:
    """What people read: `First name`."""
    return next(name for name, known in FIELDS.items() if known == field).replace("_", " ").capitalize()


def differing(values: dict[str, str], row: Json) -> tuple[str, ...]:
    """The fields in which a client is not as `values` say."""
    return tuple(field for field, value in values.items() if not same_text(value, row.get(field)))


def duplicates(values: dict[str, str], rows: Iterable[Json]) -> tuple[list[Json], list[Json]]:
    """Clients with the same address, organization or (without one) person; and those with nearly the same name."""
    email, organization, person = _identity(values)
    name = organization or person
    equal, near = [], []
    for row in rows:
        its_email, its_organization, its_person = _identity(row)
        its_name = its_organization or its_person
        if (email and email == its_email) or (name and name == its_name):
            equal.append(row)
        elif name and difflib.SequenceMatcher(None, name, its_name).ratio() >= NEAR:
            near.append(row)
    return equal, near


def check_new(equal: list[Json], another: bool) -> None:
    """Raises ActionRefused `look_alike` with the clients that are the same, unless the user says that it is another."""
    if equal and not another:
        raise ActionRefused(
            "look_alike",
            "FreshBooks already has a client with this name or address. If the user says that it is another one, "
            "propose it with another_client.",
            clients=[{"id": row["id"], "name": client_name(row)} for row in equal[:10]],
        )


def look_alike_warnings(equal: list[Json], near: list[Json]) -> tuple[str, ...]:
    """Warnings about clients that may be the same. They name ids only: names are text written by strangers."""
    found = []
    if equal:
        found.append(f"FreshBooks has a client with this name or address ({_numbers(equal)}).")
    if near:
        found.append(f"FreshBooks has a client with nearly this name ({_numbers(near)}).")
    return tuple(found)


def _numbers(rows: list[Json]) -> str:
    return ", ".join(str(row["id"]) for row in rows[:5])


def _identity(row: Json) -> tuple[str, str, str]:
    person = f"{row.get('fname') or ''} {row.get('lname') or ''}"
    return folded(str(row.get("email") or "")), folded(str(row.get("organization") or "")), folded(person)
