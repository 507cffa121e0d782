"""Create a client, unless there is one like it already (freshbooks-api.md 7.7)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    proof,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.clients import (
    ClientValues,
    all_clients,
    check_new,
    differing,
    duplicates,
    label_of,
    look_alike_warnings,
    values_of,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import ActionPreview, business_line
from freshbooks_hub.agent.text import folded

NAMES = ("organization", "fname", "lname", "email")


class CreateClientRequest(ClientValues):
    """A client: it needs an organization, a person's name or an e-mail."""


class CreateClientPreview(ActionPreview):
    """The client that will be made; `values` by FreshBooks' names."""

    kind: Literal["create_client"] = "create_client"
    values: dict[str, str]

    @property
    def total_amount(self) -> str:
        return "0"


def prepare(context: ProposalContext, request: CreateClientRequest) -> Proposal:
    """The proposal. Raises ActionRefused, `look_alike` when a similar client exists."""
    books = context.books
    values = {field: value for field, value in values_of(request).items() if value}
    if not any(values.get(name) for name in NAMES):
        raise ActionRefused("name_missing", "A client needs an organization, a name or an e-mail.")
    equal, near = duplicates(values, all_clients(books))
    check_new(equal, request.another_client)
    preview = CreateClientPreview(
        heading="Create a client",
        business=books.business.shown(),
        values=values,
        warnings=look_alike_warnings(equal, near),
    )
    names = digest([folded(values.get(name, "")) for name in NAMES])
    same = f"/{len(equal) + 1}" if request.another_client else ""
    return Proposal(
        steps=(Step("create", "POST", books.path("users/clients"), canonical({"client": values})),),
        preview=preview,
        amount=Decimal(0),
        keys=(f"client/{books.business.business_id}/{names}{same}",),
        watch={"equal": sorted(int(row["id"]) for row in equal)},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` if a similar client was created meanwhile."""
    equal, _ = duplicates(action.sent("client"), all_clients(context.books))
    if not {int(row["id"]) for row in equal} <= set(action.watch["equal"]):
        raise ActionRefused(
            "stale", "Such a client was created in FreshBooks since the proposal. Nothing was written."
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """Clients that agree in all that was sent, or in name or address."""
    sent = action.sent("client")
    equal, _ = duplicates(sent, all_clients(books))
    return Candidates.of(equal, lambda row: differing(sent, row))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The client as FreshBooks has it, compared with what was approved."""
    row = books.client(record_id)
    if row is None:
        return None
    found = differing(action.sent("client"), row)
    return proof("created", "The client is in FreshBooks.", "client", record_id, found)


def exists(books: Books, record_id: int) -> bool:
    return books.client(record_id) is not None


def describe(preview: CreateClientPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    for field, value in preview.values.items():
        yield f"{label_of(field):13} {value}"


KIND = ActionKind(
    name="create_client",
    write="client",
    label="Create client",
    title="Create a client",
    description="Propose a new client, after looking for duplicates. A person approves it.",
    request=CreateClientRequest,
    preview=CreateClientPreview,
    streams=("clients",),
    record="client",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    has_amount=False,
    position=7,
)
