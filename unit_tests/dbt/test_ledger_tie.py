"""The ledger against FreshBooks' statements, by account, worked out on paper.

January 10: an invoice of 1000.00 and 50.00 tax. January 20: the owner puts in 500.00.
February 5: the invoice is paid. February 10: goods for 300.00. February 20: rent of 200.00. All from or to cash.
    January: receivable 1050.00, cash 500.00, tax owed 50.00, equity 500.00, sales 1000.00. Profit 1000.00.
    February: cash 500.00 + 1050.00 - 300.00 - 200.00 = 1050.00, tax owed 50.00, equity 500.00 and January's profit,
    1500.00; goods 300.00 and rent 200.00 of February. Its profit is -500.00, so at its end equity is 1000.00.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from unit_tests.dbt.builds import BUILD, WORK, Dbt
from unit_tests.dbt.ledger import invoice, money
from unit_tests.dbt.raw_tables import Row, Rows
from unit_tests.dbt.reports import OBSERVED
from unit_tests.dbt.statements import CASH, COGS, EQUITY, OPERATING, SALES, accounts, entry

RECEIVABLE = {"account_number": "1200", "account_name": "Accounts Receivable", "account_type": "asset"}
TAX = {"account_number": "2100", "account_name": "Sales Tax", "account_type": "liability"}
MONTHS = {"jan": ("2026-01-01", "2026-01-31"), "feb": ("2026-02-01", "2026-02-28")}
OWNERS = "equity with earlier earnings"
Found = dict[tuple[str, str, str], tuple[Decimal, Decimal]]

# Debits less credits by account at the end of each month.
TRIAL = {
    "jan": {"1000": "500.00", "1200": "1050.00", "2100": "-50.00", "3000": "-500.00", "4000": "-1000.00"},
    "feb": {"1000": "1050.00", "2100": "-50.00", "3000": "-1500.00", "5000": "300.00", "6000": "200.00"},
}
# As the sheet shows them: assets, liabilities, equity.
SHEET: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "jan": ({"1000": "500.00", "1200": "1050.00"}, {"2100": "50.00"}, "1500.00"),
    "feb": ({"1000": "1050.00"}, {"2100": "50.00"}, "1000.00"),
}
# Costs of goods sold are taken from income.
PROFIT = {"jan": ("1000.00", "0.00"), "feb": ("-300.00", "200.00")}


def books(business: int) -> Rows:
    me: Row = {"account_id": f"account{business}", "business_id": business}

    def put(number: int, day: str, **sides: str) -> list[Row]:
        names = {"cash": CASH, "owed": RECEIVABLE, "tax": TAX, "equity": EQUITY, "sales": SALES}
        names |= {"goods": COGS, "rent": OPERATING}
        entered = [(names[name], Decimal(value)) for name, value in sides.items()]
        return entry(me, number, day, "USD", *entered)

    head = {**me, **OBSERVED, "currency_code": "USD"}
    tables: Rows = {
        "invoices": [invoice(me, 1, 8, "1050.00", "2026-02-10", create_date="2026-01-10")],
        **{stream: [] for stream in ("payments", "expenses", "other_income", "bills")},
        "journal_entry_accounts": accounts(me),
        "journal_entry_details": [
            *put(10, "2026-01-10", owed="1050.00", sales="-1000.00", tax="-50.00"),
            *put(20, "2026-01-20", cash="500.00", equity="-500.00"),
            *put(30, "2026-02-05", cash="1050.00", owed="-1050.00"),
            *put(40, "2026-02-10", goods="300.00", cash="-300.00"),
            *put(50, "2026-02-20", rent="200.00", cash="-200.00"),
        ],
        **{f"report_{name}": [] for name in ("trial_balance", "balance_sheet", "profit_and_loss")},
    }
    for month, (first, last) in MONTHS.items():
        period = {**head, "start_date": first, "end_date": last}
        tables["report_trial_balance"].append({**period, "data": _trial(TRIAL[month])})
        tables["report_balance_sheet"].append({**head, "end_date": last, **_sheet(last, *SHEET[month])})
        income, spent = PROFIT[month]
        totals = {"total_income": {"total": money(income)}, "total_expenses": {"total": money(spent)}}
        for basis, told in (("accrual", totals), ("cash", {"total_income": {"total": money("7.00")}})):
            profit = {**period, "basis": basis, "cash_based": basis == "cash", "income": [], "expenses": []}
            tables["report_profit_and_loss"].append({**profit, **told})
    return tables


def _trial(balances: dict[str, str]) -> list[Row]:
    """Equity in two sub-accounts, of which the ledger knows one."""
    rows = []
    for number, value in balances.items():
        parts = [("1", Decimal(value))]
        if number == "3000":
            parts = [("1", Decimal("-500.00")), ("2", Decimal(value) + 500)]
        for sub, amount in parts:
            sides = {
                "debit": money(str(max(amount, Decimal(0)))),
                "credit": money(str(max(-amount, Decimal(0)))),
            }
            rows.append({"account_number": number, "account_name": "?", "account_sub_number": sub, **sides})
    return rows


def _sheet(day: str, assets: dict[str, str], liabilities: dict[str, str], equity: str) -> Row:
    def shown(value: str) -> list[Row]:
        """Another day too, which does not count."""
        return [
            {"balance": money("1.00"), "date": "2025-12-31"},
            {"balance": money(value), "date": day},
        ]

    def section(kind: str, balances: dict[str, str]) -> Row:
        rows = [{"account_number": number, "balances": shown(value)} for number, value in balances.items()]
        total = str(sum(map(Decimal, balances.values())))
        return {"account_type": kind, "category": "current", "accounts": rows, "balances": shown(total)}

    sections = [section("asset", assets), section("liability", liabilities), section("equity", {})]
    sections[-1]["balances"] = shown(equity)
    return {"data": sections, "assets_total": [], "liabilities_and_equity_total": []}


def differing(tables: Rows) -> None:
    """February's reports say something else."""
    trial = tables["report_trial_balance"][1]["data"]
    next(row for row in trial if row["account_number"] == "6000")["debit"] = money("210.00")
    trial.append({"account_number": "1900", "debit": money("0.00"), "credit": money("10.00")})
    sheet = tables["report_balance_sheet"][1]["data"]
    sheet[1]["accounts"] = []
    sheet[2]["balances"] = [{"balance": money("1050.00"), "date": "2026-02-28"}]
    for profit in tables["report_profit_and_loss"][2:]:
        profit["total_expenses"] = {"total": money("210.00")}


