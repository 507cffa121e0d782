"""Payments, reminders, estimates, drafts from lines and marking as sent: what is asked for, refused, and written."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.kinds.create_estimate import CreateEstimateRequest
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.mark_invoice_sent import MarkInvoiceSentRequest
from freshbooks_hub.agent.actions.kinds.record_payment.request import RecordPaymentRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.kinds.send_reminder.request import SendReminderRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from integration_tests.agent.acting import BUSINESS, Firm, opened_firm

LINES = [
    {"name": "Concept", "quantity": "2.50", "unit_cost": "120.00"},
    {"name": "Licence", "description": "One year", "unit_cost": "99.99"},
]


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def propose(firm: Firm, request: Any) -> Action:
    return firm.actions.propose(request, "agent")


def code(firm: Firm, request: Any) -> str:
    with pytest.raises(ActionRefused) as caught:
        propose(firm, request)
    return caught.value.code


# -- payments


def test_a_payment_in_full_pays_the_invoice_and_a_part_leaves_the_rest(firm: Firm) -> None:
    invoice = firm.sent_invoice()
    part = firm.done(propose(firm, RecordPaymentRequest(invoice_id=invoice["id"], amount="50", type="Check")))
    assert (part.status, invoice["payment_status"]) == (Status.confirmed, "partial")
    rest = propose(firm, RecordPaymentRequest(invoice_id=invoice["id"], note="bank transfer"))
    assert rest.preview.total_amount == "150.00"
    assert firm.done(rest).status is Status.confirmed
    assert invoice["v3_status"] == "paid"
    sent = firm.sent("*/payments/payments", "POST")
    assert sent[1] == {
        "payment": {
            "invoiceid": invoice["id"],
            "amount": {"amount": "150.00", "code": "USD"},
            "date": "2026-11-02",
            "type": "Other",
            "note": "bank transfer",
        }
    }
    assert code(firm, RecordPaymentRequest(invoice_id=invoice["id"])) == "already_paid"


def test_never_more_than_is_owed_unless_the_user_says_so(firm: Firm) -> None:
    invoice = firm.sent_invoice()
    request = RecordPaymentRequest(invoice_id=invoice["id"], amount="200.01")
    assert code(firm, request) == "over_owed"
    over = firm.done(propose(firm, request.model_copy(update={"overpayment": True})))
    assert (over.status, over.result and over.result.differences) == (Status.confirmed, ())
    assert any("credit" in warning for warning in over.preview.warnings)


def test_two_payments_that_are_one_too_many_are_not_both_booked(firm: Firm) -> None:
    invoice = firm.sent_invoice()
    one = firm.approve(propose(firm, RecordPaymentRequest(invoice_id=invoice["id"], amount="150.00")))
    two = firm.approve(propose(firm, RecordPaymentRequest(invoice_id=invoice["id"], amount="100.00")))
    assert firm.actions.dispatch(one.id).status is Status.confirmed
    late = firm.actions.dispatch(two.id)
    assert (late.status, late.result and late.result.code) == (Status.failed, "stale")
    assert len(firm.rows("payments")) == 1


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"amount": "0"}, "invalid_amount"),
        ({"amount": "1,50"}, "invalid_amount"),
        ({"date": "2026-11-03"}, "invalid_date"),
        ({"amount": "20.00", "date": "2026-10-01"}, "look_alike"),
    ],
)
def test_a_payment_that_cannot_be_or_is_there_is_refused(firm: Firm, fields: Any, refused: str) -> None:
    invoice = firm.sent_invoice()
    paid = {"amount": "20.00", "code": "USD"}
    firm.sandbox.create("payments", BUSINESS, invoiceid=invoice["id"], amount=paid, date="2026-10-01")
    assert code(firm, RecordPaymentRequest(invoice_id=invoice["id"], **fields)) == refused
    again = RecordPaymentRequest(
        invoice_id=invoice["id"], amount="20.00", date="2026-10-01", another_payment=True
    )
    assert any("another" in warning for warning in propose(firm, again).preview.warnings)


def test_a_draft_takes_no_payment(firm: Firm) -> None:
    assert code(firm, RecordPaymentRequest(invoice_id=firm.draft()["id"])) == "not_sent"


# -- reminders


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Reminder: invoice {} is overdue"),
        ("fr", "Rappel : la facture {} est en retard"),
        ("fr-ca", "Rappel : la facture {} est en retard"),
        ("de", "Zahlungserinnerung: Rechnung {} ist überfällig"),
    ],
)
def test_a_reminder_is_in_the_clients_language_to_its_own_addresses(
    firm: Firm, language: str, subject: str
) -> None:
    client = firm.client(language=language, email="pay@acme.example")
    invoice = firm.sent_invoice(customerid=client["id"])
    done = firm.done(propose(firm, SendReminderRequest(invoice_id=invoice["id"])))
    assert done.status is Status.confirmed
    [mail] = firm.sandbox.outbox
    assert mail["recipients"] == ["pay@acme.example"]
    assert mail["subject"] == subject.format(invoice["invoice_number"])
    assert "200.00 USD" in mail["body"]
    assert "2026-09-01" in mail["body"]
    assert done.preview.warnings == ()


def test_a_language_without_words_is_told_and_ones_own_words_too(firm: Firm) -> None:
    invoice = firm.sent_invoice(customerid=firm.client(language="ja")["id"])
    assert "English" in propose(firm, SendReminderRequest(invoice_id=invoice["id"])).preview.warnings[0]
    own = SendReminderRequest(invoice_id=firm.sent_invoice()["id"], body="Pay now")
    assert "written by the agent" in propose(firm, own).preview.warnings[0]


def test_a_client_is_left_in_peace_for_a_week_whatever_the_invoice(firm: Firm) -> None:
    client = firm.client()["id"]
    first, second = (firm.sent_invoice(customerid=client) for _ in range(2))
    waiting = firm.approve(propose(firm, SendReminderRequest(invoice_id=first["id"])))
    firm.done(propose(firm, SendReminderRequest(invoice_id=firm.sent_invoice()["id"])))  # another client
    assert firm.actions.dispatch(waiting.id).status is Status.confirmed
    for days, refused in ((0, True), (6, True), (1, False)):
        firm.clock.advance(days=days, seconds=1)
        firm.connect()
        request = SendReminderRequest(invoice_id=second["id"])
        if refused:
            assert code(firm, request) == "cooling_down"
        else:
            assert firm.done(propose(firm, request)).status is Status.confirmed


def test_two_reminders_that_were_both_approved_before_go_out_once(firm: Firm) -> None:
    client = firm.client()["id"]
    invoices = [firm.sent_invoice(customerid=client)["id"] for _ in range(2)]
    one, two = (firm.approve(propose(firm, SendReminderRequest(invoice_id=number))) for number in invoices)
    assert firm.actions.dispatch(one.id).status is Status.confirmed
    with pytest.raises(ActionRefused, match="may go out 7 days after"):
        firm.actions.dispatch(two.id)
    assert len(firm.sandbox.outbox) == 1


@pytest.mark.parametrize("case", ["draft", "paid", "not due", "no address", "disputed"])
def test_where_there_is_nothing_to_remind_of_nothing_is_proposed(firm: Firm, case: str) -> None:
    invoice = firm.sent_invoice()
    if case == "draft":
        invoice = firm.draft(create_date="2026-09-01")
    elif case == "paid":
        firm.done(propose(firm, RecordPaymentRequest(invoice_id=invoice["id"])))
    elif case == "not due":
        firm.sandbox.edit("invoices", BUSINESS, invoice["id"], due_offset_days=62)
    elif case == "no address":
        firm.sandbox.edit("clients", BUSINESS, invoice["customerid"], email="")
    else:
        firm.sandbox.befall(BUSINESS, invoice["id"], "disputed")
    expected = "no_recipient" if case == "no address" else "not_overdue"
    assert code(firm, SendReminderRequest(invoice_id=invoice["id"])) == expected


def test_a_lost_reminder_without_a_trace_is_for_a_person_and_not_sent_again(firm: Firm) -> None:
    action = firm.approve(propose(firm, SendReminderRequest(invoice_id=firm.sent_invoice()["id"])))
    firm.sandbox.faults.add(kind="drop_before", method="PUT")
    assert firm.actions.dispatch(action.id).status is Status.unknown
    settled = firm.settled(action)
    assert (settled.status, settled.result and settled.result.code) == (Status.needs_person, "no_trace")
    assert firm.actions.resolve(action.id, None, "owner", "web").status is Status.absent


# -- estimates and drafts from lines


@pytest.mark.parametrize("estimate", [True, False], ids=["estimate", "invoice"])
def test_given_lines_become_a_document_with_its_taxes(firm: Firm, estimate: bool) -> None:
    request = {"client_id": firm.client()["id"], "lines": LINES, "taxes": ["HST"]}
    model: Any = CreateEstimateRequest if estimate else DraftInvoiceRequest
    action = propose(firm, model.model_validate(request))
    # 2.50 * 120.00 + 99.99 = 399.99; 13 % of it is 52.00.
    assert action.preview.total_amount == "451.99"
    done = firm.done(action)
    assert (done.status, done.result and done.result.differences) == (Status.confirmed, ())
    rows = firm.rows("estimates" if estimate else "invoices")
    assert [row["amount"]["amount"] for row in rows.values()] == ["451.99"]
    assert code(firm, model.model_validate(request)) == "look_alike"
    another = {"another_estimate" if estimate else "another_invoice": True}
    assert firm.done(propose(firm, model.model_validate(request | another))).status is Status.confirmed
    assert len(rows) == 2


@pytest.mark.parametrize(
    "line",
    [
        {"name": "", "unit_cost": "1.00"},
        {"name": "Work", "unit_cost": "-1.00"},
        {"name": "Work", "unit_cost": "1.001"},
        {"name": "Work", "quantity": "0", "unit_cost": "1.00"},
    ],
    ids=str,
)
def test_a_line_that_is_none_is_refused(firm: Firm, line: dict[str, str]) -> None:
    client = firm.client()["id"]
    request = {"client_id": client, "lines": [line], "taxes": []}
    assert code(firm, CreateEstimateRequest.model_validate(request)) == "invalid_line"


@pytest.mark.parametrize("estimate", [False, True], ids=["invoice", "estimate"])
@pytest.mark.parametrize(
    ("currency", "unit_cost", "approved", "in_freshbooks"),
    [
        ("JPY", "1560", "1716", "1716.00"),
        ("JPY", "1555", "1711", "1710.50"),  # a tax of 155.50: half a yen
        ("KWD", "15.550", "17.105", "17.11"),  # 1.555, which is 1.56 in hundredths
    ],
)
def test_a_draft_has_the_decimals_of_its_currency_and_another_total_in_freshbooks_is_told(
    firm: Firm, estimate: bool, currency: str, unit_cost: str, approved: str, in_freshbooks: str
) -> None:
    firm.sandbox.create("taxes", BUSINESS, name="VAT", amount="10")
    client = firm.client(currency_code=currency)["id"]
    given = {"client_id": client, "lines": [{"name": "Work", "unit_cost": unit_cost}], "taxes": ["VAT"]}
    request = CreateEstimateRequest if estimate else DraftInvoiceRequest
    action = propose(firm, request.model_validate(given))
    assert action.preview.total_amount == approved
    done = firm.done(action)
    assert done.status is Status.confirmed
    assert done.result is not None
    assert done.result.total is not None
    assert (done.result.total.amount, done.result.total.currency) == (in_freshbooks, currency)
    same = Decimal(approved) == Decimal(in_freshbooks)
    assert done.result.differences == (() if same else ("total",))
    assert same or f"{in_freshbooks} {currency} where {approved} was approved" in done.result.message


def test_a_payment_and_an_expense_in_dinars_have_three_decimals(firm: Firm) -> None:
    line = {"name": "Work", "qty": "1", "unit_cost": {"amount": "20.00", "code": "KWD"}}
    invoice = firm.sent_invoice(currency_code="KWD", lines=[line])["id"]
    paid = propose(firm, RecordPaymentRequest(invoice_id=invoice, amount="12.345"))
    assert paid.preview.total_amount == "12.345"
    bought = {"vendor": "Staples", "date": "2026-10-30", "category": "Hardware", "currency": "KWD"}
    spent = propose(firm, CreateExpenseRequest.model_validate(bought | {"amount": "1.125"}))
    assert spent.preview.total_amount == "1.125"
    assert code(firm, CreateExpenseRequest.model_validate(bought | {"amount": "1.1255"})) == "invalid_amount"
    usd = bought | {"amount": "1.125", "currency": "USD"}
    assert code(firm, CreateExpenseRequest.model_validate(usd)) == "invalid_amount"


def test_a_draft_is_of_a_project_or_of_lines_for_a_client(firm: Firm) -> None:
    project = firm.finished_project()["id"]
    assert code(firm, DraftInvoiceRequest()) == "what_to_bill"
    both = {"project_id": project, "lines": LINES}
    assert code(firm, DraftInvoiceRequest.model_validate(both)) == "what_to_bill"
    assert code(firm, DraftInvoiceRequest.model_validate({"lines": LINES})) == "client_missing"


def test_an_equal_draft_that_appears_before_it_is_sent_makes_the_approval_void(firm: Firm) -> None:
    client = firm.client()["id"]
    request = {"client_id": client, "lines": [{"name": "Work", "unit_cost": "100.00"}], "taxes": []}
    action = firm.approve(propose(firm, DraftInvoiceRequest.model_validate(request)))
    line = {"name": "Work", "qty": "1", "unit_cost": "100.00"}
    firm.draft(customerid=client, create_date="2026-11-02", lines=[line])
    ended = firm.actions.dispatch(action.id)
    assert (ended.status, ended.result and ended.result.code) == (Status.failed, "stale")


# -- marking as sent


def test_marking_as_sent_sends_no_mail_and_excludes_sending(firm: Firm) -> None:
    invoice = firm.draft()
    mailing = SendInvoiceRequest(invoice_id=invoice["id"])
    action = propose(firm, MarkInvoiceSentRequest(invoice_id=invoice["id"]))
    assert code(firm, mailing) == "already_proposed"
    done = firm.done(action)
    assert (done.status, invoice["v3_status"]) == (Status.confirmed, "sent")
    assert firm.sandbox.outbox == []
    [body] = firm.sent("*/invoices/invoices/*", "PUT")
    assert body == {"invoice": {"action_mark_as_sent": True}}
    assert code(firm, mailing) == "already_sent"


def test_a_draft_that_changed_is_not_marked(firm: Firm) -> None:
    invoice = firm.draft()
    action = firm.approve(propose(firm, MarkInvoiceSentRequest(invoice_id=invoice["id"])))
    line = {"name": "More", "qty": "1", "unit_cost": "900.00"}
    firm.sandbox.edit("invoices", BUSINESS, invoice["id"], lines=[line])
    ended = firm.actions.dispatch(action.id)
    assert (ended.status, ended.result and ended.result.code) == (Status.failed, "stale")
