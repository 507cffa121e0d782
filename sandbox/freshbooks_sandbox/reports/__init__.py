"""FreshBooks' reports over the sandbox's own books (freshbooks-api.md 3.10), and how they are read here.

The sheet gives shapes, not arithmetic. These readings hold everywhere, so that a tie-out can follow them:

All reports
    One currency: `currency_code`, or else the account's base currency; documents of other currencies
    are left out, nothing is converted. Only `payments_collected` shows every currency when none is named,
    as the captured answer does. Dates are flat (`start_date`, `end_date`, both included); without them,
    and with `search[...]`, the period is today..today of the business. A document counts unless it is
    deleted (`vis_state` 1); archived ones count; an invoice counts from the day it is no draft. A payment
    counts when neither it nor its invoice is deleted. Nothing cascades from clients.
profitloss_entity (result key `profitloss`)
    Accrual: an invoice by `create_date`, a bill by `issue_date`, all others by their date. Everything net
    of tax: line amounts less discount; expense, bill and other income without their taxes. "Sales" holds
    "Invoice", "Credit" (goodwill credit notes, negative) and "Other Income". "Cost of Goods Sold" stands
    under income with negative amounts: `total_income` is the gross profit. Expenses stand by parent
    category, category (the parent's own as "... (general)") and kind ("Expenses", "Bills").
    `cash_based=true`: invoices and bills in proportion as they are paid, on the payments' dates; goodwill
    credits and what they pay are no cash. `resolution` m, q or y gives calendar periods, of which the first
    and last may reach beyond the report's dates though only documents inside them are summed; without it
    there is one period. Manual journal entries are not in it.
taxsummary
    By tax name. Collected: invoices and other income, less goodwill credits; paid: expenses and bills.
    Taxable amounts are net of discount and of every tax, a compounded one too. `total_invoiced`: invoices
    of the period with tax (cash-based: what was paid on them).
trial_balance
    Assets, liabilities and equity: all postings up to `end_date`. Income and expense: those of the period;
    the profit before `start_date` stands in Retained Earnings. Each row is one sub-account's net, on one
    side; debits equal credits.
balance_sheet
    `dates[]`, or else today. All postings up to each date; Retained Earnings hold the whole profit so far.
    Customer Deposits (unused credit) lower the assets, below Accounts Receivable.
accounts_aging
    As of `end_date` (`start_date` is ignored): invoices issued by then, less payments dated by then, by
    days past `due_date`. "0-30" also holds what is not due yet. Unused credit is not taken off.
    With today's date a client's total is the sum of `outstanding` of the invoices that count.
payments_collected
    One row per payment that counts, `from_credit` ones too (method "Credit"), and one per credit note
    that counts, on its `create_date`, without an invoice: overpayments with their payment's method,
    prepayments and goodwill with "Credit". `totals` leave out the rows with `from_credit`: a credit is
    counted when it comes, not again when it is used. Cash alone: rows with an invoice and not
    `from_credit`, plus credit notes of the type overpayment or prepayment.
revenue_by_client
    `sales_type=collected`: the rows behind payments_collected's totals, by client and month;
    `sales_type=billed`: invoices with tax by `create_date`.
invoice_details
    By `create_date`, drafts included, with today's `paid`, `outstanding` and status (overdue computed).
    A line's `total` is its undiscounted amount plus its taxes on the discounted one; `total` of an
    invoice is subtotal + discount_total + tax.
item_sales
    Lines of invoices that count, by `create_date` and line name, before tax. `total` is before discount;
    each line has its share of the discount (negative), so `total + total_discount` is "Invoice" of the
    profit and loss.
expense_details
    By `date`, grouped by top category, with tax. Bills are not in it.
general_ledger (newer path alone, as the two below)
    Every posting of the period, manual ones too, under its account; debits equal credits. Ids of accounts are uuids.
cash_flow
    What moved on the cash account in the period, by the other side of each entry; `total` of the activities is
    `net_cash_change`. Equity and long-term debt are financing, fixed assets investing, all else operating.
chart_of_accounts
    A list: every account, `balance` as text with three decimals; without dates of all time, without a currency of
    the base one, and then `currency_code` is null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from freshbooks_sandbox.reports import (
    collected,
    ledger,
    profit,
    receivables,
    sales,
    spending,
    statements,
    taxes,
)
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.values import Row

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Report:
    """`key`: the result's name; `wrong`: the amounts that a planted error changes, all by the same."""

    key: str
    make: Callable[[Ask], Row | list[Row]]
    wrong: tuple[Path, ...]


REPORTS = {
    "profitloss_entity": Report(
        "profitloss",
        profit.profit_and_loss,
        tuple(
            (*row, *cell)
            for row in (("net_profit",), ("total_income",), ("income", 0))
            for cell in (("total",), ("data", 0))
        ),
    ),
    "balance_sheet": Report("balance_sheet", statements.balance_sheet, (("assets_total", 0, "balance"),)),
    "trial_balance": Report("trial_balance", statements.trial_balance, (("data", 0, "debit"),)),
    "taxsummary": Report(
        "taxsummary", taxes.tax_summary, (("taxes", 0, "tax_collected"), ("taxes", 0, "net_tax"))
    ),
    "payments_collected": Report(
        "payments_collected", collected.payments_collected, (("payments", 0, "amount"), ("totals", 0))
    ),
    "accounts_aging": Report(
        "accounts_aging",
        receivables.accounts_aging,
        (("accounts", 0, "0-30"), ("accounts", 0, "total"), ("totals", "0-30"), ("totals", "total")),
    ),
    "invoice_details": Report(
        "invoice_details",
        sales.invoice_details,
        (("clients", 0, "invoices", 0, "total"), ("clients", 0, "summary", "total"), ("summary", "total")),
    ),
    "expense_details": Report(
        "expense_details",
        spending.expense_details,
        (("data", 0, "expenses", 0, "amount"), ("data", 0, "total")),
    ),
    "item_sales": Report("item_sales", sales.item_sales, (("items", 0, "total"), ("total",))),
    "revenue_by_client": Report(
        "revenue_by_client",
        collected.revenue_by_client,
        (
            *(("clients", 0, "total"), ("clients", 0, "data", 0)),
            *(("total_sales",), ("total_sales_data", 0)),
        ),
    ),
}

# By business, in the newest docs' place (3.10): the older reports under their names, and three that are new.
NEWER = {
    **{name: report for name, report in REPORTS.items() if name != "profitloss_entity"},
    "profit_and_loss": Report("profit_and_loss", profit.profit_and_loss, REPORTS["profitloss_entity"].wrong),
    "general_ledger": Report("general_ledger", ledger.general_ledger, (("data", 0, "debit"),)),
    "cash_flow": Report("cash_flow", ledger.cash_flow, (("summary", "net_cash_change"),)),
    "chart_of_accounts": Report("journal_entry_accounts", ledger.chart_of_accounts, ()),
}
LEDGER = frozenset({"general_ledger", "trial_balance"})  # perhaps under user:account:read there (1.5)