def read_apart(tables: Rows) -> None:
    """January's postings at noon on June 29; the invoice changed after that, before all else was read."""
    for row in tables["journal_entry_details"]:
        january = row["user_entered_date"] < "2026-02-01"
        row["_airbyte_extracted_at"] = f"2026-06-{29 if january else 30} 12:00:00"
    tables["invoices"][0]["updated_at_utc"] = "2026-06-29 13:00:00"


def odd(tables: Rows) -> None:
    january, february = tables["report_trial_balance"]
    january["data"] = None
    february["data"] = [{"account_number": "1000", "debit": {"amount": "much", "code": "USD"}}]
    tables["report_balance_sheet"][0]["data"] = [{"account_type": "asset"}, {}, 7]


# A business each, as one build is much.
PLAIN, DIFFERING, READ_APART, READ_AGAIN, ODD, FIRST_WITHOUT = 1, 2, 3, 4, 5, 11
CHANGES: dict[int, Callable[[Rows], None]] = {
    PLAIN: lambda tables: None,
    DIFFERING: differing,
    READ_APART: read_apart,
    READ_AGAIN: read_apart,
    ODD: odd,
}
# When all postings were last read; those of READ_AGAIN after the invoice changed, without news.
WHOLE_READ = {READ_APART: "2026-06-29 12:00:00", READ_AGAIN: "2026-06-29 14:00:00"}
WITHOUT: dict[str, set[str]] = {
    "report_trial_balance": {"balance sheet", "profit and loss"},
    "report_balance_sheet": {"trial balance", "profit and loss"},
    "report_profit_and_loss": {"trial balance", "balance sheet"},
    "journal_entry_details": set(),
    "journal_entry_accounts": set(),
}


def all_books() -> Rows:
    found: Rows = defaultdict(list)
    gone = dict(enumerate(WITHOUT, FIRST_WITHOUT))
    for business in (*CHANGES, *gone):
        tables = books(business)
        CHANGES.get(business, CHANGES[PLAIN])(tables)
        if business in gone:
            tables[gone[business]] = []
        for stream, rows in tables.items():
            found[stream] += rows
            said = {"account_id": f"account{business}", "business_id": business, "stream_name": stream}
            status = "not_granted" if stream == gone.get(business) else "read"
            observed = {"observed_at": "2026-06-30 12:00:00", "status": status, "has_rows": bool(rows)}
            whole = WHOLE_READ.get(business) if stream == "journal_entry_details" else None
            found["stream_availability"].append({**said, **observed, "whole_read_at": whole})
    return dict(found)


