"""Taxes, items, services with their task twins, and the tree of expense categories."""

from __future__ import annotations

from datetime import UTC, datetime

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import catalog, expenses, projects_and_time
from freshbooks_sandbox.resources import CATEGORIES, ITEMS, SERVICES
from freshbooks_sandbox.seed.businesses import MAIN, OPENED

SERVICES_OF = (
    ("Design", "120.00"),
    ("Development", "135.50"),
    ("Consulting", "180.00"),
    ("Project management", "95.00"),
    ("Copywriting", None),
    ("Workshop", "250.00"),
)
# Parent -> children. With the cost-of-goods-sold copies these are the 59 of a new account.
TREE: dict[str, str] = {
    "Advertising": "",
    "Car & Truck Expenses": "Gas|Mileage|Repairs|Vehicle Insurance|Vehicle Licensing",
    "Contractors": "",
    "Education and Training": "",
    "Employee Benefits": "Accident Insurance|Health Insurance|Life Insurance",
    "Meals & Entertainment": "Entertainment|Restaurants/Dining",
    "Office Expenses & Postage": "Hardware|Office Supplies|Packaging|Postage|Shipping & Couriers|Software",
    "Other Expenses": "Bank Fees|Business Insurance|Commissions|Depreciation|Interest - Mortgage|"
    "Interest - Other|Online Services|Reference Materials|Repairs & Maintenance|"
    "Subscriptions/Dues/Memberships|Taxes & Licenses|Wages",
    "Personal": "",
    "Professional Services": "Accounting|Legal Fees",
    "Rent or Lease": "Equipment|Machinery|Office Space|Vehicles",
    "Supplies": "",
    "Travel": "Airfare|Hotel/Lodging/Accommodation|Taxi & Parking",
    "Utilities": "Gas & Electrical|Phone",
    "Uncategorized Expenses": "",
}
COGS = ("Cost of Goods Sold", "Contractors|Packaging|Shipping & Couriers|Supplies")


def services(books: Books) -> None:
    for name, rate in SERVICES_OF[: 6 if books.business_id == MAIN else 3]:
        projects_and_time.create_service(
            books, {"name": name, "rate": rate, "project_default": name == "Design"}, OPENED
        )
    retired = projects_and_time.create_service(
        books, {"name": "Fax layout", "rate": "40.00", "billable": False}, OPENED
    )
    crud.set_visibility(SERVICES, books, retired, crud.ARCHIVED, OPENED)


def accounting(books: Books) -> None:
    _categories(books)
    main = books.business_id == MAIN
    taxes = [("HST", "13", "RT 1234", False), ("GST", "5", None, False), ("QST", "9.975", "TQ 99", True)]
    for name, percent, number, compound in (
        taxes if main else [("TPS", "5", "123", False), ("TVQ", "9.975", "456", False)]
    ):
        catalog.create_tax(
            books, {"name": name, "amount": percent, "number": number, "compound": compound}, OPENED
        )
    first_tax = min(books["taxes"])
    items = ("Brand guide", "Logo package", "Hosting, yearly", "Print run", "Photo licence", "Sticker sheet")
    for position, name in enumerate(items[: 6 if main else 4]):
        fields = {
            "name": name,
            "sku": f"MP-{100 + position}",
            "unit_cost": f"{45 + 117 * position}.{10 * position:02d}",
        }
        catalog.create_item(books, {**fields, "tax1": first_tax, "description": f"{name}, one piece"}, OPENED)
    old = catalog.create_item(books, {"name": "Business cards"}, OPENED)
    crud.set_visibility(ITEMS, books, old, crud.DELETED, datetime(2026, 2, 3, 15, tzinfo=UTC))
    for service in books["services"].values():  # FreshBooks makes a task for each service
        rate = books["service_rates"].get(service["id"], {}).get("rate", "0.00")
        catalog.create_task(
            books, {"name": service["name"], "billable": service["billable"], "rate": rate}, OPENED
        )


def _categories(books: Books) -> None:
    made_with_account = {"is_editable": False}
    for parent, children in TREE.items():
        top = expenses.create_category(books, {"category": parent, **made_with_account}, OPENED)
        for name in filter(None, children.split("|")):
            expenses.create_category(
                books, {"category": name, "parentid": top["id"], **made_with_account}, OPENED
            )
    cogs = {"is_cogs": True, **made_with_account}
    top = expenses.create_category(books, {"category": COGS[0], **cogs}, OPENED)
    for name in COGS[1].split("|"):
        expenses.create_category(books, {"category": name, "parentid": top["id"], **cogs}, OPENED)
    other = category(books, "Other Expenses")
    custom_at = datetime(2025, 3, 4, 18, 20, 5, tzinfo=UTC)
    for name in ("Studio plants", "Förderbeiträge", "Old lease"):
        expenses.create_category(books, {"category": name, "parentid": other}, custom_at)
    gone = books["expense_categories"][category(books, "Old lease")]
    crud.set_visibility(CATEGORIES, books, gone, crud.DELETED, datetime(2026, 5, 6, 14, 0, 9, tzinfo=UTC))


def category(books: Books, name: str, *, cogs: bool = False) -> int:
    """The id of a category by name; names repeat between the standard tree and the cogs copy."""
    rows = books["expense_categories"].values()
    return next(int(r["id"]) for r in rows if r["category"] == name and r["is_cogs"] == cogs)
