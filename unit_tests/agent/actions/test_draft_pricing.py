"""Amounts to the smallest unit of their currency: half up, hours per line, each tax rounded once over its lines."""

from decimal import Decimal
from typing import Any

import pytest

from freshbooks_hub.agent.actions.books import Books, BusinessContext
from freshbooks_hub.agent.actions.documents import (
    GivenLine,
    TaxSet,
    given_lines,
    taxes_by_name,
    taxes_of_client,
    totals,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import (
    PricedEntry,
    expense_line,
    fixed_line,
    hours,
    is_fixed_price,
    price_entries,
    time_lines,
    work_date,
)
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Entry, Line, Tax
from freshbooks_hub.core import currencies

GST, QST = Tax(name="GST", percent="5"), Tax(name="QST", percent="9.975")


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"), ("0.015", "0.02"), ("0.025", "0.03"), ("0.045", "0.05"), ("2.675", "2.68"),
        ("0.0049", "0.00"), ("1.004", "1.00"), ("-0.005", "-0.01"), ("-0.025", "-0.03"), ("7", "7.00"),
    ],
)  # fmt: skip
def test_half_a_cent_goes_up(exact: str, rounded: str) -> None:
    assert str(currencies.rounded(Decimal(exact), "USD")) == rounded


@pytest.mark.parametrize(
    ("currency", "amounts", "tax", "total"),
    [
        ("USD", ["33.33", "66.67"], "6.50", "106.50"),
        ("JPY", ["33", "67"], "7", "107"),  # 6.5
        ("KWD", ["33.333", "66.667"], "6.500", "106.500"),
    ],
)
def test_what_is_computed_has_the_decimals_of_its_currency(
    currency: str, amounts: list[str], tax: str, total: str
) -> None:
    vat = TaxSet((Tax(name="VAT", percent="6.5"),))
    given = [GivenLine(name="Work", quantity="0.01", unit_cost=cost) for cost in ("3333.30", "6666.70")]
    lines = given_lines(given, vat, currency)
    assert [line.amount for line in lines] == amounts
    _, [charged], whole = totals(lines, compounded=False, currency=currency)
    assert (charged.amount, str(whole)) == (tax, total)


@pytest.mark.parametrize(
    ("currency", "cost", "allowed"),
    [("KWD", "1.234", True), ("KWD", "1.2345", False), ("USD", "1.234", False), ("JPY", "0.25", True)],
)
def test_a_unit_cost_has_as_many_decimals_as_its_currency_and_two_in_any(
    currency: str, cost: str, allowed: bool
) -> None:
    line = GivenLine(name="Work", unit_cost=cost)
    if allowed:
        assert given_lines([line], TaxSet(), currency)[0].unit_cost == cost
    else:
        with pytest.raises(ActionRefused, match=currency):
            given_lines([line], TaxSet(), currency)


@pytest.mark.parametrize(
    ("seconds", "billed"),
    [
        (3600, "1.00"),
        (18, "0.01"),
        (17, "0.00"),
        (54, "0.02"),
        (90, "0.03"),
        (4321, "1.20"),
        (4518, "1.26"),
        (0, "0.00"),
    ],
)
def test_half_a_hundredth_of_an_hour_goes_up(seconds: int, billed: str) -> None:
    assert str(hours(seconds)) == billed


def line(amount: str, *taxes: Tax) -> Line:
    return Line(name="Work", description="", quantity="1", unit_cost=amount, amount=amount, taxes=taxes)


def amounts(lines: list[Line], *, compounded: bool = False) -> tuple[str, list[str | None], str]:
    subtotal, taxes, total = totals(lines, compounded, "USD")
    return str(subtotal), [tax.amount for tax in taxes], str(total)


def test_a_tax_of_half_a_cent_goes_up() -> None:
    assert amounts([line("0.10", GST)]) == ("0.10", ["0.01"], "0.11")
    assert amounts([line("0.50", GST)]) == ("0.50", ["0.03"], "0.53")


def test_a_tax_is_rounded_once_over_all_lines() -> None:
    # 0.0125 on each: rounded by line it would be 0.01 three times.
    assert amounts([line("0.25", GST)] * 3) == ("0.75", ["0.04"], "0.79")
    assert amounts([line("0.03", GST)] * 3) == ("0.09", ["0.00"], "0.09")


