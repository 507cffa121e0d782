"""An invoice mailed once, to whom it belongs, and only with an approval."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.kinds import as_text
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoicePreview, SendInvoiceRequest
from freshbooks_hub.agent.actions.models import ActionRefused, Status
from integration_tests.agent.acting import BUSINESS, Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def code(call: object, *args: object, **options: object) -> str:
    with pytest.raises(ActionRefused) as caught:
        call(*args, **options)  # type: ignore[operator]
    return caught.value.code


def test_goes_to_the_clients_own_addresses_and_turns_the_draft_into_sent(firm: Firm) -> None:
    contacts = [{"fname": "Ann", "email": "ann@acme.example"}, {"fname": "No", "email": ""}]
    invoice = firm.draft(customerid=firm.client(contacts=contacts)["id"])
    action = firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["invoice_number"]), "agent")
    assert isinstance(action.preview, SendInvoicePreview)
    assert [(to.email, to.on_file) for to in action.preview.recipients] == [
        ("pay@acme.example", True),
        ("ann@acme.example", True),
    ]
    assert firm.sandbox.outbox == []

    done = firm.done(action)
    assert done.status is Status.confirmed
    assert done.result is not None
    assert done.result.before == "draft"
    assert firm.rows("invoices")[invoice["id"]]["status"] == 2
    (mail,) = firm.sandbox.outbox
    assert mail["recipients"] == ["pay@acme.example", "ann@acme.example"]
    (body,) = firm.sent("*/invoices/invoices/*", "PUT")
    assert set(body["invoice"]) == {"action_email", "email_recipients", "email_include_pdf"}


def test_what_is_not_a_draft_was_sent_already(firm: Firm) -> None:
    invoice = firm.draft()
    firm.done(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))
    assert code(firm.actions.propose, SendInvoiceRequest(invoice_id=invoice["id"]), "agent") == "already_sent"
    assert len(firm.sandbox.outbox) == 1


def test_sent_by_hand_after_the_approval_it_is_not_sent_again(firm: Firm) -> None:
    invoice = firm.draft()
    action = firm.approve(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))
    firm.sandbox.edit("invoices", BUSINESS, invoice["id"], status=2)
    done = firm.actions.dispatch(action.id)
    assert done.status is Status.failed
    assert done.result is not None
    assert done.result.code == "already_sent"
    assert firm.sandbox.outbox == []


@pytest.mark.parametrize("change", ["lines", "address", "deleted"])
def test_an_approval_is_void_when_the_invoice_or_the_address_changed(firm: Firm, change: str) -> None:
    invoice = firm.draft()
    action = firm.approve(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))
    if change == "lines":
        lines = [{"name": "Work", "qty": "3", "unit_cost": "100.00"}]
        firm.sandbox.edit("invoices", BUSINESS, invoice["id"], lines=lines)
    elif change == "address":
        firm.sandbox.edit("clients", BUSINESS, invoice["customerid"], email="new@acme.example")
    else:
        firm.sandbox.delete("invoices", BUSINESS, invoice["id"])
    assert firm.actions.dispatch(action.id).status is Status.failed
    assert firm.sandbox.outbox == []


def test_another_address_stands_out_for_the_approver(firm: Firm) -> None:
    invoice = firm.draft()
    action = firm.actions.propose(
        SendInvoiceRequest(
            invoice_id=invoice["id"],
            recipients=["PAY@acme.example", "thief@evil.example"],
            subject="Hello",
            body="Line 1\nLine\u202e 2",
        ),
        "agent",
    )
    assert isinstance(action.preview, SendInvoicePreview)
    assert [to.on_file for to in action.preview.recipients] == [True, False]
    assert any("One of the recipients" in warning for warning in action.preview.warnings)
    assert "thief@evil.example   ! NOT an address" in as_text(action)
    firm.done(action)
    (body,) = firm.sent("*/invoices/invoices/*", "PUT")
    assert body["invoice"]["invoice_customized_email"] == {"subject": "Hello", "body": "Line 1\nLine 2"}


@pytest.mark.parametrize(
    "address",
    [
        "not an address",
        "a@b",
        "a@b.example\nBcc: c@d.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
        "a\u200b@b.example",
    ],
)
def test_only_one_plain_address_is_an_address(firm: Firm, address: str) -> None:
    invoice = firm.draft()
    request = SendInvoiceRequest(invoice_id=invoice["id"], recipients=[address])
    assert code(firm.actions.propose, request, "a") == "invalid_recipient"


def test_a_client_without_an_address_needs_one(firm: Firm) -> None:
    invoice = firm.draft(customerid=firm.client(email="")["id"])
    assert code(firm.actions.propose, SendInvoiceRequest(invoice_id=invoice["id"]), "agent") == "no_recipient"


def test_two_mails_of_one_invoice_cannot_wait_side_by_side(firm: Firm) -> None:
    invoice = firm.draft()
    first = firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent")
    assert firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent").id == first.id
    other = SendInvoiceRequest(invoice_id=invoice["id"], include_pdf=True)
    assert code(firm.actions.propose, other, "agent") == "already_proposed"


def test_a_deleted_or_unknown_invoice_is_not_there(firm: Firm) -> None:
    invoice = firm.draft()
    firm.sandbox.delete("invoices", BUSINESS, invoice["id"])
    assert (
        code(firm.actions.propose, SendInvoiceRequest(invoice_id=invoice["id"]), "agent") == "invoice_unknown"
    )
    assert code(firm.actions.propose, SendInvoiceRequest(invoice_id="INV-1"), "agent") == "invoice_unknown"


def test_what_freshbooks_refuses_is_failed_and_may_be_proposed_again(firm: Firm) -> None:
    invoice = firm.draft()
    action = firm.approve(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))
    firm.sandbox.faults.add(
        kind="status",
        method="PUT",
        status=403,
        body=json.loads(
            '{"message": "insufficient_scope: Provided: []. Required: [\'user:invoices:write\']."}'
        ),
    )
    done = firm.actions.dispatch(action.id)
    assert done.status is Status.failed
    assert done.result is not None
    assert "user:invoices:write" in done.result.message
    again = firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent")
    assert firm.done(again).status is Status.confirmed
    assert len(firm.sandbox.outbox) == 1


def test_the_approver_sees_what_leads_to_the_total_and_what_the_client_owes(firm: Firm) -> None:
    taxes = {"taxName1": "GST", "taxAmount1": "5", "taxName2": "QST", "taxAmount2": "9.975"}
    lines = [{"name": "Work", "qty": "3", "unit_cost": {"amount": "33.33", "code": "CAD"}, **taxes}]
    client = firm.client()["id"]
    firm.sandbox.edit("invoices", BUSINESS, firm.draft(customerid=client)["id"], status=2)
    invoice = firm.draft(
        customerid=client, lines=lines, discount_value="10", terms="<b>Net 30</b>\nNo refund"
    )
    told = as_text(firm.actions.propose(SendInvoiceRequest(invoice_id=invoice["id"]), "agent"))
    for line in (
        "Before tax    99.99",
        "Discount      -10.00",
        "Tax           GST 5 %: 4.50",
        "Tax           QST 9.975 %: 8.98",
        f"Total         {invoice['amount']['amount']}",
        "Terms         <b>Net 30</b>\n              No refund",
        "Not shown     layout, logo",
        f"/invoice/{invoice['accountid']}-{invoice['id']}",
    ):
        assert line in told
    assert "Client owes   unknown" not in told
