"""Clients with secondary contacts, shared addresses, odd names, and those that left."""

from __future__ import annotations

from datetime import UTC, date, datetime

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients
from freshbooks_sandbox.resources import CLIENTS
from freshbooks_sandbox.seed.businesses import MAIN
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import Row, words

_ORGANIZATIONS = words(
    "Northwind Outfitters|Café Lumière|Blue Heron Dental|Ōkami Robotics|Pacheco & Filhos|Grünwald Möbel GmbH|"
    "Silverline Yoga|Hearthstone Bakery|Łódź Logistics|Prairie Wind Energy|Cedar & Sage|O'Malley's Pub|"
    "Bright Minds Tutoring|Copper Kettle Brewing|Zürich Uhren AG|Sunrise Veterinary|Tidewater Marine|"
    "Eastside Climbing|Fjord Kayaks|Quill & Ink Press|Mosaïque Films|Redwood Legal LLP|Lantern Theatre|"
    "Third Rail Records|Kestrel Aviation|Bluebird Florist|Pivot Physio|Halcyon Spa|Granite Peak Guides|"
    "Ivory Keys Piano|Marigold Events|Nimbus Software|Old Mill Cheese|Paper Crane Cards|Quartz Jewellery|"
    "Riverbend Farms|Saffron Kitchen|Timberline Homes|Umbra Lighting|Velvet Fox Salon|Willow Creek School|"
    "Xanadu Travel|Yarrow Botanicals|Zephyr Cycles||Baie-Comeau Transit|Fromagerie du Lac|Studio Épinette|"
    "Galerie Rive-Nord|Les Ateliers Tremblay|Poutine Express|Coopérative Boréale|Librairie du Pont|"
    "Clinique Saint-Roch|Vélo Québec Est|Théâtre Minuit|Sirop d'Or|Hôtel des Érables|Usine 12|",
    "|",
)
_FIRST = words("Ana Björn Chloé Dmitri Élodie Farah Gustavo Hana Ivan Jūrate Kofi Lena Mário Nadia Olu Pia")
_LAST = words("Abbott Bélanger Castro Dvořák Eriksen Fontaine García Hughes Ito Jensen Kowalski Lévesque")
_PLACES = (
    ("12 King St. W.", "Toronto", "Ontario", "M5H 1A1", "Canada"),
    ("480 Market St.", "San Francisco", "California", "94111", "United States"),
    ("7 Rue de la Paix", "Paris", "", "75002", "France"),
    ("Bahnhofstraße 3", "Zürich", "", "8001", "Switzerland"),
    ("55 Elm Ave.", "Portland", "Maine", "04101", "United States"),
    ("210 Rue Saint-Jean", "Québec", "Quebec", "G1R 1N8", "Canada"),
)


def fill(books: Books, size: int) -> None:
    """15 clients per size step; the first forty-five names belong to the first business."""
    rng = Rng(books, "clients")
    main = books.business_id == MAIN
    names = _ORGANIZATIONS[:45] if main else _ORGANIZATIONS[45:60]
    for number, organization in enumerate(names[: 15 * size]):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        street, city, province, code, country = rng.choice(_PLACES)
        host = "".join(c for c in organization.lower() if c.isascii() and c.isalnum()) or f"solo{number}"
        fields = {
            "organization": organization,
            "fname": first,
            "lname": last,
            "email": f"{first.lower()}@{host}.example" if number % 11 != 7 else "",
            "currency_code": _currency(number, main=main),
            "language": "fr" if not main and number % 3 == 0 else "en",
            "bus_phone": f"555555{1000 + number}" if number % 4 else "",
            "mob_phone": f"+1 555 55{number:02d} 9" if number % 5 == 0 else "",
            "note": ["", None, "Pays late; call first.", "=SUM(A1) \"quoted\", 'single'"][number % 4],
            "vat_name": "VAT" if number % 9 == 0 else None,
            "vat_number": f"EU{9000 + number}" if number % 9 == 0 else None,
            "p_street": street,
            "p_city": city,
            "p_province": province,
            "p_code": code,
            "p_country": country,
            "contacts": _contacts(rng, number, host),
        }
        early = number % 5 < 3
        signed = rng.day(date(2024, 10, 3), date(2024, 10, 28) if early else date(2026, 6, 15))
        clients.create(books, fields, rng.at(signed))
    rows = list(books["clients"].values())
    rows[3]["email"] = rows[2]["email"]  # two clients that share one mailbox
    rows[5]["contacts"] = [
        {**_person(rows[2]), "contactid": books.new_id("contacts"), "userid": rows[5]["id"]}
    ]


def _person(row: dict[str, str]) -> dict[str, str | None]:
    return {
        "fname": row["fname"],
        "lname": row["lname"],
        "email": row["email"],
        "phone1": None,
        "phone2": None,
    }


def _currency(number: int, *, main: bool) -> str:
    if main:
        return "CAD" if number % 6 == 1 else "EUR" if number % 6 == 5 else "USD"
    return "USD" if number % 5 == 2 else "CAD"


def _contacts(rng: Rng, number: int, host: str) -> list[dict[str, str | None]]:
    count = (0, 1, 0, 2)[number % 4]
    made = []
    for position in range(count):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        email = f"{first.lower()}.{position}@{host}.example" if (number + position) % 7 else ""
        made.append(
            {"fname": first, "lname": last, "email": email, "phone1": "5555550" if position else None}
        )
    return made


def known(books: Books, on: date) -> list[Row]:
    """Clients that had signed up before that day."""
    return [row for row in books["clients"].values() if row["signup_date"][:10] < on.isoformat()]


def leave(books: Books) -> None:
    """Archived and deleted clients; what they owe stays, nothing cascades (freshbooks-api.md 3.5)."""
    rows = list(books["clients"].values())
    at = datetime(2026, 10, 30, 15, 4, 5, tzinfo=UTC)
    owing = [r for r in rows if _open(books, r["id"])]
    clear = [r for r in rows if not _open(books, r["id"])]
    crud.set_visibility(CLIENTS, books, owing[1], crud.DELETED, at)
    crud.set_visibility(CLIENTS, books, owing[3], crud.ARCHIVED, at.replace(hour=16))
    for row, state in zip(clear, (crud.DELETED, crud.ARCHIVED, crud.ARCHIVED), strict=False):
        crud.set_visibility(CLIENTS, books, row, state, at.replace(hour=18))


def _open(books: Books, client: int) -> bool:
    rows = books.where("invoices", customerid=client, vis_state=crud.ACTIVE)
    return any(r["v3_status"] != "draft" and r["outstanding"]["amount"] > "0.00" for r in rows)


def fill_guest(books: Books) -> None:
    """Somebody else's account: it has rows, and the signed-in client may read none of them."""
    for number in range(16):
        at = datetime(2025, 1, 2 + number, 15, tzinfo=UTC)
        clients.create(books, {"organization": f"Bakery customer {number + 1}"}, at)
