"""Actions on invoices and estimates: mail, mark as sent, accept, share, PDF (freshbooks-api.md 7.3, 7.6)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, route
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import estimates, settlement
from freshbooks_sandbox.domain.common import fake_secret
from freshbooks_sandbox.resources import INVOICES
from freshbooks_sandbox.responses import result
from freshbooks_sandbox.values import Row, utc_z


def run(call: Call, books: Books, resource: Resource, row: Row, fields: Row) -> None:
    """The actions of a PUT body; the record's stamp moves."""
    if row["vis_state"] == crud.DELETED:
        raise responses.accounting(422, 1011, f"This {resource.singular} has been deleted.", resource.id)
    if resource.name == "invoices":
        if fields.get("action_email"):
            _mail(call, books, resource, row, fields)
        if fields.get("action_email") or fields.get("action_mark_as_sent"):
            settlement.mark_sent(row)
    if resource.name == "estimates":
        if fields.get("action_email"):
            _mail(call, books, resource, row, fields)
            estimates.mark_sent(row)
        if fields.get("action_accept"):
            estimates.set_stage(row, 5)
    crud.touch(resource, books, row, call.now)
    books.tell(resource.name, "update", row["id"])
    if fields.get("action_email"):
        books.tell(resource.name, "sendByEmail", row["id"])


def _mail(call: Call, books: Books, resource: Resource, row: Row, fields: Row) -> None:
    client = books["clients"].get(row["customerid"], {})
    recipients = fields.get("email_recipients") or [client.get("email")]
    if not isinstance(recipients, list) or not all(recipients):
        message = "There is nobody to send this to."
        raise responses.accounting(422, 1004, message, "email_recipients", resource.singular)
    custom = fields.get(f"{resource.singular}_customized_email") or {}
    number = row[f"{resource.singular}_number"]
    call.store.outbox.append(
        {
            "at": utc_z(call.now),
            "business_id": books.business_id,
            "resource": resource.name,
            "id": row["id"],
            "recipients": list(recipients),
            "subject": custom.get("subject")
            or f"{books.business['name']} sent you {resource.singular} {number}",
            "body": custom.get("body") or "",
            "pdf": bool(fields.get("email_include_pdf", False)),
        }
    )


def routes(
    root: str, found: Callable[[Call, Books, Resource], Row], opened: Callable[[Call, str, str], Books]
) -> list[Route]:
    def share_link(call: Call) -> Response:
        books = opened(call, "invoices", "invoices")
        row = found(call, books, INVOICES)
        if row["status"] == 1:
            message = "The invoice must be sent before it can be shared."
            raise responses.accounting(422, 1004, message, "status", "invoice")
        secret = fake_secret("share", books.account_id, row["id"])
        link = {
            "clientid": row["customerid"],
            "resource_type": "invoice",
            "resourceid": row["id"],
            "share_link": f"https://my.freshbooks.com/#/link/{secret}?type=secondary&share_method=share_link",
            "share_method": call.params.get("share_method", "share_link"),
        }
        return result({"share_link": link})

    def pdf(call: Call) -> Response:
        books = opened(call, "invoices", "invoices")
        row = found(call, books, INVOICES)
        text = f"%PDF-1.4\n% invoice {row['invoice_number']}\n%%EOF\n"
        return Response(text.encode(), media_type="application/pdf")

    single = f"{root}/{INVOICES.path}/{{id}}"
    return [
        route(f"{single}/share_link", {"GET": share_link}, "accounting"),
        route(f"{single}/pdf", {"GET": pdf}, "accounting"),
    ]
