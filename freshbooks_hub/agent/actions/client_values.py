"""What a client is created with or changed to: checked, compared, and looked for among the clients that there are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import client_name, same_text
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.values import is_address
from freshbooks_hub.agent.text import clean, folded

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


class ClientValues(ActionRequest):
    """A client's values; what is not given stays as it is, or as FreshBooks fills it."""

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
    """The values that were given, by FreshBooks' names; raises ActionRefused naming what is wrong with one."""
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
    """What the approver is told of clients that may be the same: their numbers, for names are text of strangers."""
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
