"""Book an expense, with its receipt (freshbooks-api.md 7.5).

The receipt is uploaded as a first step of sending. An upload books nothing and is listed nowhere, so it is safe
to repeat. The approved body names the receipt by its SHA-256 in the place where FreshBooks wants the upload's
key; putting the key there is the only change to the approved bytes.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from freshbooks_hub.agent.actions import idempotency_keys
from freshbooks_hub.agent.actions.action_store import Prepared, Step, Task
from freshbooks_hub.agent.actions.api import Json
from freshbooks_hub.agent.actions.books import DELETED, Books, as_client, decimal
from freshbooks_hub.agent.actions.canonical import canonical, digest_text
from freshbooks_hub.agent.actions.categories import find_category
from freshbooks_hub.agent.actions.models import (
    ActionRefused,
    Business,
    ExpensePreview,
    Kind,
    LookAlike,
    Money,
    Result,
)
from freshbooks_hub.agent.actions.place import name_of
from freshbooks_hub.agent.actions.purchase import VENDOR_LIMIT, ExpenseRequest, Purchase, checked
from freshbooks_hub.agent.actions.work import Sight
from freshbooks_hub.agent.names import folded
from freshbooks_hub.agent.untrusted import clean

NOTES_LIMIT = 500
_KEY = re.compile(r"[A-Za-z0-9_.~+/=-]{1,4096}")


def prepare(books: Books, asked: ExpenseRequest, now: datetime) -> Prepared:
    """The proposal, read live. Raises ActionRefused, `look_alike` when FreshBooks has an equal expense."""
    purchase = checked(asked)
    category_id, category = find_category(books.categories(), asked.category)
    project = books.find_project(asked.project) if asked.project is not None else None
    wanted = asked.client if asked.client is not None else (project or {}).get("client_id")
    client = books.find_client(wanted) if wanted is not None else None
    if project is not None and client is not None and project.get("client_id") not in (None, client["id"]):
        raise ActionRefused("project_of_another", "The project is for another client.")
    if asked.billable and client is None:
        raise ActionRefused("no_client", "Only an expense for a client can be billed on. Name the client.")
    twins = _look_alikes(books, purchase)
    if twins and not asked.another_purchase:
        raise ActionRefused(
            "look_alike",
            "FreshBooks has an expense of this vendor, date and amount already. If the user says that it is "
            "another purchase, propose it with another_purchase.",
            look_alikes=[twin.model_dump(mode="json") for twin in twins],
        )
    notes = clean(asked.notes, NOTES_LIMIT)
    preview = ExpensePreview(
        heading=f"Book an expense: {purchase.amount} {purchase.currency}",
        business=Business(id=books.place.business_id, name=books.place.name),
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
        billable=asked.billable,
        notes=notes,
        receipt=asked.receipt,
        look_alikes=tuple(twins),
        warnings=_warnings(asked, purchase, twins, now.astimezone(ZoneInfo(books.place.timezone)).date()),
    )
    keys = (
        []
        if asked.another_purchase
        else [idempotency_keys.purchase(books.place.business_id, purchase.fingerprint)]
    )
    if asked.receipt:
        keys.append(idempotency_keys.receipt(books.place.business_id, asked.receipt.sha256))
    return Prepared(
        kind=Kind.create_expense,
        business_id=books.place.business_id,
        account_id=books.place.account_id,
        steps=_steps(books, preview),
        preview=preview,
        amount=purchase.amount,
        currency=purchase.currency,
        claims=tuple(keys),
        watch={"look_alikes": [twin.expense_id for twin in twins], "category_id": category_id},
    )


class ExpenseWork:
    """See `work.Work`."""

    streams = ("expenses", "expense_categories")

    def recheck(self, books: Books, task: Task) -> None:
        preview = _preview(task)
        now = {twin.expense_id for twin in _look_alikes(books, _purchase(preview))}
        if not now <= set(task.watch["look_alikes"]):
            raise ActionRefused(
                "stale",
                "Since the proposal an equal expense was booked in FreshBooks. Nothing was written.",
            )

    def look(self, books: Books, task: Task) -> Sight:
        sent, preview = _sent(task), _preview(task)
        rows = [row for row in books.expenses_on(preview.date.isoformat()) if _equal(_purchase(preview), row)]
        uploaded = task.row["receipt_hash"]
        for row in rows:
            key = (row.get("attachment") or {}).get("jwt")
            # The key of our own upload on an expense is proof; its absence proves nothing.
            if uploaded and key and digest_text(str(key)) == uploaded:
                return Sight(exact=(int(row["id"]),))
        exact = tuple(int(row["id"]) for row in rows if not differences(sent, row))
        return Sight(exact, tuple(int(row["id"]) for row in rows if int(row["id"]) not in exact))

    def read_back(self, books: Books, task: Task, record_id: int) -> Result | None:
        row = books.expense(record_id)
        if row is None or row.get("vis_state") == DELETED:
            return None
        preview = _preview(task)
        found = differences(_sent(task), row)
        if preview.receipt and not row.get("attachment"):
            found = (*found, "receipt")
        message = "The expense is in FreshBooks."
        if found:
            message = "The expense is in FreshBooks, but it differs from what was approved. Check it there."
        return Result(
            code="booked",
            message=message,
            record_id=record_id,
            total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
            differences=found,
        )


def is_key(value: object) -> bool:
    """Whether an upload was answered with a key that fits into the body as it is."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def with_key(body: str, sha256: str, key: str) -> str:
    """The approved body with the upload's key in the place of the receipt's hash."""
    # The quotes of a text value are escaped, so this meets the one key `jwt` of the body.
    return body.replace(f'"jwt":"{_placeholder(sha256)}"', f'"jwt":"{key}"')


