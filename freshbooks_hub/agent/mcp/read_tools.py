"""The tools that read: the functions of `agent.reads`, and each answer in one sentence of counts, amounts and days.

A sentence never holds text from the books.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import Any, get_type_hints

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations

from freshbooks_hub.agent.actions.models import Action
from freshbooks_hub.agent.mcp.tool import ServerState, ToolContext, make_tool, state_of, tool_result
from freshbooks_hub.agent.reads import (
    READS,
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
    query_marts,
)
from freshbooks_hub.agent.reads.balances import ReportingTotal
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.labels import plural, stream_label

TITLES = {
    "get_outstanding_balance": "Outstanding balances",
    "list_clients": "Clients",
    "get_client": "Client",
    "list_invoices": "Invoices",
    "get_invoice": "Invoice",
    "list_unbilled_time": "Unbilled time",
    "expense_summary": "Expenses",
    "query_marts": "SQL query",
    "describe_marts": "Data dictionary",
}
# The marts are a local file; asking it changes nothing anywhere.
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)


def read_tools() -> list[Tool]:
    """All of them."""
    return [
        make_tool(_on_marts(read), TITLES[read.__name__], get_type_hints(read)["return"], READ_ONLY)
        for read in READS
    ]


def _on_marts(read: Callable[..., Answer]) -> Callable[..., Awaitable[CallToolResult]]:
    """`read` as a tool: its name, description and arguments, but `marts`, which is the server's to know."""
    hints = get_type_hints(read, include_extras=True)
    arguments = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(read).parameters.items()
        if name != "marts"
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=ToolContext)

    async def tool(ctx: ToolContext, **given: Any) -> CallToolResult:
        state = state_of(ctx)
        threads = state.queries if read is query_marts else state.calls
        return await threads.run(lambda: _answered(read, state, given))

    tool.__name__, tool.__doc__ = read.__name__, read.__doc__
    tool.__annotations__ = {parameter.name: parameter.annotation for parameter in [context, *arguments]}
    tool.__signature__ = inspect.Signature([context, *arguments], return_annotation=CallToolResult)  # type: ignore[attr-defined]
    return tool


def _answered(read: Callable[..., Answer], state: ServerState, given: dict[str, Any]) -> CallToolResult:
    answer = read(state.home.marts, **given)
    missing = state.actions.newer_than(answer.context.published_at)
    if missing:
        answer.context.notes.append(_note(missing))
    return tool_result(summary(answer), answer)


def _note(missing: list[Action]) -> str:
    ids = ", ".join(action.id for action in missing[:5]) + (", …" if len(missing) > 5 else "")
    return (
        f"{plural(len(missing), 'action is', 'actions are')} newer than these figures and not included yet ({ids}); "
        "see list_actions."
    )


def summary(answer: Answer) -> str:
    """What the answer says, as of when, and whether it goes on."""
    more = (
        " There are more: call again with next_cursor."
        if isinstance(answer, Page) and answer.has_more
        else ""
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
            told = [owed, *(_together(total) for total in answer.reporting_totals if owed)]
            told += [f"Most is owed by {most}."] if most else []
            return " ".join(told) if owed else "Nothing is outstanding."
        case ClientList():
            number = "an unknown number of" if answer.total_count is None else answer.total_count
            noun = "client" if number == 1 else "clients"
            return f"{len(answer.clients)} of {number} {noun}.{_similar(answer.similar)}"
        case ClientAnswer():
            sales = (f"{_money(s.outstanding_amount, s.currency_code)} outstanding" for s in answer.sales)
            none = "sales unknown" if answer.context.lacks("invoices") else "no sales yet"
            return f"Client {answer.client.client_id}: {', '.join(sales) or none}."
        case InvoiceList():
            return _sums(
                (
                    t.business_id,
                    f"{plural(t.invoice_count, 'invoice')}, {_money(t.total_amount, t.currency_code)} in total, "
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
                (
                    t.business_id,
                    f"{plural(t.expense_count, 'expense')}, {_money(t.total_amount, t.currency_code)}",
                )
                for t in answer.totals
            ) or _none(answer, f"No expenses match.{_similar(answer.similar)}", "expenses")
        case QueryAnswer():
            cut = "; there are more, so do not add them up" if answer.truncated else ""
            return f"{plural(len(answer.rows), 'row')}{cut}."
        case MartsAnswer():
            marts, columns = plural(len(answer.marts), "mart"), plural(len(answer.columns), "column")
            return f"{marts}, {columns}, {plural(len(answer.metrics), 'metric')}."
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


def _together(total: ReportingTotal) -> str:
    """What is outstanding in the reporting currency, in a sentence."""
    if total.missing:
        return f"Business {total.business_id}: {total.missing}"
    amount = _money(total.outstanding_amount, total.currency_code)
    return f"Business {total.business_id} at the user's own rates, together: {amount} outstanding."


def _money(amount: Decimal | None, currency: str | None) -> str:
    if amount is None:
        return "an unknown amount"
    # Cut, for even a code is text that came from outside.
    return f"{amount_text(amount, currency)} {clean(currency, 3) if currency else '(currency unknown)'}"
