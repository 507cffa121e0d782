"""The sandbox, driven by freshbooks-sdk as it comes from PyPI: a client that nobody here wrote.

What differs from the SDK's expectation is a finding about the sandbox. One is left: lists of staff come under
"staff", as seen live, while the SDK reads "staffs" (freshbooks-api.md 3.6), so a switch is turned for it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from freshbooks import (
    Client,
    FilterBuilder,
    FreshBooksError,
    IncludesBuilder,
    PaginateBuilder,
    SortBuilder,
    VisState,
)

from freshbooks_sandbox import Sandbox

ACCOUNT, BUSINESS = "mPx4Q9", 439_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(rate_limit=None, post_rate_limit=None)
    sandbox.clock.freeze(datetime(2026, 11, 5, 15, 30, tzinfo=UTC))
    sandbox.behaviours.webhooks_wait = True
    sandbox.behaviours.staff_key = "staffs"
    with sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def sdk(sandbox: Sandbox) -> Iterator[Client]:
    """Connected as its own documentation says: consent, code, token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        patch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        client = Client(sandbox.client_id, sandbox.client_secret, redirect_uri=sandbox.redirect_uri)
        assert client.get_auth_request_url(["user:profile:read"]).startswith(
            f"{sandbox.url}/oauth/authorize?"
        )
        client.get_access_token(sandbox.oauth.consent(None, sandbox.redirect_uri))
        client.refresh_access_token()
        yield client


@pytest.fixture(scope="module")
def customer(sdk: Client) -> int:
    return int(
        sdk.clients.create(ACCOUNT, {"organization": "Own Client", "email": "own@client.example"}).userid
    )


LISTS = {
    "bills": "id",
    "bill_payments": "id",
    "bill_vendors": "vendorid",
    "clients": "userid",
    "credit_notes": "creditid",
    "estimates": "estimateid",
    "expenses": "expenseid",
    "expenses_categories": "categoryid",
    "invoices": "invoiceid",
    "invoice_profiles": "profileid",
    "items": "itemid",
    "other_income": "incomeid",
    "payments": "id",
    "staff": "userid",
    "tasks": "taskid",
    "taxes": "taxid",
}


def test_the_person_has_a_name_and_businesses(sdk: Client) -> None:
    me = sdk.current_user()
    assert me.full_name == "Robin Achterberg"
    assert ACCOUNT in [membership.business.account_id for membership in me.business_memberships]


@pytest.mark.parametrize("resource", LISTS)
def test_every_accounting_list_is_paged_and_its_rows_can_be_read_alone(sdk: Client, resource: str) -> None:
    key, calls = LISTS[resource], getattr(sdk, resource)
    first = calls.list(ACCOUNT, [PaginateBuilder(1, 2)])
    assert len(first) == first.pages.per_page == 2
    second = calls.list(ACCOUNT, [PaginateBuilder(2, 2)])
    ids = [row.data[key] for row in first] + [row.data[key] for row in second]
    assert len(set(ids)) == len(ids) == min(4, first.pages.total)
    assert calls.get(ACCOUNT, ids[0]).data[key] == ids[0]


@pytest.mark.parametrize("resource", ["projects", "time_entries", "services"])
def test_the_lists_of_a_business_are_paged(sdk: Client, resource: str) -> None:
    calls = getattr(sdk, resource)
    page = calls.list(BUSINESS, [PaginateBuilder(2, 3)])
    assert (page.pages.page, len(page)) == (2, 3)
    assert calls.get(BUSINESS, page[0].id).id == page[0].id


def test_ledger_settings_and_gateways(sdk: Client, sandbox: Sandbox) -> None:
    accounts = sdk.ledger_accounts.list(sandbox.books(BUSINESS).uuid)
    assert sdk.ledger_accounts.get(sandbox.books(BUSINESS).uuid, accounts[0].uuid).name == accounts[0].name
    assert sdk.systems.get(ACCOUNT, BUSINESS).currency_code == "USD"
    assert sdk.gateways.list(ACCOUNT).pages.total == 0


