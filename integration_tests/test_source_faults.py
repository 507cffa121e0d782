"""Trouble on the way: rows are neither lost nor invented, and an error says what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalogSerializer,
)

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import catalog_of, error_text, rows, run_source, states

INVOICES = "*/invoices/invoices"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off at once; how long it waits is not what these tests are about."""
    monkeypatch.setattr("source_freshbooks.components.http.Backoff.backoff_time", lambda *_, **__: 0.01)
    monkeypatch.setattr("time.sleep", lambda _: None)


def everything(sandbox: Sandbox, resource: str) -> set[tuple[int, int]]:
    return {(b, row_id) for b in (439000, 439117) for row_id in sandbox.books(b)[resource]}


def read_ids(output: Any) -> set[tuple[int, int]]:
    return {(r["business_id"], r["invoiceid"]) for r in rows(output, "invoices")}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 502, "body": "<html>Bad Gateway</html>"},
        {"kind": "status", "status": 503},
        {
            "kind": "status",
            "status": 409,
            "body": {"response": {"errors": [{"errno": 409, "message": "busy"}]}},
        },
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "truncate"},
        {"kind": "not_json"},
        {"kind": "rate_limited", "seconds": 1},
        {"kind": "short_page", "rows": 3},
        {"kind": "wrong_total", "rows": 1},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_passing_trouble_loses_no_row(sandbox: Sandbox, read: Read, fault: dict[str, Any]) -> None:
    for page in (1, 2):
        sandbox.faults.add(path=INVOICES, page=page, times=1, **fault)
    output = read("invoices")
    assert not output.errors
    assert read_ids(output) == everything(sandbox, "invoices")


def test_trouble_that_stays_fails_the_stream_and_keeps_its_state(sandbox: Sandbox, read: Read) -> None:
    state = states(read("invoices", "clients"))
    sandbox.edit("invoices", 439000, next(iter(sandbox.books(439000)["invoices"])), notes="changed")
    sandbox.faults.add(kind="status", status=500, path=INVOICES, times=None)
    failed = read("invoices", "clients", state=state, expecting_exception=True)
    assert failed.get_stream_statuses("invoices")[-1] == AirbyteStreamStatus.INCOMPLETE
    assert failed.get_stream_statuses("clients")[-1] == AirbyteStreamStatus.COMPLETE
    assert "FreshBooks answered with status 500" in error_text(failed)
    sandbox.faults.clear()
    healed = read("invoices", "clients", state=states(failed))
    assert any(r["notes"] == "changed" for r in rows(healed, "invoices"))


