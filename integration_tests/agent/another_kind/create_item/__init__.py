"""Create an item: a whole kind of action in one folder, to show that nothing else has to know it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_api.client import single
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
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import ActionPreview, business_line
from freshbooks_hub.agent.text import clean


class CreateItemRequest(ActionRequest):
    """An item and its price."""

    name: Annotated[str, Field(description="Name of the item")]
    price: str = "0"


class CreateItemPreview(ActionPreview):
    """The item that will be created."""

    kind: Literal["create_item"] = "create_item"
    name: str
    price: str

    @property
    def total_amount(self) -> str:
        return self.price


def prepare(context: ProposalContext, request: CreateItemRequest) -> Proposal:
    books, name = context.books, clean(request.name)
    preview = CreateItemPreview(
        heading="Create an item",
        business=books.business.shown(),
        currency="USD",
        name=name,
        price=request.price,
    )
    body = canonical({"item": {"name": name, "unit_cost": {"amount": request.price, "code": "USD"}}})
    return Proposal(
        steps=(Step("create", "POST", books.path("items/items"), body),),
        preview=preview,
        amount=Decimal(request.price),
        keys=(f"item/{books.business.business_id}/{name}",),
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    if find(context.books, action).matches:
        raise ActionRefused("stale", "This item was created meanwhile.")


def find(books: Books, action: StoredAction) -> Candidates:
    wanted = action.preview
    assert isinstance(wanted, CreateItemPreview)
    rows = books.api.rows(books.path("items/items"), "items")
    return Candidates(matches=tuple(int(row["id"]) for row in rows if row["name"] == wanted.name))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    body = books.api.get(books.path("items/items", record_id))
    row = single(body, "item") if body else None
    if row is None:
        return None
    assert isinstance(action.preview, CreateItemPreview)
    same = row["name"] == action.preview.name
    return Result(
        code="created",
        message="The item is in FreshBooks.",
        record_id=record_id,
        differences=() if same else ("name",),
    )


def describe(preview: CreateItemPreview) -> Iterator[str]:
    yield business_line(preview)
    yield f"Item          {preview.name}"


KIND = ActionKind(
    name="create_item",
    write="item",
    label="Create item",
    title="Create an item",
    description="Create an item in FreshBooks with its name and price. Proposes; a person approves.",
    request=CreateItemRequest,
    preview=CreateItemPreview,
    streams=("items",),
    record="item",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
)
