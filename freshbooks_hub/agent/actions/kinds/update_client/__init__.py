"""Change a client's names, addresses, currency or language.

An accounting PUT changes the keys that are sent, and no other (freshbooks-api.md 7.1).
"""

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
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import Books, Reference, as_client, name_of
from freshbooks_hub.agent.actions.clients import (
    ClientValues,
    all_clients,
    check_new,
    differing,
    duplicates,
    find_client,
    label_of,
    look_alike_warnings,
    values_of,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import ActionPreview, Client, Shape, business_line, client_line


class UpdateClientRequest(ClientValues):
    """What of a client is to be otherwise; an empty text takes a value away."""

    client_id: Reference


class Change(Shape):
    """One value, before and after; `field` is FreshBooks' name."""

    field: str
    before: str
    after: str


class UpdateClientPreview(ActionPreview):
    """The changes."""

    kind: Literal["update_client"] = "update_client"
    client: Client
    changes: tuple[Change, ...]

    @property
    def total_amount(self) -> str:
        return "0"


def prepare(context: ProposalContext, request: UpdateClientRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `look_alike` when another client is that already."""
    books = context.books
    client = find_client(books, request.client_id)
    number = int(client["id"])
    values = values_of(request)
    values = {field: values[field] for field in differing(values, client)}
    if not values:
        raise ActionRefused("nothing_to_change", "The client is so already.", client_id=number)
    named = {field: values[field] for field in ("organization", "fname", "lname", "email") if field in values}
    others = [row for row in all_clients(books) if int(row["id"]) != number] if any(named.values()) else []
    equal, near = duplicates(named, others)
    check_new(equal, request.another_client)
    changes = tuple(
        Change(field=field, before=name_of(client.get(field)), after=value) for field, value in values.items()
    )
    preview = UpdateClientPreview(
        heading="Change a client",
        business=books.business.shown(),
        client=as_client(client),
        changes=changes,
        warnings=(*look_alike_warnings(equal, near), *_warnings(values)),
    )
    body = canonical({"client": values})
    return Proposal(
        steps=(Step("change", "PUT", books.path("users/clients", number), body),),
        preview=preview,
        amount=Decimal(0),
        # The stamp makes it another change once the client is another.
        keys=(
            f"client_update/{books.business.business_id}/{number}/{digest([client.get('updated'), values])}",
        ),
        watch={"before": {field: str(client.get(field) or "") for field in values}},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when a value to change is no longer as it was shown."""
    client = context.books.client(action.preview_as(UpdateClientPreview).client.id)
    if client is None or differing(action.watch["before"], client):
        raise ActionRefused(
            "stale",
            "The client changed in FreshBooks after the approval. Nothing was written; propose it again.",
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """The client itself, once it is as it was to be."""
    client = books.client(action.preview_as(UpdateClientPreview).client.id)
    done = client is not None and not differing(_after(action), client)
    return Candidates(matches=(action.preview_as(UpdateClientPreview).client.id,) if done else ())


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The client as FreshBooks has it; None while nothing of the change shows."""
    client = books.client(record_id)
    if client is None:
        return None
    found = differing(_after(action), client)
    if len(found) == len(action.preview_as(UpdateClientPreview).changes):
        return None
    message = "The client was changed in FreshBooks."
    if found:
        message = "The client was changed in FreshBooks, but not all of it. Check it there."
    return Result(code="changed", message=message, record_id=record_id, differences=found)


def describe(preview: UpdateClientPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    for change in preview.changes:
        yield f"{label_of(change.field):13} {change.before or 'none'}  ->  {change.after or 'none'}"


def _warnings(values: dict[str, str]) -> tuple[str, ...]:
    found = []
    if "email" in values:
        found.append("Invoices and reminders will go to the new address.")
    if "currency_code" in values:
        found.append("The client will be billed in another currency.")
    return tuple(found)


def _after(action: StoredAction) -> dict[str, str]:
    return {change.field: change.after for change in action.preview_as(UpdateClientPreview).changes}


KIND = ActionKind(
    name="update_client",
    write="client-update",
    label="Change client",
    title="Change a client",
    description="Propose to change a client's name, address or language; other values stay. A person approves it.",
    request=UpdateClientRequest,
    preview=UpdateClientPreview,
    streams=("clients",),
    record="client",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    has_amount=False,
    changes_record=True,
    position=8,
)
