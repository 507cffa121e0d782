"""The signed-in person, four business memberships and the team."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freshbooks_sandbox.books.store import Books, Store
from freshbooks_sandbox.domain import catalog, projects_and_time

OPENED = datetime(2024, 10, 1, 15, 42, 54, tzinfo=UTC)
OWNER = 2_192_788
MAIN, SECOND, GUEST, SMALL = 439_000, 439_117, 512_340, 600_777

# Native ids are unique only inside an account: both accounts count from the same numbers on purpose.
FIRST_IDS = {
    "clients": 165_101,
    "contacts": 1_201,
    "invoices": 217_501,
    "invoice_numbers": 1,
    "payments": 115_801,
    "credit_notes": 31_301,
    "credit_numbers": 1,
    "expenses": 432_201,
    "expense_categories": 301_001,
    "estimates": 16_001,
    "estimate_numbers": 1,
    "items": 201_201,
    "taxes": 7_840,
    "tasks": 431_101,
    "services": 405_401,
    "projects": 133_101,
    "time_entries": 1_640_001,
    "groups": 615_701,
    "attachments": 88_001,
    "bills": 43_201,
    "bill_vendors": 1_501,
    "bill_payments": 122_301,
    "other_income": 12_301,
    "invoice_profiles": 5_281,
    "retainers": 2_201,
    "staff": 1,
    "callbacks": 2_001,
    "timers": 55_001,
}

_TEAM = (
    (OWNER, "Robin", "Achterberg", "robin@mapleandpine.example", "owner", "140.00"),
    (2_192_801, "Zoë", "O'Connell", "zoe@mapleandpine.example", "business_manager", "110.00"),
    (2_192_815, "Mateusz", "Łukasik", "mateusz@mapleandpine.example", "business_employee", "95.00"),
    (2_192_829, "Priya", "Raghunathan", "priya@mapleandpine.example", "contractor", None),
)


def create(store: Store) -> tuple[Books, Books, Books, Books]:
    """Two owned businesses to sync, one where the person is only a client, one without accounting."""
    store.identity = {
        "id": OWNER,
        "identity_id": OWNER,
        "identity_uuid": "0b9f2a4e-7d31-4c52-9a60-5f1e8c77d001",
        "identity_origin": "magnum",
        "first_name": "Robin",
        "last_name": "Achterberg",
        "email": "robin@mapleandpine.example",
        "language": "en",
        "timezone": "America/Toronto",
        "confirmed_at": None,
        "created_at": "2024-10-01T15:42:54Z",
        "unconfirmed_email": None,
        "setup_complete": True,
        "phone_numbers": [{"title": "", "phone_number": None}],
        "addresses": [None],
        "profession": None,
        "profile": {"setup_complete": True, "first_name": "Robin", "last_name": "Achterberg"},
        "links": {
            "me": f"/service/auth/api/v1/users?id={OWNER}",
            "roles": f"/service/auth/api/v1/users/role/{OWNER}",
        },
        "otp_required_for_login": False,
        "otp_delivery_method": None,
        "integrations": {},
    }
    main = _business(store, MAIN, "mPx4Q9", "Maple & Pine Studio", "USD", "America/Toronto", city="Toronto")
    second = _business(store, SECOND, "zD7mNq", "Atelier Boréal", "CAD", "America/Montreal", city="Montréal")
    guest = _business(
        store, GUEST, "hLb3Tz", "Harbour Lane Bakery", "USD", "America/New_York", role="client", city="Boston"
    )
    small = _business(
        store, SMALL, None, "Pine Weekend Workshops", "USD", "America/Vancouver", city="Vancouver"
    )
    for books, people in ((main, 4), (second, 2), (small, 1)):
        for number, first, last, email, role, rate in _TEAM[:people]:
            fields = {"identity_id": number, "first_name": first, "last_name": last, "email": email}
            projects_and_time.create_member(
                books, {**fields, "business_role_name": role, "rate": rate}, OPENED
            )
    return main, second, guest, small


def _business(
    store: Store,
    number: int,
    account: str | None,
    name: str,
    code: str,
    zone: str,
    *,
    city: str,
    role: str = "owner",
) -> Books:
    address: dict[str, Any] = {
        "id": 3_383_000 + number % 1000,
        "street": "20 Wellesley St. E.",
        "street2": "",
        "city": city,
        "province": None,
        "country": "United States" if city == "Boston" else "Canada",
        "postal_code": "M4Y 1G3",
    }
    business = {
        "id": number,
        "business_uuid": f"{number:08x}-0002-4d2e-8de2-a77e0c34a9a1",
        "account_id": account,
        "name": name,
        "active": True,
        "status": "active",
        "timezone": zone,
        "date_format": "mm/dd/yyyy",
        "number_format": None,
        "first_day_of_week": 6,
        "industry": "Creative services",
        "billing_country_code": "USA" if city == "Boston" else "CAN",
        "business_type": "corporation",
        "advanced_accounting_enabled": True,
        "address": address,
        "phone_number": {"id": 1_039_000 + number % 1000, "phone_number": "5555550100"},
    }
    books = store.add(Books(business, role, code, store.behaviours))
    books.start_ids(FIRST_IDS)
    if account is not None and role != "client":
        books.system = catalog.make_system(books, OPENED)
    return books