def differences(sent: Json, row: Json) -> tuple[str, ...]:
    """The fields where FreshBooks holds something else than was sent."""
    found = []
    for name, value in sent.items():
        if name == "attachment":
            continue
        theirs = row.get(name)
        if name == "amount" or name.startswith("taxAmount"):
            same = decimal(value) == decimal(theirs) and value["code"] == (theirs or {}).get("code")
        elif name.startswith("taxPercent"):
            same = decimal(value) == decimal(theirs)
        else:
            same = _text(value) == _text(theirs)
        if not same:
            found.append(name)
    return tuple(found)


def _steps(books: Books, preview: ExpensePreview) -> tuple[Step, ...]:
    sent: dict[str, Any] = {
        "amount": {"amount": preview.amount, "code": preview.currency},
        "categoryid": preview.category_id,
        "staffid": books.place.staff_id,
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
        if tax.percent is not None:
            sent[f"taxPercent{slot}"] = tax.percent
    steps = []
    if preview.receipt:
        sent["attachment"] = {
            "jwt": _placeholder(preview.receipt.sha256),
            "media_type": preview.receipt.media_type,
        }
        path = f"/uploads/account/{books.place.account_id}/attachments"
        steps.append(Step("upload", "POST", path, receipt=preview.receipt.sha256))
    steps.append(Step("create", "POST", books.path("expenses/expenses"), canonical({"expense": sent})))
    return tuple(steps)


def _placeholder(sha256: str) -> str:
    return f"receipt sha256 {sha256}"


def _purchase(preview: ExpensePreview) -> Purchase:
    return Purchase(preview.vendor, preview.date, Decimal(preview.amount), preview.currency)


def _look_alikes(books: Books, purchase: Purchase) -> list[LookAlike]:
    return [
        LookAlike(
            expense_id=int(row["id"]),
            date=purchase.day,
            vendor=name_of(row.get("vendor")),
            amount=Money(amount=str(purchase.amount), currency=purchase.currency),
        )
        for row in books.expenses_on(purchase.day.isoformat())
        if _equal(purchase, row)
    ]


def _equal(purchase: Purchase, row: Json) -> bool:
    return (
        folded(clean(str(row.get("vendor") or ""), VENDOR_LIMIT)) == folded(purchase.vendor)
        and decimal(row["amount"]) == purchase.amount
        and row["amount"].get("code") == purchase.currency
    )


def _warnings(
    asked: ExpenseRequest, purchase: Purchase, twins: list[LookAlike], today: date
) -> tuple[str, ...]:
    found = []
    if twins:
        found.append(
            f"FreshBooks has {len(twins)} equal expenses; the request says that this is another purchase."
        )
    if purchase.day > today + timedelta(days=1):
        found.append("The date is in the future.")
    if asked.receipt is None:
        found.append("There is no receipt.")
    return tuple(found)


def _preview(task: Task) -> ExpensePreview:
    assert isinstance(task.preview, ExpensePreview)
    return task.preview


def _sent(task: Task) -> Json:
    sent: Json = json.loads(task.step("create").body or "{}")["expense"]
    return sent


def _text(value: object) -> str:
    return " ".join(str(value if value is not None else "").split())
