"""Plans, roles and scopes: what was never given is left out and told as data, what is taken away is an error."""

from datetime import UTC, datetime
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, Status
from airbyte_cdk.test.entrypoint_wrapper import read as run_read

from freshbooks_api.scopes import READ, WITH_OPTIONAL, ScopeSet, needed
from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import RECENT, catalog_of, config_of, discovered, error_text, rows, states
from source_freshbooks import SourceFreshbooks


def warnings(output: Any) -> str:
    return "\n".join(m.log.message for m in output.logs if m.log.level.value == "WARN")


def told(output: Any) -> str:
    """What the log tells without a warning."""
    return "\n".join(m.log.message for m in output.logs if m.log.level.value == "INFO")


def availability(output: Any) -> dict[tuple[int, str], dict[str, Any]]:
    return {(r["business_id"], r["stream_name"]): r for r in rows(output, "stream_availability")}


@pytest.mark.parametrize(("stream", "errno"), [("items", 12001), ("bills", 41001), ("bill_vendors", 31001)])
def test_a_feature_the_plan_never_had_is_left_out_and_told_as_data(
    sandbox: Sandbox, read: Read, stream: str, errno: int
) -> None:
    sandbox.behaviours.gated.add(stream)
    output = read(stream, "clients", "stream_availability")
    assert not output.errors
    assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.COMPLETE
    assert not rows(output, stream)
    assert rows(output, "clients")
    assert f"{stream} of business 439000 is left out" in told(output)
    assert f"error {errno}" in told(output)
    assert not warnings(output)
    row = availability(output)[439000, stream]
    assert (row["status"], row["errno"], row["http_status"], row["has_rows"]) == ("gated", errno, 200, False)
    assert availability(output)[439000, "clients"]["status"] == "read"


def test_it_may_be_left_out_every_time_and_comes_when_the_plan_does(sandbox: Sandbox, read: Read) -> None:
    sandbox.behaviours.gated.add("bill_payments")
    first = read("bill_payments")
    second = read("bill_payments", state=states(first))
    assert not second.errors
    sandbox.behaviours.gated.clear()
    assert rows(read("bill_payments", state=states(second)), "bill_payments")


@pytest.mark.parametrize("stream", ["items", "bill_payments"])
def test_a_feature_that_was_there_and_is_taken_away_fails_with_a_remedy(
    sandbox: Sandbox, read: Read, stream: str
) -> None:
    state = states(read(stream))
    sandbox.behaviours.gated.add(stream)
    output = read(stream, state=state, expecting_exception=True)
    assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "check" in error_text(output)


def test_a_scope_that_was_never_granted_leaves_its_stream_out_and_is_named(
    sandbox: Sandbox, read: Read, config: dict[str, Any]
) -> None:
    tokens = sandbox.grant(scopes=["user:profile:read", "user:clients:read"])
    config["credentials"] |= {key: tokens[key] for key in ("access_token", "refresh_token")}
    output = read("invoices", "clients", "stream_availability", config=config)
    assert rows(output, "clients")
    assert "lacks user:invoices:read" in told(output)
    assert not warnings(output)
    row = availability(output)[439000, "invoices"]
    assert (row["status"], row["missing_scopes"]) == ("not_granted", "user:invoices:read")
    assert (row["http_status"], row["has_rows"]) == (403, False)


def test_the_ledgers_own_scope_is_named_with_how_to_ask_for_it(
    sandbox: Sandbox, read: Read, config: dict[str, Any]
) -> None:
    """No choice but one asks for it: to connect again as before could not help (1.5)."""
    sandbox.behaviours.account_scope = "required"
    needed_names = [scope.name for scope in needed()]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=needed_names)["access_token"]}
    output = read("ledger_accounts", "clients", "stream_availability", config=config)
    assert not output.errors
    assert rows(output, "clients")
    assert "lacks user:account:read, which is not asked for unless you say so" in told(output)
    assert WITH_OPTIONAL in told(output)
    row = availability(output)[439000, "ledger_accounts"]
    assert (row["status"], row["missing_scopes"]) == ("not_granted", "user:account:read")
    more = [scope.name for scope in needed(ScopeSet.extended)]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=more)["access_token"]}
    assert rows(read("ledger_accounts", config=config), "ledger_accounts")


def test_check_tells_what_every_missing_scope_costs(
    sandbox: Sandbox, config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    granted = [scope.name for scope in READ if scope.name not in ("user:invoices:read", "user:taxes:read")]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=granted)["access_token"]}
    source = SourceFreshbooks(config=config)
    answer = source.check(source.logger, config)
    assert answer.status is Status.SUCCEEDED
    assert answer.message.startswith(
        "Connected. Invoices cannot be read, so balances and revenue are unknown."
    )
    assert "user:invoices:read, user:taxes:read" in answer.message
    assert [r.message for r in caplog.records if r.levelname == "WARNING"] == [answer.message]


