"""Create an expense, with its category and its receipt (freshbooks-api.md 7.5).

The approved body names the receipt by its SHA-256 in the place where FreshBooks wants the key of the upload; putting
the key there (`send.py`) is the only change to the approved bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    check_free,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import DELETED, Books, as_client, as_number, name_of
from freshbooks_hub.agent.actions.clients import find_client
from freshbooks_hub.agent.actions.kinds.create_expense.request import (
    CreateExpensePreview,
    CreateExpenseRequest,
    LookAlike,
    Purchase,
    describe,
    validate,
)
from freshbooks_hub.agent.actions.kinds.create_expense.send import (
    UPLOAD,
    exists,
    expenses_on,
    find,
    is_equal,
    placeholder,
    purchase_of,
    send,
    undo,
    verify,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Status
from freshbooks_hub.agent.actions.preview import Money
from freshbooks_hub.agent.text import SUGGESTED, clean, folded, nearest
from freshbooks_hub.core.currencies import with_code

NOTES_LIMIT = 500
SEPARATOR = " > "


def prepare(context: ProposalContext, request: CreateExpenseRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `look_alike` when FreshBooks has an equal expense."""
    books = context.books
    business_id = books.business.business_id
    file = _file(request, context.policy.receipts_folder)
    receipt = file.receipt if file else None
    keys = [receipts.key_of(business_id, receipt.sha256)] if receipt else []
    # A receipt that was booked is known before FreshBooks is asked for equal expenses.
    check_free({key: owner for key, owner in context.owners.items() if owner[1] is Status.confirmed}, keys)
    purchase = validate(request)
    if not request.another_purchase:
        keys.append(f"purchase/{business_id}/{purchase.fingerprint}")
    category_id, category = find_category(_categories(books), request.category)
    project = books.find_project(request.project_id) if request.project_id is not None else None
    wanted = request.client_id if request.client_id is not None else (project or {}).get("client_id")
    client = find_client(books, wanted) if wanted is not None else None
    if project is not None and client is not None and project.get("client_id") not in (None, client["id"]):
        raise ActionRefused("project_of_another", "The project is for another client.")
    if request.billable and client is None:
        raise ActionRefused("no_client", "Only an expense for a client can be billable. Name the client.")
    twins = _look_alikes(books, purchase)
    if twins and not request.another_purchase:
        raise ActionRefused(
            "look_alike",
            "FreshBooks already has an expense with this vendor, date and amount. If the user says that it is "
            "another purchase, propose it with another_purchase.",
            look_alikes=[twin.model_dump(mode="json") for twin in twins],
        )
    today = context.today
    preview = CreateExpensePreview(
        heading=f"Create an expense: {with_code(purchase.amount, purchase.currency)}",
        business=books.business.shown(),
        vendor=purchase.vendor,
        date=purchase.day,
        amount=str(purchase.amount),
        currency=purchase.currency,
        taxes=purchase.taxes,
        category_id=category_id,
        category=category,
        client=as_client(client) if client else None,
        project_id=int(project["id"]) if project else None,
        project=name_of(project["title"]) if project else None,
        billable=request.billable,
        notes=clean(request.notes, NOTES_LIMIT),
        receipt=receipt,
        look_alikes=tuple(twins),
        warnings=_warnings(file is not None, purchase, len(twins), today),
    )
    return Proposal(
        steps=_steps(books, preview),
        preview=preview,
        amount=purchase.amount,
        keys=tuple(keys),
        watch={"look_alikes": [twin.expense_id for twin in twins], "category_id": category_id},
        file=file,
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` after an equal expense was booked, `receipt_lost` without the receipt's bytes."""
    preview = action.preview
    assert isinstance(preview, CreateExpensePreview)
    now = {twin.expense_id for twin in _look_alikes(context.books, purchase_of(preview))}
    if not now <= set(action.watch["look_alikes"]):
        raise ActionRefused(
            "stale", "An equal expense was created in FreshBooks since the proposal. Nothing was written."
        )
    if preview.receipt and receipts.kept(context.home, preview.receipt.sha256) is None:
        raise ActionRefused(
            "receipt_lost",
            "The receipt's file was lost or changed on this machine. Nothing was written; propose it again.",
        )


def _file(request: CreateExpenseRequest, folder: str | None) -> receipts.File | None:
    if request.receipt_path is not None and request.receipt_base64 is not None:
        raise ActionRefused("two_receipts", "Give the receipt by path or as bytes, not both.")
    if request.receipt_path is not None:
        return receipts.from_path(request.receipt_path, folder)
    if request.receipt_base64 is not None:
        return receipts.from_base64(request.receipt_base64, request.receipt_name)
    return None


def _steps(books: Books, preview: CreateExpensePreview) -> tuple[Step, ...]:
    sent: dict[str, Any] = {
        "amount": {"amount": preview.amount, "code": preview.currency},
        "categoryid": preview.category_id,
        "staffid": books.business.staff_id,
        "date": preview.date.isoformat(),
        "vendor": preview.vendor,
        "notes": preview.notes,
        "billable": preview.billable,
    }
    if preview.client:
        sent["clientid"] = preview.client.id
    if preview.project_id is not None:
        sent["modern_projectid"] = preview.project_id
    for slot, tax in enumerate(preview.taxes, 1):
        sent |= {
            f"taxName{slot}": tax.name,
            f"taxAmount{slot}": {"amount": tax.amount, "code": preview.currency},
        }
    steps = []
    if preview.receipt:
        sha256 = preview.receipt.sha256
        sent["attachment"] = {"jwt": placeholder(sha256), "media_type": preview.receipt.media_type}
        path = f"/uploads/account/{books.business.account_id}/attachments"
        steps.append(Step(UPLOAD, "POST", path, receipt=sha256))
    steps.append(Step("create", "POST", books.path("expenses/expenses"), canonical({"expense": sent})))
    return tuple(steps)


def _look_alikes(books: Books, purchase: Purchase) -> list[LookAlike]:
    return [
        LookAlike(
            expense_id=int(row["id"]),
            date=purchase.day,
            vendor=name_of(row.get("vendor")),
            amount=Money(amount=str(purchase.amount), currency=purchase.currency),
        )
        for row in expenses_on(books, purchase.day.isoformat())
        if is_equal(purchase, row)
    ]


def _warnings(has_receipt: bool, purchase: Purchase, twins: int, today: date) -> tuple[str, ...]:
    found = []
    if twins:
        equal = "an equal expense" if twins == 1 else f"{twins} equal expenses"
        found.append(f"FreshBooks already has {equal}; the agent says that this is another purchase.")
    if purchase.day > today + timedelta(days=1):
        found.append("The date is in the future.")
    if not has_receipt:
        found.append("There is no receipt.")
    return tuple(found)


def _categories(books: Books) -> list[Json]:
    """Every living expense category."""
    rows = books.api.rows(books.path("expenses/categories"), "categories")
    return [row for row in rows if row.get("vis_state") != DELETED]


def find_category(rows: Sequence[Json], wanted: str) -> tuple[int, str]:
    """The id and the path, e.g. `Travel > Airfare`, by id, path or name.

    Of equal names the one outside cost of goods sold (freshbooks-api.md 3.6). Raises ActionRefused
    `category_unknown` with near names, or `category_ambiguous`.
    """
    paths = {int(row["id"]): _path(row, {r["id"]: r for r in rows}) for row in rows}
    number = as_number(wanted)
    if number is not None:
        if number not in paths:
            raise ActionRefused("category_unknown", "FreshBooks has no category with this id.")
        return number, paths[number]
    name = folded(wanted)
    matches = [
        row for row in rows if name in (folded(paths[int(row["id"])]), folded(name_of(row["category"])))
    ]
    usual = [row for row in matches if not row.get("is_cogs")] or matches
    if len(usual) == 1:
        return int(usual[0]["id"]), paths[int(usual[0]["id"])]
    if usual:
        choices: list[dict[str, Any]] = [{"id": r["id"], "path": paths[int(r["id"])]} for r in usual]
        raise ActionRefused(
            "category_ambiguous", "Several categories have this name. Give the id.", choices=choices
        )
    raise ActionRefused(
        "category_unknown",
        "FreshBooks has no category with this name. Use one of the near ones, or ask the user.",
        near=_near(name, paths),
    )


def _near(name: str, paths: dict[int, str]) -> list[dict[str, Any]]:
    by_name: dict[str, int] = {}
    for number, path in paths.items():
        by_name[path] = number
        by_name.setdefault(path.split(SEPARATOR)[-1], number)
    numbers = dict.fromkeys(by_name[found] for found in nearest(name, by_name, 2 * SUGGESTED))
    return [{"id": number, "path": paths[number]} for number in list(numbers)[:SUGGESTED]]


def _path(row: Json, by_id: dict[Any, Json]) -> str:
    names = [name_of(row["category"])]
    seen = {row["id"]}
    parent = by_id.get(row.get("parentid"))
    while parent is not None and parent["id"] not in seen:
        seen.add(parent["id"])
        names.insert(0, name_of(parent["category"]))
        parent = by_id.get(parent.get("parentid"))
    return SEPARATOR.join(names)


KIND = ActionKind(
    name="create_expense",
    write="expense",
    label="Create expense",
    title="Create an expense",
    description="Propose an expense in FreshBooks, with its receipt attached. A person approves it.",
    request=CreateExpenseRequest,
    preview=CreateExpensePreview,
    streams=("expenses", "expense_categories"),
    record="expense",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    send=send,
    exists=exists,
    undo=undo,
    position=3,
)
