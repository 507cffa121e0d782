"""What agents can read from the marts: one function per tool, `(marts, *, typed arguments) -> pydantic model`.

The docstring of each is the tool's description, the `Field` of each argument its description. All of them raise
QueryFailed without marts and ReadRefused for what cannot be answered; `READS` lists them.
"""

from freshbooks_hub.agent.reads.balances import OutstandingBalance, get_outstanding_balance
from freshbooks_hub.agent.reads.clients import ClientAnswer, ClientList, get_client, list_clients
from freshbooks_hub.agent.reads.expenses import ExpenseList, ExpenseSummary, expense_summary, list_expenses
from freshbooks_hub.agent.reads.forecast import CashForecast, cash_forecast
from freshbooks_hub.agent.reads.invoices import InvoiceAnswer, InvoiceList, get_invoice, list_invoices
from freshbooks_hub.agent.reads.marts import MartsAnswer, QueryAnswer, describe_marts, query_marts
from freshbooks_hub.agent.reads.models import Answer, ClientRef, Context, Page, ReadRefused
from freshbooks_hub.agent.reads.payments import PaymentList, list_payments
from freshbooks_hub.agent.reads.profit import ProfitSummary, profit_summary
from freshbooks_hub.agent.reads.revenue import RevenueSummary, revenue_summary
from freshbooks_hub.agent.reads.time import TimeList, list_time
from freshbooks_hub.agent.reads.unbilled import UnbilledTime, list_unbilled_time

READS = (
    get_outstanding_balance,
    list_clients,
    get_client,
    list_invoices,
    get_invoice,
    list_payments,
    revenue_summary,
    profit_summary,
    cash_forecast,
    expense_summary,
    list_expenses,
    list_time,
    list_unbilled_time,
    query_marts,
    describe_marts,
)

__all__ = [
    "READS",
    "Answer",
    "CashForecast",
    "ClientAnswer",
    "ClientList",
    "ClientRef",
    "Context",
    "ExpenseList",
    "ExpenseSummary",
    "InvoiceAnswer",
    "InvoiceList",
    "MartsAnswer",
    "OutstandingBalance",
    "Page",
    "PaymentList",
    "ProfitSummary",
    "QueryAnswer",
    "ReadRefused",
    "RevenueSummary",
    "TimeList",
    "UnbilledTime",
    "cash_forecast",
    "describe_marts",
    "expense_summary",
    "get_client",
    "get_invoice",
    "get_outstanding_balance",
    "list_clients",
    "list_expenses",
    "list_invoices",
    "list_payments",
    "list_time",
    "list_unbilled_time",
    "profit_summary",
    "query_marts",
    "revenue_summary",
]