def test_a_compounded_tax_is_on_top_of_the_unrounded_first() -> None:
    assert amounts([line("100.00", GST, QST)]) == ("100.00", ["5.00", "9.98"], "114.98")
    assert amounts([line("100.00", GST, QST)], compounded=True) == ("100.00", ["5.00", "10.47"], "115.47")


def test_lines_without_tax_are_in_the_subtotal_alone() -> None:
    assert amounts([line("10.00", GST), line("33.00")]) == ("43.00", ["0.50"], "43.50")
    assert amounts([]) == ("0", [], "0")
    other = Tax(name="GST", percent="7")
    assert amounts([line("10.00", GST), line("10.00", other)])[1] == ["0.50", "0.70"]
    assert [
        tax.percent for tax in totals([line("10.00", GST, QST)], compounded=False, currency="USD")[1]
    ] == ["5", "9.975"]


def item(
    number: int,
    seconds: int,
    rate: str,
    *,
    person: str = "Ann",
    service: str | None = "Design",
    day: str = "2026-10-20",
) -> PricedEntry:
    entry = Entry(id=number, date=day, person=person, service=service, hours="0", note="")  # type: ignore[arg-type]
    return PricedEntry({"duration": seconds}, entry, Decimal(rate))


def test_a_line_is_its_hours_times_its_rate_half_up() -> None:
    # 18 s twice: 0.01 h of one line, not 0.01 + 0.01.
    [made] = time_lines(
        [item(1, 18, "100.50"), item(2, 18, "100.50")], "service", "Website", TaxSet((GST,)), "USD"
    )
    assert (made.quantity, made.unit_cost, made.amount) == ("0.01", "100.50", "1.01")
    [half] = time_lines([item(1, 1800, "0.05")], "service", "Website", TaxSet(), "USD")
    assert (half.quantity, half.amount) == ("0.50", "0.03")
    assert made.taxes == (GST,)
    assert half.taxes == ()


def test_lines_are_by_group_and_rate_in_order_of_name_and_rate() -> None:
    items = [
        item(4, 3600, "90", service="Design", day="2026-10-22"),
        item(3, 1800, "90", service="Design", day="2026-10-20"),
        item(5, 1800, "90", service="Design", day="2026-10-21"),
        item(2, 3600, "80", service="Design", person="Bob"),
        item(1, 3600, "90", service=None),
    ]
    by_service = time_lines(items, "service", "Site", TaxSet(), "USD")
    assert [(made.name, made.unit_cost, made.quantity) for made in by_service] == [
        ("Design", "80", "1.00"), ("Design", "90", "2.00"), ("Time", "90", "1.00"),
    ]  # fmt: skip
    assert by_service[0].description == "Site: 2026-10-20"
    assert by_service[1].description == "Site: 2026-10-20 to 2026-10-22"
    assert [entry.id for entry in by_service[1].entries] == [3, 5, 4]
    assert [made.name for made in time_lines(items, "person", "Site", TaxSet(), "USD")] == ["Ann", "Bob"]
    days = time_lines(items, "day", "Site", TaxSet(), "USD")
    assert [made.name for made in days] == ["2026-10-20", "2026-10-20", "2026-10-21", "2026-10-22"]


@pytest.mark.parametrize(
    ("cost", "markup", "price"),
    [
        ("30.00", "10", "33.00"),
        ("30.00", None, "30.00"),
        ("0.10", "5", "0.11"),
        ("0.30", "15", "0.35"),
        ("9.99", "0", "9.99"),
    ],
)
def test_an_expense_is_billed_on_with_its_markup_half_up(cost: str, markup: str | None, price: str) -> None:
    row = {
        "id": 7,
        "date": "2026-10-21",
        "vendor": "Staples",
        "categoryid": 3,
        "amount": {"amount": cost, "code": "USD"},
    }
    made = expense_line(row | {"markup_percent": markup})
    assert (made.unit_cost, made.amount, made.quantity, made.taxes) == (price, price, "1", ())
    assert made.expense is not None
    assert (made.expense.id, made.expense.cost, made.expense.category_id) == (7, cost, 3)
    assert (made.name, made.expense.vendor, made.expense.markup_percent) == (
        "Staples",
        "Staples",
        markup or "0",
    )
    bare = expense_line(row | {"vendor": "", "categoryid": None})
    assert bare.expense is not None
    assert (bare.name, bare.expense.category_id) == ("Expense", 0)


