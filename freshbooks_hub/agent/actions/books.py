"""What an action needs to know of a business's books, read live. Rows are FreshBooks' own; their text is untrusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import WithJsonSchema

from freshbooks_api.client import Json, single
from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Business, Client
from freshbooks_hub.agent.text import clean, folded, nearest
from freshbooks_hub.core.clock import named_zone

DELETED = 1
NAME_LIMIT = 100
# An argument that names a record: models are asked for the id; a name or number is looked up.
Reference = Annotated[int | str, WithJsonSchema({"type": "integer"})]


@dataclass(frozen=True)
class BusinessContext:
    """The business to act in, and who acts: `staff_id` is the caller's number in its accounting.

    `timezone` is UTC where FreshBooks names a zone that is none.
    """

    business_id: int
    account_id: str
    name: str
    timezone: str
    staff_id: int

    def shown(self) -> Business:
        """The business as a preview shows it."""
        return Business(id=self.business_id, name=self.name)


def resolve_business(
    api: Api, allowed: list[int] | None, business_id: int | None, project: int | str | None = None
) -> BusinessContext:
    """The business to act in: the one asked for, the only one that the connection may write to, or that of `project`.

    Raises ActionRefused `business_needed` or `business_unknown`, with those that there are.
    """
    me = (api.get("/auth/api/v1/users/me") or {}).get("response") or {}
    roles = {role.get("accountid"): role for role in me.get("roles") or []}
    found = [
        BusinessContext(
            business_id=int(business["id"]),
            account_id=business["account_id"],
            name=name_of(business.get("name")),
            timezone=business["timezone"] if named_zone(business.get("timezone")) else "UTC",
            staff_id=int((roles.get(business["account_id"]) or {}).get("userid") or 1),
        )
        for membership in me.get("business_memberships") or []
        if membership.get("role") != "client"
        for business in [membership.get("business") or {}]
        if business.get("account_id") and (not allowed or int(business["id"]) in allowed)
    ]
    chosen = [business for business in found if business_id in (None, business.business_id)]
    if len(chosen) > 1 and project is not None:
        having = [business for business in chosen if _has_project(api, business, project)]
        chosen = having or chosen[:1]  # which then says that it does not exist
    if len(chosen) == 1:
        return chosen[0]
    choices = [business.shown().model_dump() for business in found]
    if business_id is None and found:
        raise ActionRefused("business_needed", "Say in which business: give its id.", businesses=choices)
    raise ActionRefused(
        "business_unknown", "The connection cannot write to such a business.", businesses=choices
    )


def _has_project(api: Api, business: BusinessContext, wanted: int | str) -> bool:
    try:
        Books(api, business).find_project(wanted)
    except ActionRefused as refused:
        if refused.code == "project_unknown":
            return False
        if refused.code != "project_ambiguous":
            raise
    return True


def name_of(text: object) -> str:
    """A name from the books, fit to show."""
    return clean(str(text or ""), NAME_LIMIT)


class Books:
    """Reads of one business. Raises ActionRefused when FreshBooks cannot be read."""

    def __init__(self, api: Api, business: BusinessContext) -> None:
        self.api = api
        self.business = business
        self._accounting = f"/accounting/account/{business.account_id}"
        self._business = f"/business/{business.business_id}"

    def path(self, resource: str, number: int | None = None) -> str:
        """The accounting path of a resource or of one record."""
        return f"{self._accounting}/{resource}" + (f"/{number}" if number is not None else "")

    @property
    def entries_path(self) -> str:
        return f"/timetracking{self._business}/time_entries"

    def entry_path(self, entry_id: int) -> str:
        return f"{self.entries_path}/{entry_id}"

    # -- clients, invoices, expenses

    def client(self, client_id: int) -> Json | None:
        """One client with its contacts and what it owes; None when it does not exist or is deleted."""
        includes = [("include[]", "contacts"), ("include[]", "outstanding_balance")]
        body = self.api.get(self.path("users/clients", client_id), includes)
        client = single(body, "client") if body else None
        return client if is_living(client) else None

    def invoice(self, invoice_id: int) -> Json | None:
        """One invoice with its lines, deleted or not."""
        body = self.api.get(self.path("invoices/invoices", invoice_id), [("include[]", "lines")])
        return single(body, "invoice") if body else None

    def find_invoice(self, wanted: int | str) -> Json:
        """An invoice by its number, e.g. `"0000042"`, or its id."""
        params = [("search[invoice_number]", str(wanted)), ("include[]", "lines")]
        rows = self.api.rows(self.path("invoices/invoices"), "invoices", params)
        matches = [row for row in rows if row.get("invoice_number") == str(wanted)]
        number = as_number(wanted)
        if not matches and number is not None:
            invoice = self.invoice(number)
            matches = [invoice] if invoice else []
        matches = [row for row in matches if row.get("vis_state") != DELETED]
        return only_one(matches, "invoice", lambda row: {"id": row["id"], "date": row.get("create_date")})

    def invoices_of(self, client_id: int, day: str | None = None) -> list[Json]:
        """Living invoices of a client with their lines, newest id first; those of one date with `day`."""
        params = [("search[customerid]", str(client_id)), ("include[]", "lines")]
        params += on_day(day) if day is not None else []
        rows = self.api.rows(self.path("invoices/invoices"), "invoices", params)
        rows = [
            row
            for row in rows
            # An ignored filter answers everything (freshbooks-api.md 3.3), so both are looked at again.
            if row.get("customerid") == client_id
            and day in (None, row.get("create_date"))
            and row.get("vis_state") != DELETED
        ]
        return sorted(rows, key=lambda row: int(row["id"]), reverse=True)

    def project_expenses(self, client_id: int, project_id: int) -> list[Json]:
        """Living expenses of a project that are to be billed on and are on no invoice yet."""
        params = [("search[clientid]", str(client_id))]
        rows = self.api.rows(self.path("expenses/expenses"), "expenses", params)
        return [
            row
            for row in rows
            if row.get("modern_projectid") == project_id
            and row.get("clientid") in (client_id, 0, None)
            and row.get("billable")
            and row.get("status") in (0, 1)
            and not row.get("invoiceid")
            and row.get("vis_state") != DELETED
        ]

    # -- projects and time

    def project(self, project_id: int) -> Json | None:
        """One project, with its abilities under `abilities`."""
        body = self.api.get(f"/projects{self._business}/project/{project_id}")
        project = body.get("project") if body else None
        return {**project, "abilities": (body or {}).get("abilities") or []} if project else None

    def find_project(self, wanted: int | str) -> Json:
        """A project by id or by its exact title, whatever the case; of equal titles the complete one."""
        number = as_number(wanted)
        if number is None:
            title = folded(str(wanted))
            rows = self.api.rows(f"/projects{self._business}/projects", "projects")
            matches = [row for row in rows if folded(str(row.get("title"))) == title]
            matches = [row for row in matches if row.get("complete")] or matches
            by_title = {str(row.get("title")): row for row in rows}
            near = [_project_choice(by_title[text]) for text in nearest(str(wanted), by_title)]
            chosen = only_one(matches, "project", _project_choice, near)
            number = int(chosen["id"])
        project = self.project(number)
        if project is None or not project.get("active"):
            raise ActionRefused("project_unknown", "FreshBooks has no such project.")
        return project

    def billable_entries(self, project_id: int, billed: bool) -> list[Json]:
        """Billable, logged time of the whole team on a project, billed or not (freshbooks-api.md 3.7)."""
        params = [
            ("project_id", str(project_id)),
            ("billed", str(billed).lower()),
            ("billable", "true"),
            ("team", "true"),
        ]
        rows = self.api.rows(self.entries_path, "time_entries", params)
        return [
            row
            for row in rows
            if row.get("project_id") == project_id
            and row.get("billable")
            and bool(row.get("billed")) == billed
            and row.get("is_logged")
            and row.get("active", True)
            and row.get("duration")
        ]

    def services(self) -> list[Json]:
        return self.api.rows(f"/comments{self._business}/services", "services")


def is_living(row: Json | None) -> bool:
    """Whether the record exists and is not deleted."""
    return row is not None and row.get("vis_state") != DELETED


def is_draft(invoice: Json) -> bool:
    """By the number and the word: either may lag behind (freshbooks-api.md 4.1)."""
    return invoice.get("status") in (1, "1") and invoice.get("v3_status") in ("draft", "created", None)


def client_name(row: Json) -> str:
    """The organization, else the person, else the address, else the id."""
    person = f"{row.get('fname') or ''} {row.get('lname') or ''}"
    for text in (row.get("organization"), person, row.get("email")):
        name = name_of(text)
        if name:
            return name
    return f"Client {row['id']}"


def as_client(row: Json) -> Client:
    return Client(id=int(row["id"]), name=client_name(row))


def decimal(value: Any) -> Decimal:
    """Money or a number of FreshBooks as Decimal; nothing is zero. Raises ActionRefused on anything else."""
    text = value.get("amount") if isinstance(value, dict) else value
    try:
        number = Decimal(str(text)) if text not in (None, "") else Decimal(0)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ActionRefused("not_a_number", "An amount is not a decimal number, for example 12.50.")
    return number


def same_text(ours: object, theirs: object) -> bool:
    """Whether two values are the same as text, whatever their blanks; nothing, null and empty text are one."""
    return one_line(ours) == one_line(theirs)


def one_line(value: object) -> str:
    """A value as text with single blanks; empty for nothing."""
    return " ".join(str(value or "").split())


def as_number(wanted: int | str) -> int | None:
    """An id, given as a number or as digits."""
    if isinstance(wanted, int):
        return wanted
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 16 else None


def on_day(day: str) -> list[tuple[str, str]]:
    """`_min` is inclusive, `_max` is not (freshbooks-api.md 3.3)."""
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    return [("search[date_min]", day), ("search[date_max]", after)]


def _project_choice(row: Json) -> dict[str, Any]:
    return {"id": row["id"], "title": name_of(row["title"])}


def only_one(matches: Iterable[Json], what: str, show: Any, near: Sequence[dict[str, Any]] = ()) -> Json:
    found = list(matches)
    if not found:
        raise ActionRefused(
            f"{what}_unknown",
            f"FreshBooks has no such {what}. Give its id or its exact name.",
            **({"near": list(near)} if near else {}),
        )
    if len(found) > 1:
        raise ActionRefused(
            f"{what}_ambiguous",
            f"There are {len(found)} such {what}s. Give the id of one of them.",
            choices=[show(row) for row in found[:10]],
        )
    return found[0]