def test_check_fails_without_the_scope_for_the_profile(sandbox: Sandbox, config: dict[str, Any]) -> None:
    body = {"message": "insufficient_scope: more is needed. Required: ['user:profile:read']."}
    sandbox.faults.add(kind="status", status=403, path="*/users/me", times=None, body=body)
    source = SourceFreshbooks(config=config)
    answer = source.check(source.logger, config)
    assert answer.status is Status.FAILED
    assert "lacks user:profile:read" in answer.message


SIX = {f"user:{name}:read" for name in ("profile", "invoices", "clients", "expenses", "reports")}


def test_the_six_scopes_of_set_up_guides_are_enough(sandbox: Sandbox) -> None:
    """Every stream: those without a right are told as data, and no report waits for the lists beside it."""
    sandbox.behaviours.enabled_scopes = SIX | {"user:invoices:write"}
    config = config_of(sandbox, start_date=RECENT)
    source = SourceFreshbooks(catalog=catalog_of(), config=config)
    assert source.check(source.logger, config).status is Status.SUCCEEDED
    output = run_read(source, config, catalog_of(), None)
    assert not output.errors
    assert not warnings(output)
    found = availability(output)
    assert {business for business, _ in found} == {439000, 439117, 600777}
    assert {stream for business, stream in found if business == 439000} == {
        s.name for s in discovered() if s.name != "stream_availability"
    }
    for (business, stream), row in found.items():
        records = [r for r in rows(output, stream) if r["business_id"] == business]
        assert (row["status"] == "read") == bool(records) == row["has_rows"], (business, stream)
        if row["status"] == "not_granted":
            assert row["missing_scopes"] not in SIX
    assert {stream for (b, stream), row in found.items() if b == 439000 and row["status"] == "read"} == {
        *("businesses", "clients", "invoices", "invoice_profiles", "expenses", "expense_categories"),
        *(s.name for s in discovered() if s.name.startswith("report_")),
    }
    assert {row["status"] for (b, _), row in found.items() if b == 600777} >= {"not_applicable"}


def test_a_business_without_an_account_has_no_accounting(sandbox: Sandbox, read: Read) -> None:
    row = availability(read("invoices", "ledger_accounts", "stream_availability"))[600777, "invoices"]
    assert (row["status"], row.get("account_id"), row["has_rows"]) == ("not_applicable", None, False)


