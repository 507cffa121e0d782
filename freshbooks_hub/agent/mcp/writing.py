"""The tools that write, as proposals: a person approves, in this client if it can ask, else elsewhere."""

# No postponed annotations here: some resolvers that they name are made inside a function.
# ruff: noqa: ARG001 - the arguments of a tool go, by name, to its resolvers

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal

from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.models import Action, Channel
from freshbooks_hub.agent.mcp.acting import ActionAnswer, answer_of
from freshbooks_hub.agent.mcp.approval import Decision, question
from freshbooks_hub.agent.mcp.tools import BooksContext, books_of, books_tool, said
from freshbooks_hub.agent.reads.arguments import BusinessId, Day
from freshbooks_hub.agent.untrusted import clean

Names = list[str]


class ExpenseTax(BaseModel, extra="forbid"):
    """A tax contained in the amount of an expense."""

    name: str
    amount: str


def client_name(ctx: BooksContext) -> str:
    """What the client calls itself; for the record only."""
    params = ctx.session.client_params
    return clean(params.client_info.name, 60) if params else "agent"


def asking(propose: Callable[..., Awaitable[Action]]) -> Callable[..., Any]:
    """The resolver that puts the proposal of `propose` before the person, where the client can."""

    async def ask(
        ctx: BooksContext, proposal: Annotated[Action, Resolve(propose)]
    ) -> Elicit[Decision] | None:
        return question(ctx, proposal)

    return ask


async def settled(
    ctx: BooksContext, proposal: Action, decision: ElicitationResult[Decision]
) -> CallToolResult:
    """The answer to the agent, after carrying out what the person decided on `proposal`."""
    books = books_of(ctx)

    def carry_out() -> Action:
        actions, who = books.actions, f"user of {client_name(ctx)}"
        match decision:
            case AcceptedElicitation(data=Decision(decision="approve")):
                actions.approve(proposal.id, proposal.payload_hash, who, Channel.elicitation)
                return actions.dispatch(proposal.id)
            case DeclinedElicitation() | AcceptedElicitation(data=Decision(decision="refuse")):
                return actions.refuse(proposal.id, who, Channel.elicitation)
            case _:  # cancelled, or this client cannot ask: the proposal waits for its owner
                return proposal

    answer = answer_of(await books.calls.run(carry_out), books.approvals_url)
    return said(answer.next_step, answer)


async def propose_draft(
    ctx: BooksContext,
    project_id: int,
    group_by: Literal["service", "person", "day"],
    hourly_rate: str | None,
    taxes: Names | None,
    due_in_days: int | None,
    include_expenses: bool,
    business_id: int | None,
) -> Action:
    """The proposal of `draft_invoice`; the same arguments give the same one."""
    books = books_of(ctx)
    return await books.calls.run(
        lambda: books.actions.propose_draft_invoice(
            project_id,
            proposed_by=client_name(ctx),
            business_id=business_id,
            group_by=group_by,
            hourly_rate=hourly_rate,
            taxes=taxes,
            due_in_days=due_in_days,
            include_expenses=include_expenses,
        )
    )


async def draft_invoice(
    ctx: BooksContext,
    proposal: Annotated[Action, Resolve(propose_draft)],
    decision: Annotated[ElicitationResult[Decision], Resolve(asking(propose_draft))],
    project_id: int,
    group_by: Literal["service", "person", "day"] = "service",
    hourly_rate: Annotated[
        str | None,
        Field(description="For time of unknown rate; ask the user"),
    ] = None,
    taxes: Annotated[
        Names | None, Field(description="By name; default: those of the client's last invoice")
    ] = None,
    due_in_days: Annotated[int | None, Field(ge=0)] = None,
    include_expenses: bool = True,
    business_id: BusinessId = None,
) -> CallToolResult:
    """Draft an invoice in FreshBooks that bills a completed project: its unbilled time and expenses.
    Proposes; a person approves."""
    return await settled(ctx, proposal, decision)