class TestFilters:
    def test_like_in_and_between(self, sdk: Client, customer: int) -> None:
        like = sdk.clients.list(ACCOUNT, [FilterBuilder().like("organization_like", "own cl")])
        assert [row.userid for row in like] == [customer]
        other = sdk.clients.list(ACCOUNT, [PaginateBuilder(2, 1)])[0].userid
        chosen = sdk.clients.list(ACCOUNT, [FilterBuilder().in_list("userid", [customer, other])])
        assert {row.userid for row in chosen} == {customer, other}
        days = FilterBuilder().between("date", date(2026, 9, 1), date(2026, 10, 1))
        rows = sdk.invoices.list(ACCOUNT, [days, PaginateBuilder(1, 100)])
        assert {row.create_date.month for row in rows} == {9}

    def test_payments_expenses_and_projects(self, sdk: Client) -> None:
        since = FilterBuilder().between("date", date(2026, 10, 1), date(2026, 11, 30))
        paid = sdk.payments.list(ACCOUNT, [since, PaginateBuilder(1, 100)])
        assert 0 < paid.pages.total < sdk.payments.list(ACCOUNT).pages.total
        assert min(row.date for row in paid) >= date(2026, 10, 1)
        spent = sdk.expenses.list(ACCOUNT, [PaginateBuilder(1, 1)])[0]
        same = sdk.expenses.list(ACCOUNT, [FilterBuilder().equals("vendor", spent.vendor)])
        assert {row.vendor for row in same} == {spent.vendor}
        assert same.pages.total < sdk.expenses.list(ACCOUNT).pages.total
        complete = sdk.projects.list(BUSINESS, [FilterBuilder().boolean("complete", True)])
        assert {row.complete for row in complete} == {True}

    def test_bare_ones_of_time_entries(self, sdk: Client) -> None:
        team = FilterBuilder().boolean("team", True)
        own = sdk.time_entries.list(BUSINESS)
        everybody = sdk.time_entries.list(BUSINESS, [team, PaginateBuilder(1, 5)])
        assert 0 < own.pages.total < everybody.pages.total
        billed = FilterBuilder().boolean("team", True).boolean("billed", True)
        assert {row.billed for row in sdk.time_entries.list(BUSINESS, [billed])} == {True}

    def test_sorting(self, sdk: Client) -> None:
        up = sdk.invoices.list(ACCOUNT, [SortBuilder().ascending("invoice_date"), PaginateBuilder(1, 20)])
        dates = [row.create_date for row in up]
        assert dates == sorted(dates)
        down = sdk.projects.list(BUSINESS, [SortBuilder().descending("created_at"), PaginateBuilder(1, 20)])
        made = [row.created_at for row in down]
        assert made == sorted(made, reverse=True)

    def test_includes(self, sdk: Client) -> None:
        rows = sdk.invoices.list(ACCOUNT, [IncludesBuilder().include("lines"), PaginateBuilder(1, 3)])
        assert all(row.lines for row in rows)
        assert sdk.invoices.list(ACCOUNT, [PaginateBuilder(1, 1)])[0].lines is None
        project = sdk.projects.list(BUSINESS, [IncludesBuilder().include("include_logged_duration")])
        assert any(row.logged_duration for row in project)
        owed = sdk.clients.list(ACCOUNT, [IncludesBuilder().include("outstanding_balance")])
        assert any(row.data["outstanding_balance"] for row in owed)


