"""The general ledger of hand-made books, and the statements that FreshBooks makes of it (freshbooks-api.md 3.10)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from unit_tests.dbt.raw_tables import Row, Rows

ZERO = Decimal(0)
CASH = {"account_number": "1000", "account_name": "Cash", "account_type": "asset"}
EQUITY = {"account_number": "3000", "account_name": "Owner's Equity", "account_type": "equity"}
SALES = {"account_number": "4000", "account_name": "Sales", "account_type": "income"}
COGS = {"account_number": "5000", "account_name": "Cost of Goods Sold", "account_type": "expense"}
OPERATING = {"account_number": "6000", "account_name": "Operating Expenses", "account_type": "expense"}
RESULT = ("income", "expense")


def entry(business: Row, number: int, day: str, code: str, *sides: tuple[Row, Decimal]) -> list[Row]:
    """The postings of one entry, a ledger account and its debit (negative for a credit) each; ids from `number`."""
    assert sum((amount for _, amount in sides), ZERO) == 0
    return [
        {
            **{name: business[name] for name in ("account_id", "business_id")},
            "is_deleted": False,
            "is_archived": False,
            "detailid": number + place,
            "name": f"Entry {number}",
            "user_entered_date": day,
            "detail_type": "manual",
            "debit": _money(max(amount, ZERO), code),
            "credit": _money(max(-amount, ZERO), code),
            "account": account,
            "sub_account": {"account_sub_name": account["account_name"], "account_sub_number": "1"},
            "entry": {"entryid": number},
        }
        for place, (account, amount) in enumerate(sides)
    ]


def accounts(business: Row) -> list[Row]:
    """The list of ledger accounts (journal_entry_accounts), such as they are before anything is posted."""
    head = {name: business[name] for name in ("account_id", "business_id")}
    return [
        {
            **head,
            **account,
            "is_deleted": False,
            "is_archived": False,
            "accountid": int(account["account_number"]),
            "balance": "0",
            "currency_code": "USD",
            "sub_accounts": [],
        }
        for account in (CASH, EQUITY, SALES, COGS, OPERATING)
    ]


class Ledger:
    """The postings of one business and currency."""

    def __init__(self, tables: Rows, business: int, code: str) -> None:
        self.code = code
        self.types: dict[str, str] = {EQUITY["account_number"]: "equity"}
        self.postings: list[tuple[str, str, Decimal, Decimal]] = []
        for row in tables["journal_entry_details"]:
            told = (row["debit"] or row["credit"])["code"]
            if row["business_id"] == business and told == code and not row["is_deleted"]:
                number = row["account"]["account_number"]
                self.types[number] = row["account"]["account_type"]
                sides = _decimal(row["debit"]), _decimal(row["credit"])
                self.postings.append((row["user_entered_date"], number, *sides))

    def report(self, first: str, last: str) -> Row:
        """The general ledger of a period, by account."""
        sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        for day, number, debit, credit in self.postings:
            if first <= day <= last:
                sums[number][0] += debit
                sums[number][1] += credit
        return {
            "data": [
                {
                    "account_number": number,
                    "debit": _money(debit, self.code),
                    "credit": _money(credit, self.code),
                }
                for number, (debit, credit) in sums.items()
            ]
        }

    def balances(self, first: str, last: str) -> dict[str, Decimal]:
        """Debits less credits up to `last`; what was earned before `first` is equity."""
        found: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for day, number, debit, credit in self.postings:
            if day <= last:
                earned = self.types[number] in RESULT and day < first
                found[EQUITY["account_number"] if earned else number] += debit - credit
        return {number: value for number, value in sorted(found.items()) if value}

    def trial_balance(self, first: str, last: str) -> Row:
        return {
            "data": [
                {
                    "account_name": f"Account {number}",
                    "account_number": number,
                    "account_sub_name": "General",
                    "debit": _money(max(value, ZERO), self.code),
                    "credit": _money(max(-value, ZERO), self.code),
                }
                for number, value in self.balances(first, last).items()
            ]
        }

    def balance_sheet(self, day: str) -> Row:
        """Equity is a section without accounts, as in FreshBooks' own example."""

        def shown(value: Decimal) -> list[Row]:
            return [{"balance": _money(value, self.code), "date": day}]

        found = self.balances("9999-12-31", day)
        assets = {number: value for number, value in found.items() if self.types[number] == "asset"}
        equity = -sum((value for number, value in found.items() if number not in assets), ZERO)
        rows = [
            {
                "account_name": f"Account {number}",
                "account_number": number,
                "balances": shown(value),
                "sub_accounts": [
                    {"sub_account_name": "General", "sub_account_number": "1", "balances": shown(value)}
                ],
            }
            for number, value in assets.items()
        ]
        total = shown(sum(assets.values(), ZERO))
        return {
            "data": [
                {"account_type": "asset", "category": "current", "accounts": rows, "balances": total},
                {"account_type": "equity", "category": None, "accounts": [], "balances": shown(equity)},
            ],
            "assets_total": total,
            "liabilities_and_equity_total": shown(equity),
        }


def _decimal(value: Row | None) -> Decimal:
    return Decimal(str(value["amount"])) if value else ZERO


def _money(value: Decimal, code: str) -> Row:
    return {"amount": f"{value:.2f}", "code": code}
