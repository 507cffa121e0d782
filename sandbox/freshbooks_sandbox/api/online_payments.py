"""Online payment: what an invoice may be paid with, and the gateways behind it (freshbooks-api.md 3.6, 7.3).

No gateway is connected in the sandbox's accounts.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.lists.paging import accounting_page
from freshbooks_sandbox.responses import result, vnd
from freshbooks_sandbox.values import Row, words

_FLAGS = words(
    "has_credit_card has_ach_transfer has_bacs_debit has_sepa_debit has_paypal_smart_checkout allow_partial_payments"
)


def _open(call: Call) -> Books:
    books = call.books(call.store.by_account(call.path("account")))
    call.need("online_payments")
    return books


def _defaults(call: Call) -> Response:
    _open(call)
    return vnd({"payment_options": _options({}, None)})


def _options(known: Row, invoice: int | None) -> Row:
    entity = {"entity_id": None if invoice is None else str(invoice), "entity_type": "invoice"}
    return {"gateway_name": None, **dict.fromkeys(_FLAGS, False), **known, **entity}


def _invoice(call: Call, books: Books) -> Row:
    row = books["invoices"].get(call.number("id"))
    if row is None:
        raise responses.ApiError(404, {"error_type": "not_found", "message": "Resource not found"})
    return row


def _single(call: Call) -> Response:
    row = _invoice(call, _open(call))
    return vnd({"payment_options": _options(row.get("_payment_options", {}), row["id"])})


def _create(call: Call) -> Response:
    """The body has no outer key here."""
    row = _invoice(call, _open(call))
    sent = jsonable(call.whole())
    if sent.get("entity_type") != "invoice":
        message = {"field": "entity_type", "message": "'entity_type' must be 'invoice'."}
        raise responses.ApiError(400, {"errors": [message]})
    row["_payment_options"] = {name: sent[name] for name in ("gateway_name", *_FLAGS) if name in sent}
    return vnd({"payment_options": _options(row["_payment_options"], row["id"])})


def _connections(call: Call) -> Response:
    _open(call)
    return vnd({"gateway_connections": [{"fbpay": None, "stripe": None, "paypal": None}]})


def _gateways(call: Call) -> Response:
    _open(call)
    return result({"gateways": [], **accounting_page(call.params, 0).block()})


def routes() -> list[Route]:
    root = "/payments/account/{account}"
    return [
        route(f"{root}/payment_options", {"GET": _defaults}, "payments"),
        route(f"{root}/invoice/{{id}}/payment_options", {"GET": _single, "POST": _create}, "payments"),
        route(f"{root}/gateway", {"GET": _connections}, "payments"),
        route("/accounting/account/{account}/systems/gateways", {"GET": _gateways}, "accounting"),
    ]
