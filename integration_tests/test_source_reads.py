"""The source over a whole FreshBooks: nothing missed, nothing twice, changes come with the next sync."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.test.entrypoint_wrapper import read as run_read
from jsonschema import Draft7Validator

from freshbooks_api.streams import STREAMS
from freshbooks_sandbox import Sandbox
from freshbooks_sandbox.resources import BY_NAME
from integration_tests.conftest import Read
from integration_tests.connector import (
    RECENT,
    catalog_of,
    config_of,
    discovered,
    lists,
    manifest,
    rows,
    states,
)
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.timestamps import parse_utc

OWNED = (439000, 439117, 600777)
SCHEMAS = {stream.name: stream.json_schema["properties"] for stream in discovered()}
# The native key of each stream whose rows somebody may edit; the sandbox keeps them by it.
LISTS = {
    name: parameters["primary_key"][-1]
    for name, parameters in manifest().items()
    if name in BY_NAME and BY_NAME[name].change
}
# Read whole at each sync: no stamp of their own, or one that may stand still.
WHOLE = {name for name in LISTS if manifest()[name].get("every_row")}
# A text of each that may be edited, where its rows can be deleted and restored.
TEXTS = ("note", "notes", "description", "category", "bill_number")
TEXT_FIELD = {
    name: next(field for field in TEXTS if field in SCHEMAS[name])
    for name in LISTS
    if BY_NAME[name].soft_delete and SCHEMAS[name].keys() & set(TEXTS)
}


def ids(records: list[dict[str, Any]], key: str) -> list[tuple[int, int]]:
    return sorted((record["business_id"], record[key]) for record in records)


def test_every_row_of_every_owned_business_comes_once(sandbox: Sandbox, read: Read) -> None:
    output = read(*lists())
    for stream, key in LISTS.items():
        expected = sorted(
            (business, row_id) for business in OWNED for row_id in _readable(sandbox, business, stream)
        )
        assert ids(rows(output, stream), key) == expected, stream
    assert sorted(r["business_id"] for r in rows(output, "businesses")) == list(OWNED)


def _readable(sandbox: Sandbox, business: int, resource: str) -> list[int]:
    """The ids in the books, but for running timers, which are no entries yet."""
    return [row_id for row_id, row in sandbox.books(business)[resource].items() if row.get("is_logged", True)]


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[Sandbox, dict[str, list[dict[str, Any]]]]]:
    """The records of every stream, read once for the tests that only look at them; with the sandbox asked.

    Reports of some months: they are a request for each month and currency.
    """
    with pytest.MonkeyPatch.context() as patched, Sandbox(seed="demo", rate_limit=None) as sandbox:
        patched.setenv("FRESHBOOKS_API_URL", sandbox.url)
        patched.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        found, connected = {}, config_of(sandbox)
        for config, names in (
            (connected, lists()),
            ({**connected, "start_date": RECENT}, [s.name for s in discovered() if s.name not in lists()]),
        ):
            catalog = catalog_of(*names)
            output = run_read(SourceFreshbooks(catalog=catalog, config=config, state=None), config, catalog)
            found |= {name: rows(output, name) for name in names}
        yield sandbox, found


Everything = tuple[Sandbox, dict[str, list[dict[str, Any]]]]


def test_records_fit_their_schema_and_are_of_the_users_own_businesses(everything: Everything) -> None:
    sandbox, found = everything
    for stream in discovered():
        validator = Draft7Validator(stream.json_schema, format_checker=Draft7Validator.FORMAT_CHECKER)
        assert {record["business_id"] for record in found[stream.name]} <= set(OWNED)
        for record in found[stream.name][::7]:  # some of each business
            validator.validate(record)
    assert len(sandbox.requests) > 10
    assert not any("512340" in request.path for request in sandbox.requests)


def test_no_credential_leaves_the_source(everything: Everything) -> None:
    sandbox, found = everything
    text = json.dumps(found)
    for key in ("statement_token", "direct_link_token", "fasttrack_token", "jwt", "api_token"):
        assert f'"{key}"' not in text
    assert sandbox.client_secret not in text


def test_every_stream_gives_the_rows_of_the_books(everything: Everything) -> None:
    """Of streams that nobody edits, by their keys; of reports, that rows of each business come."""
    sandbox, found = everything
    for name, records in found.items():
        assert {439000, 439117} <= {record["business_id"] for record in records}, name
    for name, key in {
        "service_rates": "service_id",
        "team_member_rates": "identity_id",
        "journal_entry_accounts": "accountid",
        "journal_entry_details": "detailid",
        "ledger_accounts": "uuid",
    }.items():
        keys = [(record["business_id"], record[key]) for record in found[name]]
        assert len(set(keys)) == len(keys), name
        for business in (439000, 439117):
            assert {i for b, i in keys if b == business} == set(sandbox.books(business)[name]), name
    assert len(found["systems"]) == 2


def test_invoices_carry_their_lines_and_utc_stamps(sandbox: Sandbox, read: Read) -> None:
    for record in rows(read("invoices"), "invoices"):
        truth = sandbox.books(record["business_id"])["invoices"][record["invoiceid"]]
        assert [line["lineid"] for line in record["lines"]] == [line["lineid"] for line in truth["lines"]]
        assert record["amount"] == truth["amount"]
        assert record["updated"] == truth["updated"]
        assert record["updated_at_utc"].endswith("Z")
        assert record["account_id"] == sandbox.books(record["business_id"]).account_id


def test_archived_and_deleted_rows_say_so(sandbox: Sandbox, read: Read) -> None:
    seen = set()
    for record in rows(read("clients"), "clients"):
        truth = sandbox.books(record["business_id"])["clients"][record["userid"]]["vis_state"]
        assert (record["is_deleted"], record["is_archived"]) == (truth == 1, truth == 2)
        seen.add(truth)
    assert seen == {0, 1, 2}


def test_archived_clients_come_even_if_they_are_left_out_of_default_lists(
    sandbox: Sandbox, read: Read
) -> None:
    sandbox.behaviours.archived_clients_by_default = False
    assert any(record["is_archived"] for record in rows(read("clients"), "clients"))


def test_rows_that_do_not_say_what_they_are_keep_their_first_flags_if_every_list_shows_them(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    """The filter was ignored: what was asked for is not what came."""

    def without_state(body: bytes) -> bytes:
        answer = json.loads(body)
        for row in answer["response"]["result"]["bill_payments"]:
            row.pop("vis_state")
        return json.dumps(answer).encode()

    for state in (0, 1, 2):  # each list is the first one
        sandbox.faults.add(
            kind="rewrite",
            path="*/bill_payments/bill_payments",
            query=f"*vis_state]={state}*",
            times=None,
            rewrite=lambda _: shown[0],
        )
    shown = [without_state(_bill_payments(sandbox, config["credentials"]["access_token"]))]
    records = [r for r in rows(read("bill_payments"), "bill_payments") if r["business_id"] == 439000]
    assert records
    assert len({r["id"] for r in records}) == len(records)
    assert not any(r["is_deleted"] or r["is_archived"] for r in records)


def _bill_payments(sandbox: Sandbox, token: str) -> bytes:
    path = f"/accounting/account/{sandbox.books(439000).account_id}/bill_payments/bill_payments"
    answer = requests.get(
        sandbox.url + path, params={"per_page": 100}, headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    return answer.content


def test_a_second_sync_reads_only_the_overlap(read: Read) -> None:
    first = read(*lists())
    second = read(*lists(), state=states(first))
    assert not second.errors
    for stream, key in LISTS.items():
        again = rows(second, stream)
        if stream in WHOLE:
            assert ids(again, key) == ids(rows(first, stream), key), stream
            continue
        cursor = manifest()[stream]["cursor_field"]
        newest: dict[int, str] = {}
        for record in rows(first, stream):
            newest[record["business_id"]] = max(newest.get(record["business_id"], ""), record[cursor])
        if len(rows(first, stream)) > 50:
            assert len(again) < 0.5 * len(rows(first, stream)), stream
        for record in again:
            seen = parse_utc(newest[record["business_id"]])
            assert parse_utc(record[cursor]) >= seen - timedelta(days=1), stream


def test_an_edit_a_deletion_and_a_restoration_come_with_the_next_sync(sandbox: Sandbox, read: Read) -> None:
    """Of a row of each list at once."""
    business = 439000
    changed = {stream: LISTS[stream] for stream in TEXT_FIELD}
    chosen = {stream: _active(sandbox, business, stream) for stream in changed}
    state = states(read(*changed))

    def after(change: Callable[[str, int, Any], None], flags: dict[str, bool], *streams: str) -> None:
        nonlocal state
        for stream in streams:
            change(stream, business, chosen[stream])
        output = read(*changed, state=state)
        assert not output.errors
        state = states(output)
        for stream in streams:
            key = changed[stream]
            found = [
                r for r in rows(output, stream) if (r["business_id"], r[key]) == (business, chosen[stream])
            ]
            assert found, (stream, flags)
            assert {name: found[-1][name] for name in flags} == flags, stream
            assert found[-1][TEXT_FIELD[stream]] == "changed just now"

    for stream in changed:
        sandbox.edit(stream, business, chosen[stream], **{TEXT_FIELD[stream]: "changed just now"})
    after(lambda *_: None, {"is_deleted": False}, *changed)
    after(sandbox.delete, {"is_deleted": True}, *changed)
    after(sandbox.undelete, {"is_deleted": False, "is_archived": False}, *changed)
    archivable = changed.keys() - {"projects", "time_entries"}
    after(sandbox.archive, {"is_deleted": False, "is_archived": True}, *archivable)


def _active(sandbox: Sandbox, business: int, resource: str) -> Any:
    rows_of = sandbox.books(business)[resource]
    return next(
        row_id
        for row_id in _readable(sandbox, business, resource)
        if rows_of[row_id].get("vis_state", 0) == 0 and rows_of[row_id].get("active", True)
    )


def test_a_business_connected_later_brings_its_whole_history(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    first = read("invoices", config={**config, "business_ids": [439000]})
    assert {r["business_id"] for r in rows(first, "invoices")} == {439000}
    both = read("invoices", config=config, state=states(first))
    assert ids([r for r in rows(both, "invoices") if r["business_id"] == 439117], "invoiceid") == sorted(
        (439117, row_id) for row_id in sandbox.books(439117)["invoices"]
    )


def test_a_start_date_leaves_older_rows_out(read: Read, config: dict[str, Any]) -> None:
    start = "2026-06-01T00:00:00Z"
    records = rows(read("payments", config={**config, "start_date": start}), "payments")
    assert records
    assert all(record["updated_at_utc"] >= start for record in records)


def test_services_that_only_projects_show_come_too(sandbox: Sandbox, read: Read) -> None:
    embedded = {s["id"] for p in sandbox.books(439000)["projects"].values() for s in p["services"]}
    assert embedded
    sandbox.books(439000)["services"].clear()
    sandbox.books(439000).table("services").changed()
    found = {r["id"] for r in rows(read("services"), "services") if r["business_id"] == 439000}
    assert found == {
        s["id"] for p in sandbox.books(439000)["projects"].values() if p["active"] for s in p["services"]
    }


def test_full_refresh_ignores_nothing(sandbox: Sandbox, read: Read) -> None:
    """A stream that was emptied of its state starts from the beginning."""
    output = read("payments", state=[])
    assert len(rows(output, "payments")) == sum(len(sandbox.books(b)["payments"]) for b in OWNED[:2])


def test_every_stream_is_incremental() -> None:
    """So a destination merges by key, and several connections may share one table."""
    assert len(discovered()) == len(STREAMS) + 1  # and stream_availability
    for stream in discovered():
        assert SyncMode.incremental in stream.supported_sync_modes
        assert ["business_id"] in stream.source_defined_primary_key


def test_businesses_come_whole_at_each_sync_and_move_their_cursor(sandbox: Sandbox, read: Read) -> None:
    first = read("businesses")
    again = read("businesses", state=states(first))
    assert [r["business_id"] for r in rows(again, "businesses")] == list(OWNED)
    stamps = [{r["observed_at"] for r in rows(output, "businesses")} for output in (first, again)]
    assert len(stamps[0]) == len(stamps[1]) == 1
    [state] = states(again)
    assert state.stream is not None
    assert getattr(state.stream.stream_state, "observed_at", None) == max(stamps[1])


def test_a_state_of_an_earlier_version_reads_businesses_on(sandbox: Sandbox, read: Read) -> None:
    """They were read by full refresh then, whose state says that there is no cursor."""
    earlier = AirbyteStateMessage(
        type=AirbyteStateType.STREAM,
        stream=AirbyteStreamState(
            StreamDescriptor(name="businesses"), AirbyteStateBlob({"__ab_no_cursor_state_message": True})
        ),
    )
    output = read("businesses", state=[earlier])
    assert not output.errors
    assert [r["business_id"] for r in rows(output, "businesses")] == list(OWNED)