class TestWriting:
    def test_a_client(self, sdk: Client) -> None:
        made = sdk.clients.create(ACCOUNT, {"organization": "Short Lived"})
        assert sdk.clients.update(ACCOUNT, made.userid, {"organization": "Renamed"}).organization == "Renamed"
        assert sdk.clients.delete(ACCOUNT, made.userid).vis_state == VisState.DELETED
        assert sdk.clients.get(ACCOUNT, made.userid).vis_state == VisState.DELETED

    def test_an_invoice_is_drafted_sent_paid_too_much_and_deleted(self, sdk: Client, customer: int) -> None:
        line = {"name": "Work", "qty": 2, "unit_cost": {"amount": "50.00", "code": "USD"}}
        body = {"customerid": customer, "create_date": "2026-11-02", "due_offset_days": 30, "lines": [line]}
        draft = sdk.invoices.create(ACCOUNT, body, IncludesBuilder().include("lines"))
        assert (draft.v3_status, draft.lines[0].amount.amount) == ("draft", "100.00")
        sent = sdk.invoices.update(ACCOUNT, draft.invoiceid, {"action_mark_as_sent": True})
        assert sent.v3_status == "sent"
        money = {"amount": "130.00", "code": "USD"}
        fields = {"invoiceid": draft.invoiceid, "amount": money, "date": "2026-11-03", "type": "Check"}
        payment = sdk.payments.create(ACCOUNT, fields)
        assert payment.clientid == customer
        assert sdk.credit_notes.get(ACCOUNT, payment.overpaymentid).data["amount"]["amount"] == "30.00"
        paid = sdk.invoices.get(ACCOUNT, draft.invoiceid)
        assert (paid.v3_status, paid.outstanding.amount) == ("paid", "0.00")
        assert sdk.payments.update(ACCOUNT, payment.id, {"note": "By mail"}).note == "By mail"
        sdk.payments.delete(ACCOUNT, payment.id)
        assert sdk.invoices.get(ACCOUNT, draft.invoiceid).outstanding.amount == "100.00"
        sdk.invoices.delete(ACCOUNT, draft.invoiceid)
        assert sdk.invoices.get(ACCOUNT, draft.invoiceid).vis_state == VisState.DELETED

    def test_an_expense_with_a_receipt(self, sdk: Client) -> None:
        upload = sdk.attachments.upload(ACCOUNT, io.BytesIO(b"%PDF-1.4 receipt"))
        assert sdk.attachments.get(upload.jwt).content == b"%PDF-1.4 receipt"
        fields = {"amount": {"amount": "12.50", "code": "USD"}, "categoryid": 301_001, "staffid": 1}
        receipt = {"jwt": upload.jwt, "media_type": "application/pdf"}
        made = sdk.expenses.create(ACCOUNT, {**fields, "date": "2026-11-02", "attachment": receipt})
        read = sdk.expenses.get(ACCOUNT, made.expenseid, IncludesBuilder().include("attachment"))
        assert (read.has_receipt, read.attachment.jwt) == (True, upload.jwt)
        body = {**fields, "date": "2026-11-02", "notes": "Paper"}
        assert sdk.expenses.update(ACCOUNT, made.expenseid, body).notes == "Paper"
        assert sdk.expenses.delete(ACCOUNT, made.expenseid).vis_state == VisState.DELETED

    def test_a_time_entry_is_replaced_by_an_update(self, sdk: Client) -> None:
        project = sdk.projects.list(BUSINESS)[0].id
        body = {"is_logged": True, "duration": 3600, "started_at": "2026-11-02T15:00:00.000Z"}
        made = sdk.time_entries.create(BUSINESS, {**body, "project_id": project})
        changed = sdk.time_entries.update(BUSINESS, made.id, {**body, "duration": 1800})
        assert (changed.duration, changed.project_id) == (1800, None)
        assert sdk.time_entries.delete(BUSINESS, made.id).data == {}

    def test_a_project(self, sdk: Client, customer: int) -> None:
        made = sdk.projects.create(BUSINESS, {"title": "Folder", "client_id": customer})
        assert (made.project_type, made.rate) == ("hourly_rate", None)
        assert sdk.projects.update(BUSINESS, made.id, {"title": "Folder II"}).title == "Folder II"
        sdk.projects.delete(BUSINESS, made.id)
        assert made.id not in [row.id for row in sdk.projects.list(BUSINESS)]

    def test_a_service_its_rate_and_its_task(self, sdk: Client) -> None:
        made = sdk.services.create(BUSINESS, {"name": "Proofreading"})
        sdk.service_rates.create(BUSINESS, made.id, {"rate": "80.00"})
        assert sdk.service_rates.update(BUSINESS, made.id, {"rate": "85.00"}).rate == "85.00"
        sdk.services.update(BUSINESS, made.id, {"name": "Copy editing"})
        assert "Copy editing" in [task.name for task in sdk.tasks.list(ACCOUNT)]
        sdk.services.delete(BUSINESS, made.id)
        assert made.id not in [row.id for row in sdk.services.list(BUSINESS)]

    @pytest.mark.parametrize(
        ("resource", "key", "fields"),
        [
            ("estimates", "estimateid", {"create_date": "2026-11-02", "lines": []}),
            ("taxes", "taxid", {"name": "QST", "amount": "9.975"}),
            ("items", "itemid", {"name": "Poster"}),
            ("tasks", "taskid", {"name": "Typing"}),
            ("bill_vendors", "vendorid", {"vendor_name": "Paper Mill"}),
            ("credit_notes", "creditid", {"create_date": "2026-11-02"}),
            ("invoice_profiles", "profileid", {"create_date": "2026-12-02", "frequency": "m", "lines": []}),
            (
                "other_income",
                "incomeid",
                {"amount": {"amount": "5"}, "date": "2026-11-02", "source": "x", "category_name": "other"},
            ),
        ],
    )
    def test_others_are_created_and_deleted(
        self, sdk: Client, customer: int, resource: str, key: str, fields: dict[str, Any]
    ) -> None:
        calls = getattr(sdk, resource)
        made = calls.create(ACCOUNT, {**fields, "customerid": customer, "clientid": customer}).data[key]
        calls.delete(ACCOUNT, made)
        assert made not in [row.data[key] for row in calls.list(ACCOUNT, [PaginateBuilder(1, 100)])]

    def test_staff_are_changed_but_never_created(self, sdk: Client) -> None:
        person = sdk.staff.list(ACCOUNT)[0].userid
        assert sdk.staff.update(ACCOUNT, person, {"display_name": "Zed"}).display_name == "Zed"

    def test_payment_options_of_an_invoice(self, sdk: Client) -> None:
        invoice = sdk.invoices.list(ACCOUNT, [PaginateBuilder(1, 1)])[0].invoiceid
        assert sdk.invoice_payment_options.defaults(ACCOUNT).has_credit_card is False
        body = {"gateway_name": "stripe", "entity_type": "invoice", "has_credit_card": True}
        sdk.invoice_payment_options.create(ACCOUNT, invoice, body)
        assert sdk.invoice_payment_options.get(ACCOUNT, invoice).gateway_name == "stripe"