def test_an_error_under_a_good_status_is_an_error(sandbox: Sandbox, read: Read) -> None:
    """The public connector calls it an empty, complete list, and an overwriting sync empties the table."""
    sandbox.faults.add(kind="error_200", errno=1012, path=INVOICES, times=None)
    output = read("invoices", expecting_exception=True)
    assert output.get_stream_statuses("invoices")[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "error 1012" in error_text(output)


def test_rows_counted_but_never_sent_are_told(sandbox: Sandbox, read: Read) -> None:
    sandbox.behaviours.unreadable.add("invoices")
    output = read("invoices")
    assert not rows(output, "invoices")
    assert any("may not read are counted but never sent" in m.log.message for m in output.logs)


@pytest.mark.parametrize("by_page", [False, True], ids=["records", "batches"])
def test_a_list_that_came_short_is_read_from_the_same_place_again(
    sandbox: Sandbox, read: Read, config: dict[str, Any], tmp_path: Path, by_page: bool
) -> None:
    """It came short in both looks: a cursor past it would leave the missing rows behind for good."""

    def sync(state: list[AirbyteStateMessage] | None) -> dict[int, str]:
        if by_page:
            return _cursors(_read_by_page(config, tmp_path, state))
        output = read("invoices", state=state)
        assert not output.errors
        return _cursors(states(output))

    account = f"*{sandbox.books(439000).account_id}/invoices/invoices"
    sandbox.faults.add(kind="short_page", rows=40, path=account, query="*vis_state]=0*", page=2, times=None)
    short = sync(None)
    assert short[439000] == "1970-01-01T00:00:00Z"
    assert short[439117] > "2026"
    sandbox.edit("invoices", 439000, max(sandbox.books(439000)["invoices"]), notes="changed")
    sandbox.faults.clear()
    healed = sync(None)
    sandbox.faults.add(kind="short_page", rows=1, path=account, times=None)
    sandbox.edit("invoices", 439000, min(sandbox.books(439000)["invoices"]), notes="changed")
    assert sync(_state(healed)) == healed


def test_rows_missing_from_a_list_come_with_the_next_sync(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(kind="short_page", rows=40, path=INVOICES, query="*vis_state]=0*", page=2, times=None)
    first = read("invoices")
    assert not first.errors
    assert len(read_ids(first)) < len(everything(sandbox, "invoices"))
    assert any("reads from the same place again" in m.log.message for m in first.logs)
    sandbox.faults.clear()
    second = read("invoices", state=states(first))
    assert read_ids(first) | read_ids(second) == everything(sandbox, "invoices")


def _state(cursors: dict[int, str]) -> list[AirbyteStateMessage]:
    saved = [{"partition": {"business_id": b}, "cursor": {"updated_at_utc": c}} for b, c in cursors.items()]
    stream = {"stream_descriptor": {"name": "invoices"}, "stream_state": {"states": saved}}
    return [AirbyteStateMessageSerializer.load({"type": "STREAM", "stream": stream})]


def _cursors(saved: list[AirbyteStateMessage]) -> dict[int, str]:
    (message,) = saved
    return {
        s["partition"]["business_id"]: s["cursor"]["updated_at_utc"]
        for s in message.stream.stream_state.states
    }


def _read_by_page(
    config: dict[str, Any], folder: Path, state: list[AirbyteStateMessage] | None
) -> list[AirbyteStateMessage]:
    """The last state of the console script, whose records leave by the page."""
    inputs = {
        "config": config,
        "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog_of("invoices")),
        **({"state": [AirbyteStateMessageSerializer.dump(s) for s in state]} if state else {}),
    }
    done = run_source(folder, "read", **inputs)
    assert done.returncode == 0, done.stdout
    found = [m["state"] for line in done.stdout.splitlines() if (m := json.loads(line))["type"] == "STATE"]
    return [AirbyteStateMessageSerializer.load(found[-1])]


def test_a_page_that_is_another_is_asked_for_again(sandbox: Sandbox, read: Read) -> None:
    _answer_page_2_with_page_1(sandbox, times=2)
    output = read("invoices")
    assert not output.errors
    assert read_ids(output) == everything(sandbox, "invoices")


def test_a_page_that_stays_another_fails_the_stream(sandbox: Sandbox, read: Read) -> None:
    _answer_page_2_with_page_1(sandbox, times=None)
    output = read("invoices", expecting_exception=True)
    assert output.get_stream_statuses("invoices")[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "answered page 2 of" in error_text(output)
    assert "with page 1, 3 times in a row" in error_text(output)


def _answer_page_2_with_page_1(sandbox: Sandbox, times: int | None) -> None:
    """As a cache or an ignored parameter would; nothing but the answer's own number tells."""
    seen: list[bytes] = []
    active = {"path": f"*{sandbox.books(439000).account_id}/invoices/invoices", "query": "*vis_state]=0*"}

    def keep(body: bytes) -> bytes:
        seen.append(body)
        return body

    sandbox.faults.add(kind="rewrite", page=1, times=None, rewrite=keep, **active)
    sandbox.faults.add(kind="rewrite", page=2, times=times, rewrite=lambda _: seen[0], **active)


def test_an_unknown_business_id_lists_the_known_ones(read: Read, config: dict[str, Any]) -> None:
    output = read("clients", config={**config, "business_ids": [12345]}, expecting_exception=True)
    assert "no business with id 12345" in error_text(output)
    assert "439000, 439117, 600777" in error_text(output)


def test_rows_deleted_while_a_list_is_read_pull_none_over_the_page_boundary(
    sandbox: Sandbox, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    from source_freshbooks.components.retriever_list import ListRead

    real = ListRead._fetch
    newest = max(sandbox.books(439000)["invoices"])

    def fetch(self: Any, params: Any) -> Any:
        if params["page"] == 2 and sandbox.books(439000)["invoices"][newest]["vis_state"] == 0:
            sandbox.delete("invoices", 439000, newest)
        return real(self, params)

    monkeypatch.setattr(ListRead, "_fetch", fetch)
    assert read_ids(read("invoices")) == everything(sandbox, "invoices")


def test_malformed_rows_lose_only_what_is_malformed(sandbox: Sandbox, read: Read) -> None:
    row_id, row = next(iter(sandbox.books(439000)["invoices"].items()))
    row |= {"updated": "2019-09-13 08:16:74", "due_date": "2026-02-31", "customerid": "217572"}
    sandbox.books(439000).table("invoices").changed()
    found = [
        r
        for r in rows(read("invoices"), "invoices")
        if (r["business_id"], r["invoiceid"]) == (439000, row_id)
    ]
    assert len(found) == 1
    assert found[0]["customerid"] == 217572
    assert found[0].get("due_date") is None
    assert found[0]["updated"] == "2019-09-13 08:16:74"
    assert found[0]["updated_at_utc"] >= "2026"


def test_a_stamp_in_the_future_does_not_hide_later_changes(sandbox: Sandbox, read: Read) -> None:
    row_id, row = next(iter(sandbox.books(439000)["invoices"].items()))
    row["updated"] = "2099-01-01 00:00:00"
    sandbox.books(439000).table("invoices").changed()
    state = states(read("invoices"))
    other = max(sandbox.books(439000)["invoices"])
    assert other != row_id
    sandbox.edit("invoices", 439000, other, notes="a later change")
    assert any(r["notes"] == "a later change" for r in rows(read("invoices", state=state), "invoices"))


def _rename_first(body: bytes, name: bytes) -> bytes:
    """The first client's organization becomes the bytes `name`."""
    start = body.index(b'"organization":"') + len(b'"organization":"')
    return body[:start] + name + body[body.index(b'"', start) :]


@pytest.mark.parametrize(
    "name", [rb"Caf\ud83d", b"Caf\xe9", b"Caf\x01"], ids=["surrogate", "latin-1", "control"]
)
def test_bytes_that_are_no_text_cost_that_text_alone(sandbox: Sandbox, read: Read, name: bytes) -> None:
    path = f"*{sandbox.books(439000).account_id}/users/clients"
    sandbox.faults.add(
        kind="rewrite",
        path=path,
        query="*vis_state]=0*",
        times=None,
        rewrite=lambda body: _rename_first(body, name),
    )
    output = read("clients")
    assert not output.errors
    found = [r for r in rows(output, "clients") if r["organization"] == "Caf\ufffd"]
    assert len(found) == 1
    assert len(rows(output, "clients")) == len(everything(sandbox, "clients"))
    warned = [m.log.message for m in output.logs if m.log.level.value == "WARN"]
    assert len(warned) == 1
    assert warned[0].startswith("clients of business 439000: ")
    assert str(found[0]["userid"]) in warned[0]


def test_a_body_that_stays_unreadable_says_so_after_a_few_tries(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(kind="not_json", path=INVOICES, times=None)
    output = read("invoices", expecting_exception=True)
    assert "with a body that cannot be read as JSON, 3 times in a row" in error_text(output)
    assert "network" not in error_text(output)
    assert len(sandbox.requests.matching(INVOICES)) == 6  # of two businesses


def test_a_bad_request_without_a_number_is_asked_once_more(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(kind="status", status=400, body="<html>nope</html>", path=INVOICES, page=2, times=1)
    output = read("invoices")
    assert not output.errors
    assert read_ids(output) == everything(sandbox, "invoices")


def test_a_bad_request_that_stays_is_shown_as_it_came_without_its_secrets(
    sandbox: Sandbox, read: Read, config: dict[str, Any]
) -> None:
    secret = config["credentials"]["client_secret"]
    body = {
        "fault": f"no such thing for jane@client.example with token={secret} " + "x" * 20 + " " + "y " * 300
    }
    sandbox.faults.add(kind="status", status=400, body=body, path=INVOICES, times=None)
    text = error_text(read("invoices", expecting_exception=True))
    assert "no such thing for **** with ****" in text
    assert secret not in text
    assert "jane" not in text
    assert "y " * 101 not in text


def test_a_row_without_its_key_is_set_aside_and_listed(sandbox: Sandbox, read: Read) -> None:
    """And still is when the next sync's list does not show it any more."""

    def without_key(body: bytes) -> bytes:
        answer = json.loads(body)
        if found := answer["response"]["result"]["invoices"]:
            found[0] = {**found[0], "invoiceid": None, "id": "none"}
        return json.dumps(answer).encode()

    path = f"*{sandbox.books(439000).account_id}/invoices/invoices"
    sandbox.faults.add(
        kind="rewrite", path=path, page=1, query="*vis_state]=0*", times=1, rewrite=without_key
    )
    first = read("invoices", "stream_availability")
    assert len(read_ids(first)) == len(everything(sandbox, "invoices")) - 1
    assert [m.log.message for m in first.logs if m.log.level.value == "WARN"][-1].startswith(
        "invoices of business 439000: 1 row without a readable key (invoiceid: key_missing)"
    )
    assert _rejected(first) == [{"column": "invoiceid", "why": "key_missing"}]
    assert _rejected(read("invoices", "stream_availability", state=states(first))) == _rejected(first)
    assert not _rejected(read("invoices", "stream_availability"))


def _rejected(output: Any) -> list[dict[str, Any]]:
    [row] = [
        r
        for r in rows(output, "stream_availability")
        if (r["business_id"], r["stream_name"]) == (439000, "invoices")
    ]
    return [{k: r[k] for k in ("column", "why")} for r in row.get("rejected_rows") or []]
