"""Draft an estimate from given lines (freshbooks-api.md 7.6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_api.client import Json, single
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    changed_since,
    delete_record,
)
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Books, Reference, as_client, is_living
from freshbooks_hub.agent.actions.clients import find_client
from freshbooks_hub.agent.actions.documents import (
    GivenLine,
    candidates,
    charged_taxes,
    currency_of,
    differences,
    drafted,
    exact_body,
    given_lines,
    sent_line,
    totals,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import (
    ActionPreview,
    Client,
    Line,
    Money,
    Tax,
    business_line,
    client_line,
    invoice_lines,
    tax_lines,
)
from freshbooks_hub.core.currencies import with_code

PATH = "estimates/estimates"
DRAFT = 1  # freshbooks-api.md 4.2


class CreateEstimateRequest(ActionRequest):
    """An estimate of today in the client's currency. `taxes` are names, None: those of the client's latest invoice."""

    client_id: Reference
    lines: list[GivenLine]
    taxes: Annotated[
        list[str] | None, Field(description="Names of taxes; default: as on the client's last invoice")
    ] = None
    another_estimate: Annotated[
        bool, Field(description="Only if the user says that it is not a duplicate")
    ] = False


class CreateEstimatePreview(ActionPreview):
    """The estimate that will be made."""

    kind: Literal["create_estimate"] = "create_estimate"
    client: Client
    create_date: date
    lines: tuple[Line, ...]
    subtotal: str
    taxes: tuple[Tax, ...]
    total: str

    @property
    def total_amount(self) -> str:
        return self.total


def prepare(context: ProposalContext, request: CreateEstimateRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `look_alike` when today has an equal estimate."""
    books = context.books
    client = find_client(books, request.client_id)
    number, currency = int(client["id"]), currency_of(client)
    tax, warnings = charged_taxes(books, request.taxes, number)
    lines = given_lines(request.lines, tax, currency)
    subtotal, taxes, total = totals(lines, tax.compounded, currency)
    today = context.today
    sent = {
        "customerid": number,
        "create_date": today.isoformat(),
        "currency_code": currency,
        "lines": [sent_line(line, currency, tax) for line in lines],
    }
    twins = [row for row in _estimates_of(books, number, today.isoformat()) if not differences(sent, row)]
    if twins and not request.another_estimate:
        raise ActionRefused(
            "look_alike",
            "The client has an equal estimate of today. If the user says that it is another one, propose it with "
            "another_estimate.",
            estimate_ids=[int(row["id"]) for row in twins],
        )
    if twins:
        warnings = (
            *warnings,
            "The client has an equal estimate of today; the agent says that this is another one.",
        )
    preview = CreateEstimatePreview(
        heading=f"Draft an estimate: {with_code(total, currency)}",
        business=books.business.shown(),
        currency=currency,
        client=as_client(client),
        create_date=today,
        lines=tuple(lines),
        subtotal=str(subtotal),
        taxes=taxes,
        total=str(total),
        warnings=warnings,
    )
    same = f"/{len(twins) + 1}" if request.another_estimate else ""
    return Proposal(
        steps=(Step("create", "POST", books.path(PATH), exact_body({"estimate": sent})),),
        preview=preview,
        amount=total,
        keys=(f"estimate/{books.business.business_id}/{digest(sent)}{same}",),
        watch={"currency": currency, "twins": [int(row["id"]) for row in twins]},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when the client or its currency changed, or an equal estimate was made."""
    books, preview = context.books, action.preview_as(CreateEstimatePreview)
    client = books.client(preview.client.id)
    if (
        client is None
        or client.get("currency_code") != action.watch["currency"]
        or set(find(books, action).matches) - set(action.watch["twins"])
    ):
        raise ActionRefused(
            "stale",
            "The client changed, or an equal estimate was made, after the approval. Nothing was written; propose it "
            "again.",
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """Living estimates of the client and day whose lines agree, or whose total nearly does."""
    sent, preview = action.sent("estimate"), action.preview_as(CreateEstimatePreview)
    rows = _estimates_of(books, preview.client.id, preview.create_date.isoformat())
    return candidates(rows, sent, preview.total)


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The estimate as FreshBooks has it, compared with what was approved."""
    row, preview = _estimate(books, record_id), action.preview_as(CreateEstimatePreview)
    if row is None or not is_living(row):
        return None
    message = "The draft estimate is in FreshBooks. It is not sent."
    approved = Money(amount=preview.total, currency=preview.currency)
    return drafted(
        message, "estimate", row, action.sent("estimate"), approved, "estimate_number", "ui_status"
    )


def exists(books: Books, record_id: int) -> bool:
    return is_living(_estimate(books, record_id))


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Delete the estimate, if it is as it was sent and still a draft."""
    row = _estimate(books, record_id)
    if (
        row is not None
        and is_living(row)
        and (row.get("status") != DRAFT or differences(action.sent("estimate"), row))
    ):
        raise changed_since()
    delete_record(books, books.path(PATH, record_id), "estimate", lambda: exists(books, record_id))


def _estimate(books: Books, estimate_id: int) -> Json | None:
    """One estimate with its lines, deleted or not."""
    body = books.api.get(books.path(PATH, estimate_id), [("include[]", "lines")])
    return single(body, "estimate") if body else None


def _estimates_of(books: Books, client_id: int, day: str) -> list[Json]:
    """Living estimates of a client of one date with their lines; no filter for either is known."""
    rows = books.api.rows(books.path(PATH), "estimates", [("include[]", "lines")])
    return [
        row
        for row in rows
        if row.get("customerid") == client_id and row.get("create_date") == day and is_living(row)
    ]


def describe(preview: CreateEstimatePreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Date          {preview.create_date}"
    yield from invoice_lines(preview.lines, preview.currency)
    yield f"Subtotal      {with_code(preview.subtotal, preview.currency)}"
    yield from tax_lines(preview.taxes, preview.currency)
    yield f"Total         {with_code(preview.total, preview.currency)}"


KIND = ActionKind(
    name="create_estimate",
    write="estimate",
    label="Draft estimate",
    title="Draft an estimate",
    description="Propose a draft estimate for a client from given lines; it is not sent. A person approves it.",
    request=CreateEstimateRequest,
    preview=CreateEstimatePreview,
    streams=("estimates", "clients"),
    record="estimate",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    undo=undo,
    position=9,
)
