"""A summary of each answer in one sentence of counts, amounts and days.

It never holds text that strangers write. The names of the businesses are the owner's own, and tell their totals apart.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from freshbooks_hub.agent.reads import (
    Answer,
    CashForecast,
    ClientAnswer,
    ClientList,
    Context,
    ExpenseList,
    ExpenseSummary,
    InvoiceAnswer,
    InvoiceList,
    MartsAnswer,
    OutstandingBalance,
    Page,
    PaymentList,
    ProfitSummary,
    QueryAnswer,
    RevenueSummary,
    TimeList,
    UnbilledTime,
)
from freshbooks_hub.agent.reads.balances import ReportingTotal
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.labels import plural, stream_labels


class _Wording(NamedTuple):
    """What is said of each total; without any, `none`, unless one of `streams` cannot be read."""

    total: Callable[[Any], str]
    none: str
    streams: tuple[str, ...]


_EXPENSES = _Wording(
    lambda t: f"{plural(t.expense_count, 'expense')}, {_money(t.total_amount, t.currency_code)}",
    "No expenses match.",
    ("expenses",),
)
_WORDINGS: dict[type[Answer], _Wording] = {
    OutstandingBalance: _Wording(
        lambda t: (
            f"{_money(t.outstanding_amount, t.currency_code)} outstanding, "
            f"{_money(t.overdue_amount, t.currency_code)} of it overdue"
        ),
        "Nothing is outstanding.",
        ("invoices",),
    ),
    InvoiceList: _Wording(
        lambda t: (
            f"{plural(t.invoice_count, 'invoice')}, {_money(t.total_amount, t.currency_code)} in total, "
            f"{_money(t.outstanding_amount, t.currency_code)} outstanding"
        ),
        "No invoices match.",
        ("invoices",),
    ),
    PaymentList: _Wording(
        lambda t: (
            (
                "an unknown number of payments"
                if t.payment_count is None
                else plural(t.payment_count, "payment")
            )
            + f", {_money(t.payment_amount, t.currency_code)}"
        ),
        "No payments match.",
        ("payments", "invoices"),
    ),
    RevenueSummary: _Wording(
        lambda t: (
            f"{_money(t.net_revenue_amount, t.currency_code)} net revenue without tax, "
            f"{_money(t.collected_amount, t.currency_code)} collected"
        ),
        "No revenue in these months.",
        ("invoices", "payments", "other_income"),
    ),
    ProfitSummary: _Wording(
        lambda t: (
            f"{_money(t.income_amount, t.currency_code)} income, "
            f"{_money(t.net_profit_amount, t.currency_code)} net profit"
        ),
        "FreshBooks reports no profit or loss for these months.",
        ("report_profit_and_loss",),
    ),
    CashForecast: _Wording(
        lambda t: (
            f"{_money(t.money_in_amount, t.currency_code)} expected in, "
            f"{_money(t.money_out_amount, t.currency_code)} out"
        ),
        "Nothing is expected.",
        ("invoices", "invoice_profiles", "bills", "expenses"),
    ),
    ExpenseSummary: _EXPENSES,
    ExpenseList: _EXPENSES,
    TimeList: _Wording(
        lambda t: (
            f"{_hours(t.hours)} hours, {_hours(t.billable_hours)} billable, "
            f"{_hours(t.unbilled_hours)} of them unbilled"
        ),
        "No time matches.",
        ("time_entries",),
    ),
    UnbilledTime: _Wording(
        lambda t: (
            f"{_hours(t.hours)} unbilled hours worth {_money(t.unbilled_amount, t.currency_code)}"
            + (f", {t.hours_without_amount} hours without a known rate" if t.hours_without_amount else "")
        ),
        "No unbilled time.",
        ("time_entries",),
    ),
}


def summary(answer: Answer) -> str:
    """What the answer says, as of when, and whether more pages follow."""
    more = (
        " There are more: call again with next_cursor."
        if isinstance(answer, Page) and answer.has_more
        else ""
    )
    notes = "".join(f" {note}" for note in (*answer.context.gaps, *answer.context.notes))
    return f"{_facts(answer)} As of {answer.context.as_of_date}.{more}{notes}"


def _facts(answer: Answer) -> str:
    match answer:
        case OutstandingBalance(totals=[_, *_]):
            together = (_together(answer.context, total) for total in answer.reporting_totals)
            return " ".join([_totals(answer), *together, *_most_owed(answer)])
        case ClientList():
            number = "an unknown number of" if answer.total_count is None else answer.total_count
            noun = "client" if number == 1 else "clients"
            return f"{len(answer.clients)} of {number} {noun}.{_similar(answer)}"
        case ClientAnswer():
            sales = (f"{_money(s.outstanding_amount, s.currency_code)} outstanding" for s in answer.sales)
            none = "sales unknown" if answer.context.lacks("invoices") else "no sales yet"
            return f"Client {answer.client.client_id}: {', '.join(sales) or none}."
        case InvoiceAnswer(invoice=invoice):
            return (
                f"Invoice {invoice.invoice_id}: {_money(invoice.total_amount, invoice.currency_code)}, "
                f"{_money(invoice.outstanding_amount, invoice.currency_code)} outstanding."
            )
        case QueryAnswer():
            if answer.next_offset is None:
                return (
                    f"{plural(len(answer.rows), 'row')}{'; long texts were cut' if answer.truncated else ''}."
                )
            return (
                f"Rows {answer.first_row} to {answer.next_offset}; there are more, so do not add them up. "
                f"Go on with offset {answer.next_offset} (ORDER BY keeps the order), name fewer columns, or aggregate."
            )
        case MartsAnswer():
            marts, metrics = plural(len(answer.marts), "mart"), plural(len(answer.metrics), "metric")
            if answer.columns:
                return f"{plural(len(answer.columns), 'column')}, {metrics}."
            return f"{marts}, {metrics}; call again with mart for its columns and SQL."
    return _totals(answer)


def _totals(answer: Answer) -> str:
    """A sentence for each business and currency, so that nothing is added up across them."""
    wording = _WORDINGS[type(answer)]
    totals: list[Any] = getattr(answer, "totals")  # noqa: B009 - all of `_WORDINGS` have them
    if not totals:
        lacking = [stream for stream in wording.streams if answer.context.lacks(stream)]
        unknown = f"Unknown: {stream_labels(lacking)} cannot be read."
        return unknown if lacking else wording.none + _similar(answer)
    several = len(answer.context.businesses) > 1
    return " ".join(
        f"{_business(answer.context, total.business_id)}: {wording.total(total)}."
        if several
        else f"{wording.total(total)}."
        for total in totals
    )


def _most_owed(answer: OutstandingBalance) -> list[str]:
    """Which clients owe most, if any owe something."""
    most = "; ".join(
        f"client {each.client_id} of {_business(answer.context, each.business_id)}, "
        f"{_money(each.outstanding_amount, each.currency_code)}"
        for each in answer.largest
    )
    return [f"Most is owed by {most}."] if most else []


def _hours(hours: Decimal | None) -> str:
    return "an unknown number of" if hours is None else f"{hours:,.2f}"


def _similar(answer: Answer) -> str:
    """Names are data, so the sentence only says that there are similar ones."""
    return " The names in `similar` look like the one asked for." if getattr(answer, "similar", None) else ""


def _business(context: Context, business_id: int) -> str:
    """Its name, as the owner wrote it; with the id where that does not tell it from others."""
    names = {each.business_id: each.business_name for each in context.businesses}
    name = names.get(business_id)
    if not name:
        return f"business {business_id}"
    alone = list(names.values()).count(name) == 1
    return clean(name, 60) + ("" if alone else f" ({business_id})")


def _together(context: Context, total: ReportingTotal) -> str:
    """What is outstanding in the reporting currency, in a sentence."""
    business = _business(context, total.business_id)
    if total.missing:
        return f"{business}: {total.missing}"
    amount = _money(total.outstanding_amount, total.currency_code)
    return f"{business} at the user's own rates, together: {amount} outstanding."


def _money(amount: Decimal | None, currency: str | None) -> str:
    if amount is None:
        return "an unknown amount"
    # Cut, for even a code is text that came from outside.
    return f"{amount_text(amount, currency)} {clean(currency, 3) if currency else '(currency unknown)'}"
