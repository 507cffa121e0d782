"""Create a client: a whole kind of action in one folder, to show that nothing else has to know it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import Books, client_name
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import ActionPreview, business_line
from freshbooks_hub.agent.text import clean


class CreateClientRequest(ActionRequest):
    """A client and its credit limit."""

    organization: Annotated[str, Field(description="Name of the client")]
    credit_limit: str = "0"


class CreateClientPreview(ActionPreview):
    """The client that will be created."""

    kind: Literal["create_client"] = "create_client"
    organization: str
    credit_limit: str

    @property
    def total_amount(self) -> str:
        return self.credit_limit


def prepare(context: ProposalContext, request: CreateClientRequest) -> Proposal:
    books, name = context.books, clean(request.organization)
    preview = CreateClientPreview(
        heading="Create a client",
        business=books.business.shown(),
        currency="USD",
        organization=name,
        credit_limit=request.credit_limit,
    )
    body = canonical({"client": {"organization": name, "currency_code": "USD"}})
    return Proposal(
        steps=(Step("create", "POST", books.path("users/clients"), body),),
        preview=preview,
        amount=Decimal(request.credit_limit),
        keys=(f"client/{books.business.business_id}/{name}",),
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    if find(context.books, action).matches:
        raise ActionRefused("stale", "This client was created meanwhile.")


def find(books: Books, action: StoredAction) -> Candidates:
    wanted = action.preview
    assert isinstance(wanted, CreateClientPreview)
    rows = books.api.rows(books.path("users/clients"), "clients")
    return Candidates(
        matches=tuple(int(row["id"]) for row in rows if row["organization"] == wanted.organization)
    )


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    row = books.client(record_id)
    if row is None:
        return None
    assert isinstance(action.preview, CreateClientPreview)
    same = client_name(row) == action.preview.organization
    return Result(
        code="created",
        message="The client is in FreshBooks.",
        record_id=record_id,
        differences=() if same else ("organization",),
    )


def describe(preview: CreateClientPreview) -> Iterator[str]:
    yield business_line(preview)
    yield f"Client        {preview.organization}"


KIND = ActionKind(
    name="create_client",
    write="client",
    label="Create client",
    title="Create a client",
    description="Create a client in FreshBooks with its name. Proposes; a person approves.",
    request=CreateClientRequest,
    preview=CreateClientPreview,
    streams=("clients",),
    record="client",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
)