def test_callbacks_are_registered_verified_changed_and_deleted(sdk: Client, sandbox: Sandbox) -> None:
    uri = "http://127.0.0.1:9/webhooks"
    made = sdk.callbacks.create(ACCOUNT, {"event": "invoice.create", "uri": uri})
    assert made.verified is False
    verifier = sandbox.webhooks.pending[-1].fields["verifier"]
    with pytest.raises(FreshBooksError) as refused:
        sdk.callbacks.verify(ACCOUNT, made.callbackid, "wrong")
    assert refused.value.status_code == 422
    assert sdk.callbacks.verify(ACCOUNT, made.callbackid, verifier).verified is True
    sdk.callbacks.resend_verification(ACCOUNT, made.callbackid)
    assert sandbox.webhooks.pending[-1].fields["object_id"] == str(made.callbackid)
    sdk.callbacks.update(ACCOUNT, made.callbackid, {"event": "client"})
    listed = sdk.callbacks.list(ACCOUNT, [FilterBuilder().equals("event", "client")])
    assert [row.callbackid for row in listed] == [made.callbackid]
    sdk.callbacks.delete(ACCOUNT, made.callbackid)
    assert sdk.callbacks.list(ACCOUNT).pages.total == 0


class TestErrors:
    def test_each_family_tells_what_is_missing(self, sdk: Client, sandbox: Sandbox) -> None:
        calls = [
            lambda: sdk.clients.get(ACCOUNT, 1),
            lambda: sdk.projects.get(BUSINESS, 1),
            lambda: sdk.time_entries.get(BUSINESS, 1),
            lambda: sdk.services.get(BUSINESS, 1),
            lambda: sdk.callbacks.get(ACCOUNT, 1),
            lambda: sdk.invoice_payment_options.get(ACCOUNT, 1),
            lambda: sdk.ledger_accounts.get(sandbox.books(BUSINESS).uuid, "none"),
        ]
        for call in calls:
            with pytest.raises(FreshBooksError) as raised:
                call()
            assert raised.value.status_code == 404
            assert str(raised.value) not in ("", "Unknown error")

    def test_what_is_required_is_named(self, sdk: Client) -> None:
        with pytest.raises(FreshBooksError) as raised:
            sdk.invoices.create(ACCOUNT, {"create_date": "2026-11-02"})
        assert (raised.value.status_code, raised.value.error_code) == (422, 1001)
        with pytest.raises(FreshBooksError, match="semantic errors") as raised:
            sdk.callbacks.create(ACCOUNT, {"event": "moon.rise", "uri": "https://books.example.com/"})
        assert raised.value.error_code == 422

    def test_a_dead_token(self, sdk: Client, sandbox: Sandbox) -> None:
        stranger = Client("x", access_token="nonsense")
        stranger.base_url = sandbox.url
        with pytest.raises(FreshBooksError) as raised:
            stranger.current_user()
        assert raised.value.status_code == 401