def test_a_stream_that_failed_has_no_row_so_that_the_earlier_one_stands(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(kind="error_200", errno=1012, path="*/invoices/invoices", times=None)
    output = read("invoices", "clients", "stream_availability", expecting_exception=True)
    assert {stream for business, stream in availability(output) if business == 439000} == {"clients"}
    assert output.get_stream_statuses("stream_availability")[-1] == AirbyteStreamStatus.COMPLETE


def test_a_stream_that_gave_rows_before_says_so_when_nothing_is_new(sandbox: Sandbox, read: Read) -> None:
    first = read("items", "stream_availability")
    later = sandbox.books(439000)["items"].values()
    for row in later:
        row["updated"] = "2020-01-01 00:00:00"
    sandbox.books(439000).table("items").changed()
    again = read("items", "stream_availability", state=states(first))
    assert not [r for r in rows(again, "items") if r["business_id"] == 439000]
    assert availability(again)[439000, "items"]["has_rows"]


def test_rows_counted_and_never_sent_are_a_role_that_does_not_allow_them(
    sandbox: Sandbox, read: Read
) -> None:
    sandbox.behaviours.unreadable.add("invoices")
    row = availability(read("invoices", "stream_availability"))[439000, "invoices"]
    assert (row["status"], row["has_rows"], row.get("counted")) == ("refused", False, None)


def test_a_list_that_hides_some_rows_is_short_with_both_counts(sandbox: Sandbox, read: Read) -> None:
    active = {"path": f"*{sandbox.books(439000).account_id}/users/clients", "query": "*vis_state]=0*"}
    sandbox.faults.add(kind="short_page", rows=2, times=None, **active)
    row = availability(read("clients", "stream_availability"))[439000, "clients"]
    assert (row["status"], row["has_rows"], row["counted"] - row["row_count"] > 0) == ("short", True, True)


def test_check_costs_one_request(sandbox: Sandbox) -> None:
    config = config_of(sandbox)
    source = SourceFreshbooks(config=config)
    assert source.check(source.logger, config).status is Status.SUCCEEDED
    assert [request.path for request in sandbox.requests] == ["/auth/api/v1/users/me"]


@pytest.mark.parametrize("where", [{"page": 2}, {"query": "*vis_state]=1*"}], ids=["page", "deleted"])
def test_a_list_refused_in_the_middle_is_no_stream_that_never_worked(
    sandbox: Sandbox, read: Read, where: dict[str, Any]
) -> None:
    """Its rows would be behind the cursor for good."""
    fault = sandbox.faults.add(kind="error_200", errno=1003, path="*/invoices/invoices", times=None, **where)
    first = read("invoices", expecting_exception=True)
    assert first.get_stream_statuses("invoices")[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "error 1003" in error_text(first)
    assert fault.hits
    sandbox.faults.clear()
    second = read("invoices", state=states(first))
    found = {(r["business_id"], r["invoiceid"]) for o in (first, second) for r in rows(o, "invoices")}
    assert found == {(b, i) for b in (439000, 439117) for i in sandbox.books(b)["invoices"]}


def test_projects_that_were_never_granted_leave_the_services_that_are_listed(
    sandbox: Sandbox, read: Read
) -> None:
    sandbox.faults.add(kind="status", status=403, path="*/projects", times=None)
    output = read("services")
    assert not output.errors
    assert rows(output, "services")
    assert "projects of business 439000 is left out" in told(output)


def test_a_start_date_past_the_cursor_makes_a_lost_feature_no_feature_that_never_was(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    state = states(read("items"))
    sandbox.behaviours.gated.add("items")
    later = {**config, "start_date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    output = read("items", config=later, state=state, expecting_exception=True)
    assert "error 12001" in error_text(output)


def test_a_start_date_that_moves_makes_a_feature_that_never_was_no_lost_feature(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    sandbox.behaviours.gated.add("items")
    state = states(read("items", config={**config, "start_date": "2026-01-01T00:00:00Z"}))
    output = read("items", config={**config, "start_date": "2020-01-01T00:00:00Z"}, state=state)
    assert not output.errors
    assert "items of business 439000 is left out" in told(output)


@pytest.mark.parametrize("stream", ["invoices", "credit_notes"], ids=["filtered", "whole"])
def test_rows_that_are_counted_and_no_longer_sent_are_a_lost_role(
    sandbox: Sandbox, read: Read, stream: str
) -> None:
    state = states(read(stream))
    sandbox.behaviours.unreadable.add(stream)
    output = read(stream, state=state, expecting_exception=True)
    assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "sends none of them, though it did before" in error_text(output)
    assert "administrator's role" in error_text(output)


def test_a_filter_that_leaves_only_unreadable_rows_is_no_lost_role(sandbox: Sandbox, read: Read) -> None:
    state = states(read("invoices"))
    sandbox.faults.add(
        kind="short_page", rows=100, path="*/invoices/invoices", query="*updated_min*", times=None
    )
    output = read("invoices", state=state)
    assert not output.errors
    assert "counted but never sent" in warnings(output)


def _no_account(sandbox: Sandbox) -> None:
    account = f'"account_id":"{sandbox.books(439117).account_id}"'.encode()
    sandbox.faults.add(
        kind="rewrite",
        path="/auth/api/v1/users/me",
        times=None,
        rewrite=lambda body: body.replace(account, b'"account_id":null'),
    )


def _lower_role(sandbox: Sandbox) -> None:
    sandbox.books(439117).role = "business_manager"


@pytest.mark.parametrize(
    ("lose", "reason"), [(_lower_role, "business_manager"), (_no_account, "gives no account_id")]
)
def test_a_business_that_is_lost_fails_its_streams_and_the_others_are_read(
    sandbox: Sandbox, read: Read, lose: Any, reason: str
) -> None:
    state = states(read("taxes", "bill_payments"))
    before = {s.stream.stream_descriptor.name: s.stream.stream_state.__dict__ for s in state}
    lose(sandbox)
    output = read("taxes", "bill_payments", state=state, expecting_exception=True)
    for stream in ("taxes", "bill_payments"):
        assert {r["business_id"] for r in rows(output, stream)} == {439000}
        assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "Business 439117 was read before, but " in error_text(output)
    assert reason in error_text(output)
    assert "business_ids" in error_text(output)
    for left in states(output):
        cursors = {s["partition"]["business_id"]: s["cursor"] for s in left.stream.stream_state.states}
        saved = before[left.stream.stream_descriptor.name]["states"]
        assert cursors[439117] == next(s["cursor"] for s in saved if s["partition"]["business_id"] == 439117)


def test_a_business_that_the_user_leaves_out_is_not_missed(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    state = states(read("taxes"))
    _lower_role(sandbox)
    output = read("taxes", config={**config, "business_ids": [439000]}, state=state)
    assert not output.errors
    assert {r["business_id"] for r in rows(output, "taxes")} == {439000}


def test_a_user_with_lower_roles_alone_reads_what_these_show_and_is_told_once(
    sandbox: Sandbox, read: Read
) -> None:
    for books in sandbox.store.businesses.values():
        books.role = "client" if books.role == "client" else "manager"
    sandbox.books(439117).role = "employee"
    output = read("taxes", "tasks")
    assert not output.errors
    assert {r["business_id"] for r in rows(output, "taxes")} == {439000, 439117}
    warned = [text for text in warnings(output).splitlines() if "Only a part" in text]
    assert len(warned) == 1
    assert "439000 (as manager)" in warned[0]
    assert "439117 (as employee)" in warned[0]