async def propose_send(
    ctx: BooksContext,
    invoice_id: int,
    recipients: Names | None,
    subject: str | None,
    body: str | None,
    include_pdf: bool,
    business_id: int | None,
) -> Action:
    """The proposal of `send_invoice`; the same arguments give the same one."""
    books = books_of(ctx)
    return await books.calls.run(
        lambda: books.actions.propose_send_invoice(
            invoice_id,
            proposed_by=client_name(ctx),
            business_id=business_id,
            recipients=recipients,
            subject=subject,
            body=body,
            include_pdf=include_pdf,
        )
    )


async def send_invoice(
    ctx: BooksContext,
    proposal: Annotated[Action, Resolve(propose_send)],
    decision: Annotated[ElicitationResult[Decision], Resolve(asking(propose_send))],
    invoice_id: int,
    recipients: Annotated[Names | None, Field(description="Default: the client's own addresses")] = None,
    subject: str | None = None,
    body: str | None = None,
    include_pdf: bool = False,
    business_id: BusinessId = None,
) -> CallToolResult:
    """E-mail a draft invoice to its client, which cannot be undone. Proposes; a person approves."""
    return await settled(ctx, proposal, decision)


async def propose_expense(
    ctx: BooksContext,
    vendor: str,
    date: date,
    amount: str,
    currency: str,
    category: str,
    taxes: list[ExpenseTax] | None,
    client_id: int | None,
    project_id: int | None,
    billable: bool,
    notes: str,
    receipt_path: str | None,
    receipt_base64: str | None,
    receipt_name: str | None,
    another_purchase: bool,
    business_id: int | None,
) -> Action:
    """The proposal of `create_expense`; the same arguments give the same one."""
    books = books_of(ctx)
    return await books.calls.run(
        lambda: books.actions.propose_expense(
            proposed_by=client_name(ctx),
            business_id=business_id,
            vendor=vendor,
            date=date.isoformat(),
            amount=amount,
            currency=currency,
            category=int(category) if category.isdecimal() else category,
            taxes=[tax.model_dump() for tax in taxes] if taxes else None,
            client=client_id,
            project=project_id,
            billable=billable,
            notes=notes,
            receipt_path=receipt_path,
            receipt_base64=receipt_base64,
            receipt_name=receipt_name,
            another_purchase=another_purchase,
        )
    )


async def create_expense(
    ctx: BooksContext,
    proposal: Annotated[Action, Resolve(propose_expense)],
    decision: Annotated[ElicitationResult[Decision], Resolve(asking(propose_expense))],
    vendor: str,
    date: Day,
    amount: Annotated[str, Field(description="Decimal text, taxes included")],
    currency: Annotated[str, Field(description="ISO code, such as USD")],
    category: Annotated[str, Field(description="Existing category by name or id")],
    taxes: list[ExpenseTax] | None = None,
    client_id: int | None = None,
    project_id: int | None = None,
    billable: Annotated[bool, Field(description="Bill it on to the client")] = False,
    notes: str = "",
    receipt_path: Annotated[str | None, Field(description="Image or PDF in the receipts folder")] = None,
    receipt_base64: Annotated[str | None, Field(description="The file instead of its path")] = None,
    receipt_name: str | None = None,
    another_purchase: Annotated[bool, Field(description="The user says it is no duplicate")] = False,
    business_id: BusinessId = None,
) -> CallToolResult:
    """Book an expense in FreshBooks from the data of a receipt, and attach the receipt.
    Proposes; a person approves."""
    return await settled(ctx, proposal, decision)


def write_tools() -> list[Tool]:
    """All of them; the server offers those that are on."""
    # Repeating a proposal gives the same one, and what is done once is not done again.
    adds = ToolAnnotations(
        read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True
    )
    cannot_be_undone = adds.model_copy(update={"destructive_hint": True})
    return [
        books_tool(draft_invoice, "Draft an invoice for a project", ActionAnswer, adds),
        books_tool(send_invoice, "Send an invoice by e-mail", ActionAnswer, cannot_be_undone),
        books_tool(create_expense, "Create an expense from a receipt", ActionAnswer, adds),
    ]
