"""Each answer in one sentence: counts, amounts and days, never text from the books."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from freshbooks_hub.agent.reads import (
    Answer,
    ClientAnswer,
    ClientList,
    ExpenseSummary,
    InvoiceAnswer,
    InvoiceList,
    MartsAnswer,
    OutstandingBalance,
    Page,
    QueryAnswer,
    UnbilledTime,
)
from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.core.stream_labels import stream_label


def summary(answer: Answer) -> str:
    """What the answer says, as of when, and whether it goes on."""
    more = (
        " There is more: ask again with next_cursor." if isinstance(answer, Page) and answer.has_more else ""
    )
    notes = "".join(f" {note}" for note in (*answer.context.gaps, *answer.context.notes))
    return f"{_facts(answer)} As of {answer.context.as_of_date}.{more}{notes}"


def _facts(answer: Answer) -> str:
    match answer:
        case OutstandingBalance():
            owed = _sums(
                (
                    t.business_id,
                    f"{_money(t.outstanding_amount, t.currency_code)} outstanding, "
                    f"{_money(t.overdue_amount, t.currency_code)} of it overdue",
                )
                for t in answer.totals
            )
            most = "; ".join(
                f"client {each.client_id} of business {each.business_id}, "
                f"{_money(each.outstanding_amount, each.currency_code)}"
                for each in answer.largest
            )
            if not owed and answer.context.lacks("invoices"):
                return "What is outstanding is unknown."
            return f"{owed} Most is owed by {most}." if most else owed or "Nothing is outstanding."
        case ClientList():
            number = "an unknown number of" if answer.total_count is None else answer.total_count
            return f"{len(answer.clients)} of {number} clients.{_similar(answer.similar)}"
        case ClientAnswer():
            sales = (f"{_money(s.outstanding_amount, s.currency_code)} outstanding" for s in answer.sales)
            none = "sales unknown" if answer.context.lacks("invoices") else "no sales yet"
            return f"Client {answer.client.client_id}: {', '.join(sales) or none}."
        case InvoiceList():
            return _sums(
                (
                    t.business_id,
                    f"{t.invoice_count} invoices, {_money(t.total_amount, t.currency_code)} in total, "
                    f"{_money(t.outstanding_amount, t.currency_code)} outstanding",
                )
                for t in answer.totals
            ) or _none(answer, "No invoices match.", "invoices")
        case InvoiceAnswer(invoice=invoice):
            return (
                f"Invoice {invoice.invoice_id}: {_money(invoice.total_amount, invoice.currency_code)}, "
                f"{_money(invoice.outstanding_amount, invoice.currency_code)} outstanding."
            )
        case UnbilledTime():
            return _sums(
                (
                    t.business_id,
                    f"{'an unknown number of' if t.hours is None else t.hours} unbilled hours worth "
                    f"{_money(t.unbilled_amount, t.currency_code)}"
                    + (
                        f", {t.hours_without_amount} hours without a known rate"
                        if t.hours_without_amount
                        else ""
                    ),
                )
                for t in answer.totals
            ) or _none(answer, f"No unbilled time.{_similar(answer.similar)}", "time_entries")
        case ExpenseSummary():
            return _sums(
                (t.business_id, f"{t.expense_count} expenses, {_money(t.total_amount, t.currency_code)}")
                for t in answer.totals
            ) or _none(answer, f"No expenses match.{_similar(answer.similar)}", "expenses")
        case QueryAnswer():
            cut = ", cut: don't add them up" if answer.truncated else ""
            return f"{len(answer.rows)} rows{cut}."
        case MartsAnswer():
            return f"{len(answer.marts)} marts, {len(answer.columns)} columns, {len(answer.metrics)} metrics."
    return ""


def _similar(names: list[str]) -> str:
    """Names are data, so the sentence says only that there are some."""
    return " The names in `similar` look like the one asked for." if names else ""


def _sums(totals: Iterable[tuple[int, str]]) -> str:
    """One sentence for each business, so that nothing is added up across them."""
    listed = list(totals)
    several = len({business for business, _ in listed}) > 1
    return " ".join(f"Business {business}: {text}." if several else f"{text}." for business, text in listed)


def _none(answer: Answer, text: str, stream: str) -> str:
    """Nothing was found; where the stream cannot be read, that says nothing."""
    return f"Unknown: {stream_label(stream)} cannot be read." if answer.context.lacks(stream) else text


def _money(amount: Decimal | None, currency: str | None) -> str:
    if amount is None:
        return "an unknown amount"
    # Cut, for even a code is text that came from outside.
    return f"{amount:,.2f} {clean(currency, 3) if currency else '(currency unknown)'}"