@pytest.fixture(scope="module")
def checked(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Found]:
    """Of each business, by check, month and row: our amount and that of FreshBooks."""
    folder = tmp_path_factory.mktemp("tie")
    done = dbt.run(folder, all_books(), *BUILD, only=["int_statement_checks"])
    assert done.succeeded, done.output
    with duckdb.connect(folder / f"{WORK}.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "select business_id, check_name, end_date::varchar, row_name, our_amount, freshbooks_amount "
            "from int_statement_checks where our_amount <> 0 or freshbooks_amount <> 0"
        ).fetchall()
    ends = {last: month for month, (_, last) in MONTHS.items()}
    found: dict[int, Found] = defaultdict(dict)
    for business, check, day, row, ours, theirs in rows:
        found[business][check, ends[day], row] = (ours, theirs)
    return found


def paper() -> dict[tuple[str, str, str], Decimal]:
    found = {}
    for month in MONTHS:
        for number, value in TRIAL[month].items():
            row = OWNERS if number == "3000" else f"account {number}"
            found["trial balance from the ledger", month, row] = Decimal(value)
        assets, liabilities, equity = SHEET[month]
        check = "balance sheet from the ledger"
        found |= {(check, month, f"account {number}"): Decimal(value) for number, value in assets.items()}
        found |= {
            (check, month, f"account {number}"): -Decimal(value) for number, value in liabilities.items()
        }
        found[check, month, OWNERS] = -Decimal(equity)
        for side, value in zip(("income", "expenses"), PROFIT[month], strict=True):
            found[f"profit and loss from the ledger, {side}", month, f"total {side}"] = Decimal(value)
    return {key: value for key, value in found.items() if value}


def test_the_ledger_makes_the_statements_of_the_paper(checked: dict[int, Found]) -> None:
    assert {key: ours for key, (ours, _) in checked[PLAIN].items()} == paper()
    assert {key: theirs for key, (_, theirs) in checked[PLAIN].items()} == paper()


def test_each_difference_is_at_its_account(checked: dict[int, Found]) -> None:
    wrong = {key: amounts for key, amounts in checked[DIFFERING].items() if amounts[0] != amounts[1]}
    assert wrong == {
        ("trial balance from the ledger", "feb", "account 6000"): (Decimal(200), Decimal(210)),
        ("trial balance from the ledger", "feb", "account 1900"): (Decimal(0), Decimal(-10)),
        ("balance sheet from the ledger", "feb", "account 2100"): (Decimal(-50), Decimal(0)),
        ("balance sheet from the ledger", "feb", OWNERS): (Decimal(-1000), Decimal(-1050)),
        ("profit and loss from the ledger, expenses", "feb", "total expenses"): (Decimal(200), Decimal(210)),
    }


def test_a_balance_waits_for_the_oldest_month_and_a_profit_for_its_own(checked: dict[int, Found]) -> None:
    assert {(check, month) for check, month, _ in checked[READ_APART]} == {
        ("profit and loss from the ledger, income", "feb"),
        ("profit and loss from the ledger, expenses", "feb"),
    }


def test_a_balance_counts_again_once_all_postings_were_read_after_the_change(
    checked: dict[int, Found],
) -> None:
    assert checked[READ_AGAIN] == checked[PLAIN]


@pytest.mark.parametrize("gone", WITHOUT)
def test_what_cannot_be_read_is_not_compared(checked: dict[int, Found], gone: str) -> None:
    business = FIRST_WITHOUT + list(WITHOUT).index(gone)
    assert {check.partition(" from")[0] for check, _, _ in checked[business]} == WITHOUT[gone]


def test_odd_reports_stop_nothing(checked: dict[int, Found]) -> None:
    """What cannot be read counts as nothing, at its account; what is no report at all is not compared."""
    found = checked[ODD]
    assert found["trial balance from the ledger", "feb", "account 1000"] == (Decimal(1050), Decimal(0))
    assert found["balance sheet from the ledger", "jan", OWNERS] == (Decimal(-1500), Decimal(0))
    assert found["balance sheet from the ledger", "feb", OWNERS] == (Decimal(-1000), Decimal(-1000))