def test_a_fixed_price_is_on_one_line_and_asked_for_when_unknown() -> None:
    made = fixed_line({"fixed_price": "4800.005"}, "Website", TaxSet((GST,)), "USD")
    assert (made.name, made.amount, made.quantity, made.taxes) == ("Website", "4800.01", "1", (GST,))
    assert (made.unit_cost, made.description) == ("4800.005", "Fixed price")
    assert fixed_line({"fixed_price": "0.01"}, "Website", TaxSet(), "USD").amount == "0.01"
    for price in (None, "0", "-1"):
        with pytest.raises(ActionRefused, match="fixed price") as refused:
            fixed_line({"fixed_price": price}, "Website", TaxSet(), "USD")
        assert refused.value.code == "rate_unknown"
    assert is_fixed_price({"project_type": "fixed_price"})
    assert not is_fixed_price({"project_type": "hourly_rate"})


def test_the_day_of_work_is_that_of_the_worker_else_of_the_business() -> None:
    row = {"started_at": "2026-10-21T02:30:00Z"}
    assert work_date(row, "America/Toronto").isoformat() == "2026-10-20"
    assert work_date(row, "UTC").isoformat() == "2026-10-21"
    assert work_date(row | {"local_started_at": "2026-10-19T23:00:00"}, "UTC").isoformat() == "2026-10-19"


class Api:
    """FreshBooks' lists, by their keys."""

    def __init__(self, lists: dict[str, Any]) -> None:
        self._lists = lists

    def rows(self, _path: str, key: str, _params: object = None) -> Any:
        return self._lists.get(key, [])

    def get(self, path: str) -> Any:
        return {"response": self._lists.get(path.rsplit("/", 1)[-1], [])}


def books_of(**lists: Any) -> Books:
    api: Any = Api(lists)
    return Books(api, BusinessContext(1, "a", "Firm", "UTC", 1))


NAMED = {
    "team_members": [{"identity_id": 5, "first_name": "Ann"}],
    "services": [{"id": 9, "name": "Design"}],
}


ROW = {
    "id": 1,
    "identity_id": 5,
    "service_id": 9,
    "duration": 3600,
    "started_at": "2026-10-20T14:00:00Z",
    "note": None,
}


def rate_of(project: dict[str, Any], given: str | None = None, **lists: Any) -> Decimal | None:
    books = books_of(**NAMED, **lists)
    [found] = price_entries(books, project, [ROW], Decimal(given) if given else None)
    assert (found.entry.person, found.entry.service, found.entry.hours) == ("Ann", "Design", "1.00")
    return found.rate


def test_a_rate_is_that_of_the_billing_method_and_one_that_is_given_only_fills_in() -> None:
    assert rate_of({"billing_method": "project_rate", "rate": "100.00"}, "80") == 100
    of_service, of_person = {"service_id": 9, "rate": "120.00"}, {"identity_id": 5, "rate": "140.00"}
    assert rate_of({"billing_method": "service_rate"}, "80", service_rates=[of_service]) == 120
    assert rate_of({"billing_method": "team_member_rate"}, "80", team_member_rates=[of_person]) == 140
    assert rate_of({"billing_method": "project_rate", "rate": None}, "80") == 80
    assert (
        rate_of({"billing_method": "service_rate"}, "80", service_rates=[of_service | {"service_id": 8}])
        == 80
    )
    assert rate_of({"billing_method": "business_rate"}, "80") == 80
    assert rate_of({"billing_method": "project_rate", "rate": "0.00"}, "80") == 0
    assert rate_of({"project_type": "fixed_price"}) is None
    with pytest.raises(ActionRefused) as asked:
        rate_of({"billing_method": "business_rate"})
    assert asked.value.detail["missing"] == [{"person": "Ann", "service": "Design"}]
    assert asked.value.detail["billing_method"] == "business_rate"
    assert asked.value.code == "rate_unknown"
    assert str(asked.value).startswith(
        "FreshBooks has no hourly rate for 1 of the 1 time entry. Ask the user for it"
    )
    assert price_entries(books_of(), {}, [], None) == []


