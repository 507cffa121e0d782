"""freshbooks-api.md 7: what writes do, and what they silently do not."""

from __future__ import annotations

from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import MAIN, Api, caller

INVOICES, CLIENTS, PAYMENTS = "{acct}/invoices/invoices", "{acct}/users/clients", "{acct}/payments/payments"
EXPENSES, TIME = "{acct}/expenses/expenses", "/timetracking/business/439000/time_entries"


@pytest.fixture
def client(fresh: Sandbox) -> int:
    return next(iter(fresh.books(MAIN)["clients"]))


@pytest.fixture
def invoice(fresh_api: Api, client: int) -> dict[str, Any]:
    lines = [
        {
            "name": "A",
            "qty": 4,
            "unit_cost": {"amount": "5.00", "code": "CAD"},
            "taxName1": "HST",
            "taxAmount1": 13,
        },
        {"name": "B", "qty": "3", "unit_cost": "8.00"},
    ]
    fields = {"customerid": client, "create_date": "2026-11-05", "lines": lines}
    return fresh_api.made(INVOICES, invoice={**fields, "discount_value": 10, "currency_code": "CAD"})


def errno(answer: Any) -> tuple[int, int]:
    return answer.status_code, answer.json()["response"]["errors"][0]["errno"]


class TestInvoice:
    def test_the_sheets_own_sum(self, invoice: dict[str, Any]) -> None:
        assert invoice["discount_total"]["amount"] == "-4.40"
        assert invoice["amount"] == {"amount": "41.94", "code": "CAD"}

    def test_a_new_one_is_a_draft_due_at_once(self, fresh_api: Api, client: int) -> None:
        row = fresh_api.made(INVOICES, invoice={"customerid": client, "create_date": "2026-11-01"})
        assert (row["status"], row["v3_status"], row["due_date"]) == (1, "draft", "2026-11-01")
        assert row["invoice_number"] == "0000001"

    @pytest.mark.parametrize("missing", ["customerid", "create_date"])
    def test_client_and_date_are_required(self, fresh_api: Api, client: int, missing: str) -> None:
        fields = {"customerid": client, "create_date": "2026-11-01"}
        del fields[missing]
        assert errno(fresh_api.post(INVOICES, invoice=fields)) == (422, 1001)

    def test_the_due_date_is_written_through_the_offset_only(
        self, fresh_api: Api, invoice: dict[str, Any]
    ) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        assert errno(fresh_api.put(path, invoice={"due_date": "2026-12-05"})) == (403, 1038)
        changed = fresh_api.put(path, invoice={"due_offset_days": 30}).json()["response"]["result"]["invoice"]
        assert changed["due_date"] == "2026-12-05"

    @pytest.mark.parametrize(("status", "expected"), [("sent", (422, 1015)), (4, (422, 1004))])
    def test_status_is_a_number_from_0_to_3(
        self, fresh_api: Api, invoice: dict[str, Any], status: Any, expected: Any
    ) -> None:
        assert errno(fresh_api.put(f"{INVOICES}/{invoice['id']}", invoice={"status": status})) == expected

    def test_a_put_runs_only_its_first_phase(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        both = {"notes": "new", "action_mark_as_sent": True}
        row = fresh_api.put(path, invoice=both).json()["response"]["result"]["invoice"]
        assert (row["v3_status"], row["notes"]) == ("sent", "")
        row = fresh_api.put(path, invoice={"vis_state": 0, "notes": "new"}).json()["response"]["result"][
            "invoice"
        ]
        assert row["notes"] == ""

    def test_lines_are_all_or_nothing_and_keep_their_ids(
        self, fresh_api: Api, invoice: dict[str, Any]
    ) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        fresh_api.put(
            path, invoice={"lines": [{"lineid": 2, "name": "B", "qty": 1, "unit_cost": "8"}, {"name": "C"}]}
        )
        lines = fresh_api.list(path, {"include[]": "lines"})["invoice"]["lines"]
        assert [(line["lineid"], line["name"]) for line in lines] == [(2, "B"), (3, "C")]

    def test_a_put_that_changes_nothing_moves_nothing(
        self, fresh: Sandbox, fresh_api: Api, invoice: dict[str, Any]
    ) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        fresh.clock.advance(hours=1)
        assert fresh_api.put(path, invoice={"notes": ""}).status_code == 200
        assert fresh_api.list(path)["invoice"]["updated"] == invoice["updated"]
        fresh_api.put(path, invoice={"notes": "x"})
        assert fresh_api.list(path)["invoice"]["updated"] > invoice["updated"]

    def test_sending_mails_the_client_again_and_again(
        self, fresh: Sandbox, fresh_api: Api, invoice: dict[str, Any]
    ) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        for _ in range(2):
            assert fresh_api.put(path, invoice={"action_email": True}).status_code == 200
        assert [mail["recipients"] for mail in fresh.outbox] == [["pay@acme.example"]] * 2
        assert fresh_api.list(path)["invoice"]["v3_status"] == "sent"
        custom = {"subject": "Hi", "body": "Text"}
        sent = {"action_email": True, "email_recipients": ["a@b.c"], "invoice_customized_email": custom}
        fresh_api.put(path, invoice=sent)
        assert (fresh.outbox[-1]["recipients"], fresh.outbox[-1]["subject"]) == (["a@b.c"], "Hi")

    def test_the_share_link_needs_a_sent_invoice(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        assert fresh_api.get(f"{path}/share_link").status_code == 422
        fresh_api.put(path, invoice={"action_mark_as_sent": True})
        assert "my.freshbooks.com" in fresh_api.list(f"{path}/share_link")["share_link"]["share_link"]
        assert fresh_api.get(f"{path}/pdf").content.startswith(b"%PDF-")

    def test_deleting_by_put_and_by_verb(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        path = f"{INVOICES}/{invoice['id']}"
        fresh_api.put(path, invoice={"vis_state": 1})
        assert fresh_api.list(INVOICES)["total"] == 0
        fresh_api.put(path, invoice={"vis_state": 0})
        assert fresh_api.list(INVOICES)["total"] == 1
        assert fresh_api.call("DELETE", path).status_code == 200
        assert fresh_api.list(path)["invoice"]["vis_state"] == 1

    def test_nothing_is_idempotent(self, fresh_api: Api, client: int) -> None:
        body = {"customerid": client, "create_date": "2026-11-01", "po_number": "marker-1"}
        assert fresh_api.made(INVOICES, invoice=body)["id"] != fresh_api.made(INVOICES, invoice=body)["id"]

    def test_linked_time_flips_to_billed_under_the_switch_only(
        self, fresh: Sandbox, fresh_api: Api, client: int
    ) -> None:
        entry = {"identity_id": 1, "is_logged": True, "started_at": "2026-10-01T12:00:00Z", "duration": 3600}
        number = fresh.create("time_entries", MAIN, **entry)["id"]
        line = {"name": "t", "unit_cost": "100", "modern_time_entries": [{"id": number}]}
        body = {"customerid": client, "create_date": "2026-11-01", "lines": [line]}
        row = fresh_api.made(INVOICES, invoice=body)
        assert not fresh.books(MAIN)["time_entries"][number]["billed"]
        fresh_api.put(f"{INVOICES}/{row['id']}", invoice={"vis_state": 1})
        fresh.behaviours.link_time_entries = True
        row = fresh_api.made(INVOICES, invoice=body)
        assert fresh.books(MAIN)["time_entries"][number]["billed"]
        fresh_api.put(f"{INVOICES}/{row['id']}", invoice={"vis_state": 1})
        assert not fresh.books(MAIN)["time_entries"][number]["billed"]


class TestPayment:
    def pay(self, fresh_api: Api, invoice: dict[str, Any], amount: str, **more: Any) -> dict[str, Any]:
        fields = {
            "invoiceid": invoice["id"],
            "amount": {"amount": amount, "code": "CAD"},
            "date": "2026-11-03",
        }
        return fresh_api.made(PAYMENTS, payment={**fields, "type": "Check", **more})

    def test_it_moves_the_invoice(self, fresh: Sandbox, fresh_api: Api, invoice: dict[str, Any]) -> None:
        fresh.clock.advance(hours=1)
        payment = self.pay(fresh_api, invoice, "20.00")
        row = fresh_api.list(f"{INVOICES}/{invoice['id']}")["invoice"]
        assert (row["paid"]["amount"], row["outstanding"]["amount"]) == ("20.00", "21.94")
        assert (row["status"], row["v3_status"], row["payment_status"]) == (2, "partial", "partial")
        assert row["updated"] == payment["updated"] == "2026-11-05 11:30:00"

    def test_what_is_over_becomes_a_credit_note(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        payment = self.pay(fresh_api, invoice, "50.00")
        assert payment["amount"]["amount"] == "41.94"
        note = fresh_api.list(f"{{acct}}/credit_notes/credit_notes/{payment['overpaymentid']}")["credit_note"]
        assert (note["credit_type"], note["amount"]["amount"]) == ("overpayment", "8.06")
        row = fresh_api.list(f"{INVOICES}/{invoice['id']}")["invoice"]
        assert (row["v3_status"], row["date_paid"]) == ("paid", "2026-11-03")

    def test_taking_it_back_reopens_the_invoice(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        payment = self.pay(fresh_api, invoice, "41.94")
        fresh_api.put(f"{PAYMENTS}/{payment['id']}", payment={"vis_state": 1})
        row = fresh_api.list(f"{INVOICES}/{invoice['id']}")["invoice"]
        assert (row["v3_status"], row["outstanding"], row["date_paid"]) == ("sent", row["amount"], None)

    def test_a_payment_outlives_its_invoice(self, fresh_api: Api, invoice: dict[str, Any]) -> None:
        payment = self.pay(fresh_api, invoice, "20.00")
        fresh_api.put(f"{INVOICES}/{invoice['id']}", invoice={"vis_state": 1})
        assert [p["id"] for p in fresh_api.list(PAYMENTS)["payments"]] == [payment["id"]]
        assert fresh_api.list(f"{INVOICES}/{invoice['id']}")["invoice"]["outstanding"]["amount"] == "21.94"


class TestExpense:
    @pytest.fixture
    def fields(self, fresh: Sandbox) -> dict[str, Any]:
        category = next(iter(fresh.books(MAIN)["expense_categories"]))
        amount = {"amount": "54.00", "code": "CAD"}
        return {
            "amount": amount,
            "categoryid": category,
            "staffid": 1,
            "date": "2026-11-02",
            "vendor": "Staples",
        }

    def test_receipt_first_then_the_expense_with_its_jwt(
        self, fresh: Sandbox, fresh_api: Api, fields: dict[str, Any]
    ) -> None:
        url = "/uploads/account/mPx4Q9/attachments"
        upload = fresh_api.call("POST", url, files={"content": ("r.jpg", b"\xff\xd8bytes", "image/jpeg")})
        assert upload.status_code == 201
        jwt = upload.json()["attachment"]["jwt"]
        row = fresh_api.made(
            EXPENSES, expense={**fields, "attachment": {"jwt": jwt, "media_type": "image/jpeg"}}
        )
        assert row["has_receipt"]
        seen = fresh_api.list(f"{EXPENSES}/{row['id']}", {"include[]": "attachment"})["expense"]
        assert seen["attachment"]["jwt"] == jwt
        assert fresh_api.get(f"/uploads/attachments/{jwt}").content == b"\xff\xd8bytes"

    @pytest.mark.parametrize("missing", ["amount", "categoryid", "staffid", "date"])
    def test_four_fields_are_required(self, fresh_api: Api, fields: dict[str, Any], missing: str) -> None:
        del fields[missing]
        assert errno(fresh_api.post(EXPENSES, expense=fields)) == (422, 1001)

    def test_equal_ones_are_taken_and_both_flagged(
        self, fresh: Sandbox, fresh_api: Api, fields: dict[str, Any]
    ) -> None:
        first, second = fresh_api.made(EXPENSES, expense=fields), fresh_api.made(EXPENSES, expense=fields)
        assert fresh.books(MAIN)["expenses"][first["id"]]["isduplicate"]
        assert second["isduplicate"]

    def test_a_client_makes_it_outstanding_and_a_line_rebills_it(
        self, fresh: Sandbox, fresh_api: Api, fields: dict[str, Any], client: int
    ) -> None:
        row = fresh_api.made(EXPENSES, expense={**fields, "clientid": client})
        assert row["status"] == 1
        line = {"type": 1, "expenseid": row["id"], "name": "Receipt", "unit_cost": "54.00"}
        fresh_api.made(INVOICES, invoice={"customerid": client, "create_date": "2026-11-03", "lines": [line]})
        assert fresh.books(MAIN)["expenses"][row["id"]]["status"] == 2

    def test_numbers_keep_their_cents(self, fresh_api: Api, fields: dict[str, Any]) -> None:
        row = fresh_api.made(EXPENSES, expense={**fields, "amount": {"amount": 0.07, "code": "CAD"}})
        assert row["amount"]["amount"] == "0.07"

    def test_an_unknown_category_is_refused(self, fresh_api: Api, fields: dict[str, Any]) -> None:
        assert errno(fresh_api.post(EXPENSES, expense={**fields, "categoryid": 5})) == (404, 1012)


class TestTimeAndProjects:
    def entry(self, fresh_api: Api, **fields: Any) -> Any:
        body = {"is_logged": True, "duration": 3600, "started_at": "2026-11-02T10:00:00Z", **fields}
        return fresh_api.call("POST", TIME, json={"time_entry": body})

    def test_create_fills_in_the_caller(self, fresh_api: Api) -> None:
        row = self.entry(fresh_api).json()["time_entry"]
        assert (row["identity_id"], row["billable"], row["billed"]) == (2_192_788, True, False)

    def test_a_put_replaces_the_entry(self, fresh_api: Api, client: int) -> None:
        row = self.entry(fresh_api, client_id=client, note="n").json()["time_entry"]
        body = {"is_logged": True, "duration": 60, "started_at": "2026-11-02T10:00:00Z"}
        after = fresh_api.put(f"{TIME}/{row['id']}", time_entry=body).json()["time_entry"]
        assert (after["client_id"], after["note"], after["duration"]) == (None, "", 60)

    def test_started_at_may_not_be_null_or_a_bare_date(self, fresh_api: Api) -> None:
        assert self.entry(fresh_api, started_at=None).json()["error"] == {
            "started_at": "none is not an allowed value"
        }
        assert self.entry(fresh_api, started_at="2026-11-02").status_code == 422

    def test_billed_can_be_put_unless_the_switch_says_no(self, fresh: Sandbox, fresh_api: Api) -> None:
        row = self.entry(fresh_api).json()["time_entry"]
        body = {"is_logged": True, "duration": 60, "started_at": "2026-11-02T10:00:00Z", "billed": True}
        fresh.behaviours.billed_writable = False
        assert not fresh_api.put(f"{TIME}/{row['id']}", time_entry=body).json()["time_entry"]["billed"]
        fresh.behaviours.billed_writable = True
        assert fresh_api.put(f"{TIME}/{row['id']}", time_entry=body).json()["time_entry"]["billed"]

    def test_deletes_answer_204_and_leave_the_list(self, fresh_api: Api) -> None:
        row = self.entry(fresh_api).json()["time_entry"]
        answer = fresh_api.call("DELETE", f"{TIME}/{row['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert fresh_api.get(TIME).json()["time_entries"] == []

    def test_a_project_put_needs_its_title(self, fresh_api: Api) -> None:
        root = "/projects/business/439000"
        row = fresh_api.call("POST", f"{root}/project", json={"project": {"title": "P"}}).json()["project"]
        assert (row["project_type"], row["billing_method"], row["rate"]) == (
            "hourly_rate",
            "project_rate",
            None,
        )
        refused = fresh_api.put(f"{root}/project/{row['id']}", project={"complete": True})
        assert refused.json() == {"message": "An internal error has occurred."}
        changed = fresh_api.put(f"{root}/project/{row['id']}", project={"title": "P", "complete": True})
        assert changed.json()["project"]["complete"]
        assert fresh_api.call("DELETE", f"{root}/projects/{row['id']}").status_code == 204
        assert fresh_api.get(f"{root}/projects").json()["projects"] == []

    def test_project_type_flat_rate_is_invalid(self, fresh_api: Api) -> None:
        body = {"title": "P", "project_type": "flat_rate"}
        assert (
            fresh_api.call("POST", "/projects/business/439000/project", json={"project": body}).status_code
            == 422
        )


class TestClientsAndEstimates:
    def test_the_plans_client_limit_is_402(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.client_limit = 1
        assert errno(fresh_api.post(CLIENTS, client={"organization": "X"})) == (402, 7005)

    def test_documents_keep_the_old_name_but_follow_in_current_organization(
        self, fresh_api: Api, client: int, invoice: dict[str, Any]
    ) -> None:
        fresh_api.put(f"{CLIENTS}/{client}", client={"organization": "Renamed"})
        row = fresh_api.list(f"{INVOICES}/{invoice['id']}")["invoice"]
        assert (row["organization"], row["current_organization"]) == ("Acme", "Renamed")

    def test_an_estimate_lives_from_draft_to_accepted(self, fresh_api: Api, client: int) -> None:
        body = {
            "customerid": client,
            "create_date": "2026-11-01",
            "lines": [{"name": "x", "unit_cost": "9.99"}],
        }
        row = fresh_api.made("{acct}/estimates/estimates", estimate=body)
        assert (row["status"], row["ui_status"]) == (1, "draft")
        path = f"{{acct}}/estimates/estimates/{row['id']}"
        fresh_api.put(path, estimate={"action_email": True})
        row = fresh_api.put(path, estimate={"action_accept": True}).json()["response"]["result"]["estimate"]
        assert (row["status"], row["accepted"], row["invoiced"]) == (5, True, False)

    def test_taxes_are_deleted_for_good(self, fresh_api: Api) -> None:
        row = fresh_api.made("{acct}/taxes/taxes", tax={"name": "VAT", "amount": "20"})
        fresh_api.call("DELETE", f"{{acct}}/taxes/taxes/{row['id']}")
        assert fresh_api.get(f"{{acct}}/taxes/taxes/{row['id']}").status_code == 404

    def test_a_body_without_its_wrapper_is_refused(self, fresh_api: Api) -> None:
        assert errno(fresh_api.call("POST", CLIENTS, json={"organization": "X"})) == (422, 1001)
        assert errno(fresh_api.call("POST", CLIENTS, data=b"{")) == (400, 1005)

    def test_a_person_edits_and_the_rest_follows(self, fresh: Sandbox, invoice: dict[str, Any]) -> None:
        row = fresh.edit("invoices", MAIN, invoice["id"], discount_value="0")
        assert row["amount"]["amount"] == "46.60"
        with pytest.raises(KeyError, match="no field"):
            fresh.edit("invoices", MAIN, invoice["id"], colour="red")

    def test_a_reading_token_cannot_write(self, fresh: Sandbox, client: int) -> None:
        reader = caller(fresh, ["user:invoices:read"])
        body = {"customerid": client, "create_date": "2026-11-01"}
        assert reader.post(INVOICES, invoice=body).status_code == 403


class TestNamesAndNumbers:
    @pytest.mark.parametrize(
        ("path", "key", "fields"),
        [
            (CLIENTS, "client", {"email": "pay@acme.example", "organization": "ACME"}),
            ("{acct}/items/items", "item", {"name": "Brand guide"}),
            ("{acct}/bill_vendors/bill_vendors", "bill_vendor", {"vendor_name": "Solisco"}),
        ],
    )
    def test_a_twin_already_exists(
        self, fresh: Sandbox, fresh_api: Api, client: int, path: str, key: str, fields: dict[str, str]
    ) -> None:
        if key == "bill_vendor":
            fresh.archive("bill_vendors", MAIN, fresh.create("bill_vendors", MAIN, **fields)["vendorid"])
        refused = fresh_api.post(path, **{key: fields})
        assert refused.status_code == 409
        assert "already exists" in refused.text
        fresh.behaviours.unique_names = False
        assert fresh_api.post(path, **{key: fields}).status_code == 200

    def test_clients_who_share_only_an_email_or_a_name_are_two(self, fresh_api: Api, client: int) -> None:
        assert (
            fresh_api.post(CLIENTS, client={"email": "pay@acme.example", "organization": "B"}).status_code
            == 200
        )
        assert fresh_api.post(CLIENTS, client={"organization": "Acme"}).status_code == 200

    @pytest.mark.parametrize(("status", "shown"), [(1, "draft"), (2, "sent"), (3, "viewed")])
    def test_a_new_invoice_may_say_its_status(
        self, fresh_api: Api, client: int, status: int, shown: str
    ) -> None:
        fields = {"customerid": client, "create_date": "2026-11-05", "status": status}
        assert fresh_api.made(INVOICES, invoice=fields)["v3_status"] == shown

    @pytest.mark.parametrize(
        ("wrong", "number"), [({"status": 4}, 8008), ({"invoice_number": "1" * 21}, 1017)]
    )
    def test_what_a_new_invoice_may_not_say(
        self, fresh_api: Api, client: int, wrong: dict[str, Any], number: int
    ) -> None:
        fields = {"customerid": client, "create_date": "2026-11-05", **wrong}
        assert errno(fresh_api.post(INVOICES, invoice=fields)) == (422, number)


class TestTimers:
    START = "/comments/business/439000/time_entries"
    FIELDS = {"is_logged": False, "started_at": "2026-11-05T15:00:00Z", "duration": None}  # noqa: RUF012

    def unlogged(self, fresh_api: Api) -> list[dict[str, Any]]:
        return fresh_api.get(TIME, {"include_unlogged": "true"}).json()["time_entries"]

    def test_one_starts_pauses_goes_on_and_is_logged_to_the_minute(
        self, fresh: Sandbox, fresh_api: Api
    ) -> None:
        first = fresh_api.post(self.START, time_entry={**self.FIELDS, "timer": {}}).json()["time_entry"]
        timer = first["timer"]["id"]
        assert first["timer"] == {"id": timer, "is_running": True}
        assert fresh_api.get(TIME).json()["time_entries"] == []
        paused = {**self.FIELDS, "duration": 57, "note": "Sketches"}
        row = fresh_api.put(f"{self.START}/{first['id']}", time_entry=paused).json()["time_entry"]
        assert (row["duration"], row["timer"]["is_running"]) == (57, False)
        again = {**self.FIELDS, "started_at": "2026-11-05T15:20:00Z", "timer": {"id": timer}}
        second = fresh_api.post(self.START, time_entry=again).json()["time_entry"]
        assert [e["timer"] for e in self.unlogged(fresh_api)] == [{"id": timer, "is_running": True}] * 2
        logged = fresh_api.put(f"/comments/business/439000/timers/{timer}", timer={}).json()["time_entry"]
        assert (logged["id"], logged["is_logged"], logged["note"]) == (first["id"], True, "Sketches")
        assert logged["duration"] == 660  # 57 seconds and ten minutes, to the nearest minute
        assert fresh_api.get(f"{TIME}/{second['id']}").status_code == 404
        assert self.unlogged(fresh_api) == [logged]

    def test_an_unlogged_entry_of_the_public_path_has_no_timer(self, fresh_api: Api) -> None:
        made = fresh_api.post(TIME, time_entry=self.FIELDS).json()["time_entry"]
        assert (made["is_logged"], made["timer"]) == (False, None)
        assert fresh_api.get(TIME).json()["time_entries"] == []

    def test_an_unknown_timer_is_not_found(self, fresh_api: Api) -> None:
        assert fresh_api.put("/comments/business/439000/timers/1", timer={}).status_code == 404
        gone = {**self.FIELDS, "timer": {"id": 1}}
        assert fresh_api.post(self.START, time_entry=gone).status_code == 404
