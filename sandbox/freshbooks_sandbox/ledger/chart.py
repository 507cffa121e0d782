"""The chart of accounts: fixed accounts, one sub-account per expense category and per tax name."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.ledger.documents import SOURCES as DOCUMENTS
from freshbooks_sandbox.ledger.documents import documents
from freshbooks_sandbox.values import Row

CURRENT, NON_CURRENT = "current", "non_current"


@dataclass(frozen=True)
class Account:
    """`kind` is asset, liability, equity, income or expense; `term` splits assets and liabilities."""

    number: str
    name: str
    kind: str
    sub_type: str
    term: str | None = None

    @property
    def id(self) -> int:
        return 1_230_000 + int(self.number)

    @property
    def credit_natured(self) -> bool:
        return self.kind in ("liability", "equity", "income")


@dataclass(frozen=True)
class SubAccount:
    """`key` is what postings name: "cash", "tax:HST", "category:301001"."""

    account: Account
    id: int
    number: str
    name: str
    key: str
    category: Row | None = None


@dataclass
class Chart:
    accounts: list[Account]
    subs: list[SubAccount] = field(default_factory=list)
    by_key: dict[str, SubAccount] = field(default_factory=dict)
    by_id: dict[int, SubAccount] = field(default_factory=dict)

    def add(self, sub: SubAccount) -> None:
        self.subs.append(sub)
        self.by_key[sub.key], self.by_id[sub.id] = sub, sub

    def under(self, account: Account) -> list[SubAccount]:
        return [sub for sub in self.subs if sub.account is account]


_BANK, _CURRENT_ASSET, _FIXED = "Cash & Bank", "Current Asset", "Property, Plant, and Equipment"
CASH = Account("1000", "Cash", "asset", _BANK, CURRENT)
RECEIVABLE = Account("1200", "Accounts Receivable", "asset", _CURRENT_ASSET, CURRENT)
PAYABLE = Account("2000", "Accounts Payable", "liability", "Current Liability", CURRENT)
SALES_TAX = Account("2100", "Sales Tax", "liability", "Current Liability", CURRENT)
EQUITY = Account("3000", "Owner's Equity", "equity", "Owner's Equity")
SALES = Account("4000", "Sales", "income", "Income")
OTHER = Account("4900", "Other Income", "income", "Other Income")
COGS = Account("5000", "Cost of Goods Sold", "expense", "Cost of Goods Sold")
OPERATING = Account("6000", "Operating Expenses", "expense", "Operating Expense")
_ACCOUNTS = (
    CASH,
    RECEIVABLE,
    Account("1300", "Inventory", "asset", _CURRENT_ASSET, CURRENT),
    Account("1400", "Prepaid Expenses", "asset", _CURRENT_ASSET, CURRENT),
    Account("1500", "Property, Plant, and Equipment", "asset", _FIXED, NON_CURRENT),
    Account("1900", "Intangible Assets", "asset", _FIXED, NON_CURRENT),
    PAYABLE,
    SALES_TAX,
    Account("2200", "Accrued Liabilities", "liability", "Current Liability", CURRENT),
    Account("2500", "Loans & Line of Credit", "liability", "Long Term Liability", NON_CURRENT),
    EQUITY,
    SALES,
    OTHER,
    COGS,
    OPERATING,
)
_FIXED_SUBS = (
    (CASH, "Petty Cash", "cash"),
    (RECEIVABLE, "Accounts Receivable", "receivable"),
    (RECEIVABLE, "Customer Deposits", "deposits"),
    (PAYABLE, "Accounts Payable", "payable"),
    (EQUITY, "Owner Investment / Drawings", "capital"),
    (EQUITY, "Retained Earnings", "retained"),
    (SALES, "Sales", "sales"),
    (SALES, "Credits", "credits"),
    (OTHER, "Other Income", "other_income"),
)
SUB_TYPES = (
    (1, "asset", _BANK, "1000"),
    (2, "asset", _CURRENT_ASSET, "1200"),
    (3, "asset", _FIXED, "1500"),
    (4, "liability", "Current Liability", "2000"),
    (5, "liability", "Long Term Liability", "2500"),
    (6, "equity", "Owner's Equity", "3000"),
    (7, "income", "Income", "4000"),
    (8, "income", "Other Income", "4900"),
    (9, "expense", "Cost of Goods Sold", "5000"),
    (10, "expense", "Operating Expense", "6000"),
)
SOURCES = ("expense_categories", "taxes", *DOCUMENTS)


def tax_id(name: str) -> int:
    """Of a tax's sub-account: the same for ever, whatever other taxes there are."""
    return 7_000_000 + zlib.crc32(name.encode()) % 1_000_000


def chart(books: Books) -> Chart:
    """All accounts of a business; a tax name gets one when it is set up or first used."""
    return books.follow("chart", SOURCES, lambda: _make(books))


def _make(books: Books) -> Chart:
    used = {tax.name for document in documents(books) for tax in document.taxes}
    taxes = sorted(used | {row["name"] for row in books["taxes"].values()})
    made = Chart(list(_ACCOUNTS))
    counted: dict[str, int] = {}

    def add(account: Account, id_: int, name: str, key: str, category: Row | None = None) -> None:
        number = counted[account.number] = counted.get(account.number, 0) + 1
        made.add(SubAccount(account, id_, str(number), name, key, category))

    for position, (account, name, key) in enumerate(_FIXED_SUBS, 1):
        add(account, 9_800_000 + position, name, key)
    for name in taxes:
        add(SALES_TAX, tax_id(name), name, f"tax:{name}")
    for row in books["expense_categories"].values():
        account = COGS if row["is_cogs"] else OPERATING
        add(account, 5_000_000 + row["id"], row["category"], f"category:{row['id']}", row)
    return made