def test_an_entry_is_shown_with_what_is_known_of_it() -> None:
    project = {"rate": "90", "billing_method": "project_rate", "services": [{"id": 4, "name": "Hosting"}]}
    books = books_of(**NAMED)
    rows = [
        ROW | {"note": "Kick-off"},
        ROW | {"id": 2, "identity_id": 6, "service_id": 4},
        ROW | {"id": 3, "identity_id": None, "service_id": None, "note": "x" * 3000},
        ROW | {"id": 4, "service_id": 404},
    ]
    priced = price_entries(books, project, rows, None)
    assert [(p.entry.id, p.entry.person, p.entry.service, p.entry.note[:9], p.row) for p in priced] == [
        (1, "Ann", "Design", "Kick-off", rows[0]),
        (2, "Team member 6", "Hosting", "", rows[1]),
        (3, "Team member unknown", None, "xxxxxxxxx", rows[2]),
        (4, "Ann", None, "", rows[3]),
    ]
    assert 9 < len(priced[2].entry.note) < 3000
    with pytest.raises(ActionRefused) as asked:
        price_entries(books, {"billing_method": "service_rate"}, [rows[3], rows[3]], None)
    assert asked.value.detail["missing"] == [{"person": "Ann", "service": "no service"}]
    assert "2 of the 2 time entries" in str(asked.value)


TAXES = [
    {"name": "GST", "amount": "5", "compound": False},
    {"name": "QST", "amount": "9.975", "compound": True},
    {"name": "HST", "amount": "13", "compound": False},
]


def test_taxes_are_found_by_name_and_at_most_two() -> None:
    books = books_of(taxes=TAXES)
    assert taxes_by_name(books, []) == TaxSet()
    assert taxes_by_name(books, ["gst"]) == TaxSet((GST,))
    assert taxes_by_name(books, ["GST", "QST"]) == TaxSet((GST, QST), compounded=True)
    assert not taxes_by_name(books, ["GST", "HST"]).compounded
    assert not taxes_by_name(books, ["QST"]).compounded
    for names in (["VAT"], ["GST", "VAT"], ["GST", "QST", "HST"]):
        with pytest.raises(ActionRefused) as refused:
            taxes_by_name(books, names)
        assert refused.value.detail["taxes"][0] == {"name": "GST", "percent": "5"}
        assert refused.value.code == "tax_unknown"


def of_client(*invoices: dict[str, Any], taxes: Any = TAXES) -> tuple[TaxSet, int | None]:
    rows = [invoice | {"customerid": 31} for invoice in invoices]
    return taxes_of_client(books_of(taxes=taxes, invoices=rows), 31)


def test_taxes_of_a_client_are_those_of_its_latest_invoice_with_lines() -> None:
    taxed = {
        "taxName1": "GST",
        "taxAmount1": "5",
        "taxName2": "QST",
        "taxAmount2": "9.975",
        "compounded_tax": True,
    }
    hst = {"taxName1": "HST", "taxAmount1": "13"}
    assert of_client({"id": 9, "lines": []}, {"id": 8, "lines": [taxed]}) == (TaxSet((GST, QST), True), 8)
    assert of_client({"id": 8, "lines": [taxed, {}]}, {"id": 7, "lines": [hst]}) == (
        TaxSet((GST, QST), True),
        8,
    )
    assert of_client({"id": 8, "lines": [{}]}) == (TaxSet(), 8)
    assert of_client({"id": 8, "lines": [{"taxName1": "GST", "taxAmount1": "0"}]}) == (TaxSet(), 8)
    assert not of_client({"id": 8, "lines": [hst | {"compounded_tax": True}]})[0].compounded
    assert of_client(taxes=[]) == (TaxSet(), None)
    for invoices in ((), ({"id": 8, "lines": [taxed, hst]},)):
        with pytest.raises(ActionRefused) as refused:
            of_client(*invoices)
        assert refused.value.code == "taxes_unknown"
        assert {"name": "HST", "percent": "13"} in refused.value.detail["taxes"]


@pytest.mark.parametrize(
    "started", [{}, {"started_at": None}, {"started_at": "soon"}, {"local_started_at": "0000-00-00"}]
)
def test_an_entry_without_a_day_is_refused_with_a_sentence(started: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused, match="has no day") as refused:
        work_date({"id": 7, **started}, "UTC")
    assert refused.value.code == "entry_without_day"
