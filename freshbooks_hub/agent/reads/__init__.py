"""What agents can read of the marts: one function a tool, `(marts, *, typed arguments) -> pydantic model`.

The docstring of each is the tool's description, the `Field` of each argument its description. All of them raise
QueryFailed without marts and ReadRefused for what cannot be answered; `READS` lists them.
"""

from freshbooks_hub.agent.reads.balances import OutstandingBalance, get_outstanding_balance
from freshbooks_hub.agent.reads.clients import ClientAnswer, ClientList, get_client, list_clients
from freshbooks_hub.agent.reads.expenses import ExpenseSummary, expense_summary
from freshbooks_hub.agent.reads.invoices import InvoiceAnswer, InvoiceList, get_invoice, list_invoices
from freshbooks_hub.agent.reads.marts import MartsAnswer, QueryAnswer, describe_marts, query_marts
from freshbooks_hub.agent.reads.models import Answer, ClientRef, Context, Page, ReadRefused
from freshbooks_hub.agent.reads.unbilled import UnbilledTime, list_unbilled_time

READS = (
    get_outstanding_balance,
    list_clients,
    get_client,
    list_invoices,
    get_invoice,
    list_unbilled_time,
    expense_summary,
    query_marts,
    describe_marts,
)

__all__ = [
    "READS",
    "Answer",
    "ClientAnswer",
    "ClientList",
    "ClientRef",
    "Context",
    "ExpenseSummary",
    "InvoiceAnswer",
    "InvoiceList",
    "MartsAnswer",
    "OutstandingBalance",
    "Page",
    "QueryAnswer",
    "ReadRefused",
    "UnbilledTime",
    "describe_marts",
    "expense_summary",
    "get_client",
    "get_invoice",
    "get_outstanding_balance",
    "list_clients",
    "list_invoices",
    "list_unbilled_time",
    "query_marts",
]
