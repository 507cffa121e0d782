"""Each way in which an account may differ from what is assumed: verify finds it, the source adapts, the rows are right.

A platform is imitated: rows are merged by key, and what `verify` says is handed back in the config. The truth is the
sandbox's own books.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.test.entrypoint_wrapper import read as run_read
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbooks_api.scopes import needed
from freshbooks_api.streams import STREAMS
from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of, error_text, rows, states
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.components.timestamps import to_utc
from source_freshbooks.verify.asking import MOST
from source_freshbooks.verify.run import verify

pytestmark = pytest.mark.long

MAIN = 439000
KEYS = {
    "clients": "userid",
    "invoices": "invoiceid",
    "payments": "id",
    "expenses": "expenseid",
    "projects": "id",
    "time_entries": "id",
}
REREAD = ("zones", "unfiltered", "whole")  # as freshbooks_hub/sync/assumptions.py


@dataclass
class Platform:
    """What a destination and its scheduler hold: merged rows, states, the config."""

    sandbox: Sandbox
    config: dict[str, Any]
    tables: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in KEYS})
    state: dict[str, AirbyteStateMessage] = field(default_factory=dict)
    adapt: dict[str, Any] = field(default_factory=dict)

    def sync(self) -> int:
        """Read every stream of KEYS; how many requests it took."""
        before = len(self.sandbox.requests)
        state = list(self.state.values())
        known = {
            name: {str(MAIN): [key for key, row in self.tables[name].items() if not row["is_deleted"]]}
            for name in self.adapt.get("reconcile", [])
            if self.tables[name]
        }
        source = SourceFreshbooks(catalog_of(*KEYS), self.config, state, KnownIds(known))
        output = run_read(source, self.config, catalog_of(*KEYS), state)
        assert not output.errors, error_text(output)
        for name, key in KEYS.items():
            self.tables[name] |= {row[key]: row for row in rows(output, name)}
        self.state |= {s.stream.stream_descriptor.name: s for s in states(output)}  # type: ignore[union-attr]
        return len(self.sandbox.requests) - before

    def verify(self) -> dict[str, Any]:
        """Find out, adapt, and let what was read in another way be read again; the findings of the business."""
        document = verify(SourceFreshbooks(config=self.config))
        self.config = {**self.config, "assumptions": json.dumps(document)}
        found: dict[str, Any] = document["businesses"][str(MAIN)]
        self.adapt = found["adapt"]
        for kind in REREAD:
            for name in self.adapt.get(kind, []):
                self.state.pop(name, None)
        return found

    def wrong(self) -> list[str]:
        """What differs between the tables and the books."""
        found = []
        for name, key in KEYS.items():
            books = {
                row[key] if key in row else row["id"]: row
                for row in self.sandbox.books(MAIN)[name].values()
                if row.get("is_logged", True)
            }
            table = self.tables[name]
            found += [f"{name}: keys"] if table.keys() != books.keys() else []
            for number, truth in books.items():
                row = table.get(number)
                if row is not None:
                    found += [f"{name}: {what}" for what in _differences(name, row, truth)]
        return sorted(set(found))


def _differences(name: str, row: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    found = []
    deleted = truth["vis_state"] == 1 if "vis_state" in truth else not truth["active"]
    if row["is_deleted"] != deleted:
        found.append("is_deleted")
    if deleted:  # a tombstone has no more
        return found
    if name in ("clients", "invoices", "payments", "expenses") and row["updated_at_utc"] != to_utc(
        truth["updated"], "eastern"
    ):
        found.append("updated_at_utc")
    if name == "invoices":
        for column in ("amount", "outstanding"):
            if Decimal(row[column]["amount"]) != Decimal(truth[column]["amount"]):
                found.append(column)
    text = {"clients": "organization", "invoices": "notes", "expenses": "notes"}.get(name)
    if text and row[text] != truth[text]:
        found.append(text)
    return found


def _change_everything(sandbox: Sandbox) -> None:
    """What happens in FreshBooks between two syncs, to old rows most of all."""
    books = sandbox.books(MAIN)
    for name, column in (("clients", "organization"), ("invoices", "notes"), ("expenses", "notes")):
        old = [key for key, row in books[name].items() if row["vis_state"] == 0]
        sandbox.edit(name, MAIN, old[0], **{column: "changed just now"})
        sandbox.delete(name, MAIN, old[5])
    sandbox.delete("projects", MAIN, next(key for key, row in books["projects"].items() if row["active"]))
    _pay(sandbox, slice(0, 1))
    _reline(sandbox, slice(1, 2))


def _open(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Invoices that are not paid, the oldest first."""
    return [
        row
        for row in sandbox.books(MAIN)["invoices"].values()
        if row["vis_state"] == 0
        and row["v3_status"] != "draft"
        and Decimal(row["outstanding"]["amount"]) > 50
    ]


def _reline(sandbox: Sandbox, which: slice) -> None:
    """Raise the price on the first line of these open invoices without a payment."""
    for invoice in [row for row in _open(sandbox) if row["paid"]["amount"] in ("0", "0.00")][which]:
        first, *others = invoice["lines"]
        price = {**first["unit_cost"], "amount": str(Decimal(first["unit_cost"]["amount"]) + 10)}
        sandbox.edit("invoices", MAIN, invoice["id"], lines=[{**first, "unit_cost": price}, *others])


def _pay(sandbox: Sandbox, which: slice) -> None:
    """A part of these open invoices, the oldest first."""
    for invoice in _open(sandbox)[which]:
        amount = {"amount": "10.00", "code": invoice["currency_code"]}
        sandbox.create(
            "payments", MAIN, invoiceid=invoice["id"], amount=amount, date="2026-10-30", type="Cash", note=""
        )


def _cap_untold(sandbox: Sandbox) -> None:
    sandbox.behaviours.page_caps = {"invoices": 15, "expenses": 40}
    sandbox.behaviours.page_caps_told = False


def _utc_clients(sandbox: Sandbox) -> None:
    sandbox.behaviours.stamp_zones = {**sandbox.behaviours.stamp_zones, "clients": "utc"}
    for number in range(2):
        sandbox.create("clients", MAIN, organization=f"New {number}", email=f"new{number}@example.com")


def _ignore(*names: str) -> Callable[[Sandbox], None]:
    def wrong(sandbox: Sandbox) -> None:
        sandbox.behaviours.ignored_filters |= set(names)

    return wrong


def _other_stamp(sandbox: Sandbox) -> None:
    sandbox.behaviours.filter_stamps = {"invoices": "created_at"}


def _set(**values: Any) -> Callable[[Sandbox], None]:
    def wrong(sandbox: Sandbox) -> None:
        for name, value in values.items():
            setattr(sandbox.behaviours, name, value)

    return wrong


def _still_invoices(sandbox: Sandbox) -> None:
    sandbox.behaviours.payments_move_invoices = False
    _pay(sandbox, slice(-4, None))


def _still_lines(sandbox: Sandbox) -> None:
    sandbox.behaviours.line_edits_move_invoices = False
    sandbox.clock.advance(minutes=5)
    _reline(sandbox, slice(-4, None))


def _taxed_by_line(sandbox: Sandbox) -> None:
    """Seven times 0.0275, each rounded up: two cents more than the document's 0.1925."""
    sandbox.behaviours.tax_rounding = "line"
    line = {"name": "A", "unit_cost": "0.55", "taxName1": "GST", "taxAmount1": "5"}
    client = min(sandbox.books(MAIN)["clients"])
    lines = [line] * 7
    sandbox.create("invoices", MAIN, customerid=client, create_date="2026-10-30", status=2, lines=lines)


def _hidden_expenses(sandbox: Sandbox) -> None:
    sandbox.behaviours.lines_name_expenses = False
    invoices, expenses = sandbox.books(MAIN)["invoices"], sandbox.books(MAIN)["expenses"]
    newest = max(key for key, row in invoices.items() if row["vis_state"] == 0 and row["lines"])
    for key in sorted(key for key, row in expenses.items() if row["vis_state"] == 0)[-3:]:
        expenses[key] |= {"invoiceid": newest, "status": 2}
    sandbox.books(MAIN).table("expenses").changed()


def _numbered_links(sandbox: Sandbox) -> None:
    books = sandbox.books(MAIN)
    billed = max(key for key, row in books["time_entries"].items() if row["billed"])
    newest = max(key for key, row in books["invoices"].items() if row["vis_state"] == 0 and row["lines"])
    books["invoices"][newest]["lines"][0]["modern_time_entries"] = [{"id": billed}]
    books.table("invoices").changed()
    sandbox.behaviours.time_link = "numbers"


def _skew_newer(sandbox: Sandbox) -> None:
    sandbox.behaviours.report_skew = {"profit_and_loss": "0.01"}  # the older one has another name


# By name: what is wrong, the probe that finds it, and the stream it names.
SWITCHES: dict[str, tuple[Callable[[Sandbox], None], str, str]] = {
    "page caps untold": (_cap_untold, "P1", "invoices"),
    "stamps in UTC": (_utc_clients, "P2", "clients"),
    "updated_min ignored": (_ignore("expenses.updated_min"), "P3", "expenses"),
    "updated_min on another stamp": (_other_stamp, "P3", "invoices"),
    "days of updated_min in UTC": (_set(filter_days="utc"), "P3", "expenses"),
    "payments leave invoices alone": (_still_invoices, "P4", "invoices"),
    "lines leave invoices alone": (_still_lines, "P4", "invoices"),
    "links as numbers": (_numbered_links, "P5", "invoices"),
    "lines hide expenses": (_hidden_expenses, "P5", "expenses"),
    "a plan without items": (_set(gated={"items"}), "P6", "items"),
    "Bill Pay": (_set(bill_pay=True), "P7", "bills"),
    "vis_state ignored": (_ignore("clients.vis_state"), "P8", "clients"),
    "time entries unfiltered": (_ignore("time_entries.updated_since"), "P8", "time_entries"),
    "taxes rounded by line": (_taxed_by_line, "P10", "invoices"),
    "three decimals": (_set(currency_decimals={"USD": 3}), "P10", "invoices"),
    "the newer report differs": (_skew_newer, "P9", "report_profit_and_loss"),
    "a limit for each part": (_set(shared_limit=False), "P11", ""),
}
# What a sync that was not told of it gets wrong. The others cost requests, or are only told.
HARMFUL = {
    "stamps in UTC": "clients: updated_at_utc",
    "updated_min on another stamp": "invoices: notes",
    "payments leave invoices alone": "invoices: outstanding",
    "lines leave invoices alone": "invoices: amount",
    "vis_state ignored": "clients: keys",
}


@pytest.fixture
def platform(sandbox: Sandbox) -> Platform:
    return Platform(sandbox, config_of(sandbox, business_ids=[MAIN]))


def _refuted(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fact["probe"], fact["subject"]) for fact in found["facts"] if fact["result"] == "refuted"}


def _survives(platform: Platform, names: Sequence[str]) -> None:
    for name in names:
        SWITCHES[name][0](platform.sandbox)
    platform.sync()
    found = platform.verify()
    assert {SWITCHES[name][1:] for name in names} <= _refuted(found)
    assert found["requests"] <= MOST
    platform.sync()
    _change_everything(platform.sandbox)
    platform.sync()
    hidden = (
        {"clients: keys"} if "vis_state ignored" in names else set()
    )  # rows deleted before the first sync
    assert set(platform.wrong()) <= hidden


@pytest.mark.parametrize("name", SWITCHES)
def test_each_difference_is_found_and_survived(platform: Platform, name: str) -> None:
    _survives(platform, (name,))


def test_a_row_of_today_with_an_earlier_date_does_not_prove_the_filter(platform: Platform) -> None:
    """It was made and changed on one day, so that it comes either way; of all rows it is the newest."""
    _survives(platform, ("updated_min on another stamp", "taxes rounded by line"))


@settings(max_examples=15)
@given(st.lists(st.sampled_from(sorted(SWITCHES)), min_size=3, max_size=3, unique=True))
def test_three_at_a_time(names: list[str]) -> None:
    """Whichever three, in whatever order: each is found, and the rows are right."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        _survives(Platform(sandbox, config_of(sandbox, business_ids=[MAIN])), names)


def test_archived_rows_that_plain_lists_leave_out_are_there(platform: Platform) -> None:
    """Each list is asked for either way. It is told where the plain list ends on its first page."""
    platform.sandbox.behaviours.archived_hidden = {"clients", "invoices", "expenses"}
    for name in ("clients", "invoices", "expenses"):
        books = platform.sandbox.books(MAIN)[name]
        platform.sandbox.archive(name, MAIN, next(key for key, row in books.items() if not row["vis_state"]))
    platform.sync()
    assert _refuted(platform.verify()) == {("P8", "clients")}
    _change_everything(platform.sandbox)
    platform.sync()
    assert platform.wrong() == []
    assert all(
        any(row["is_archived"] for row in platform.tables[name].values())
        for name in ("clients", "invoices", "expenses")
    )


def test_a_ledger_that_wants_its_own_scope_is_told_and_the_rest_is_right(platform: Platform) -> None:
    platform.sandbox.behaviours.account_scope = "required"
    plain = [scope.name for scope in needed()]
    platform.config["credentials"] |= {"access_token": platform.sandbox.grant(scopes=plain)["access_token"]}
    platform.sync()
    found = platform.verify()
    [gate] = [fact for fact in found["facts"] if fact["result"] == "refuted" and fact["probe"] == "P6"]
    assert (gate["subject"], gate["found"]) == ("ledger_accounts", "needs user:account:read")
    _change_everything(platform.sandbox)
    platform.sync()
    assert platform.wrong() == []


@pytest.mark.parametrize(("name", "expected"), HARMFUL.items())
def test_without_verify_the_rows_are_wrong(platform: Platform, name: str, expected: str) -> None:
    SWITCHES[name][0](platform.sandbox)
    platform.sync()
    _change_everything(platform.sandbox)
    platform.sync()
    assert expected in platform.wrong()


def test_an_account_as_assumed_costs_nothing_afterwards(platform: Platform) -> None:
    """Not a request more than without verify, and nothing is wrong either way."""
    platform.sync()
    without = platform.sync()
    found = platform.verify()
    assert _refuted(found) == set()
    assert found["requests"] <= MOST
    assert set(found["adapt"]) == {"margin_days"}
    assert platform.sync() <= without
    _change_everything(platform.sandbox)
    platform.sync()
    assert platform.wrong() == []


@pytest.mark.parametrize("moves", [True, False])
def test_payments_of_invoices_that_are_no_longer_among_the_newest_tell_too(
    platform: Platform, moves: bool
) -> None:
    sandbox = platform.sandbox
    for key in [key for key, row in sandbox.books(MAIN)["payments"].items() if not row["vis_state"]]:
        sandbox.delete("payments", MAIN, key)
    sandbox.clock.advance(minutes=5)
    sandbox.behaviours.payments_move_invoices = moves
    _pay(sandbox, slice(0, 4))
    [told] = _facts(platform.verify(), "A payment moves its invoice's stamp")
    newer = "0 of 4" if moves else "4 of 4"
    assert told == (
        "invoices",
        "proved" if moves else "refuted",
        f"{newer} newer than their invoice's stamp",
    )


@pytest.mark.parametrize(
    ("shape", "way", "result"),
    [("objects", "objects", "proved"), ("numbers", "numbers", "refuted"), ("none", None, "no data")],
)
def test_how_lines_name_their_time_entries_is_told_for_drafts(
    platform: Platform, shape: str, way: str | None, result: str
) -> None:
    _numbered_links(platform.sandbox)
    platform.sandbox.behaviours.time_link = shape
    found = platform.verify()
    assert found["adapt"].get("links", {}).get("time_entries") == way
    told = {fact["subject"]: fact["result"] for fact in found["facts"] if fact["probe"] == "P5"}
    assert told == {"invoices": result, "expenses": "proved"}


def test_links_that_no_billed_entry_explains_are_not_written(platform: Platform) -> None:
    """A shape that is known does not help where it names something else."""
    _numbered_links(platform.sandbox)
    for entry in platform.sandbox.books(MAIN)["time_entries"].values():
        entry["billed"] = False
    assert platform.verify()["adapt"]["links"] == {"time_entries": "unknown"}


def test_a_list_whose_page_is_known_is_not_read_twice(platform: Platform) -> None:
    _cap_untold(platform.sandbox)
    platform.sandbox.behaviours.page_caps_stop = True
    first = platform.sync()
    platform.verify()
    platform.state.clear()
    assert platform.sync() < first
    assert platform.wrong() == []


def test_projects_that_left_every_list_are_asked_for(platform: Platform) -> None:
    """Where `active=false` lists none; without verify they stay alive until the next full refresh."""
    platform.sandbox.behaviours.deleted_projects_listed = False
    platform.sync()
    known = set(platform.tables["projects"])
    assert platform.verify()["adapt"]["reconcile"] == ["projects"]
    books = platform.sandbox.books(MAIN)["projects"]
    gone = next(key for key in known if books[key]["active"])
    platform.sandbox.delete("projects", MAIN, gone)
    platform.sync()
    assert platform.tables["projects"][gone]["is_deleted"]


OPTIONAL = {stream.name for stream in STREAMS if stream.optional}


def _optional(platform: Platform) -> dict[str, tuple[str, str]]:
    """Result and finding of P6, by each stream that not every account has."""
    found = platform.verify()
    assert found["requests"] <= MOST
    facts = [fact for fact in found["facts"] if fact["probe"] == "P6" and fact["subject"] in OPTIONAL]
    return {fact["subject"]: (fact["result"], fact["found"]) for fact in facts}


def test_what_not_every_account_has_is_told(platform: Platform) -> None:
    assert _optional(platform) == dict.fromkeys(OPTIONAL, ("proved", ""))


def test_what_an_account_does_not_have_is_told_with_the_reason_and_refutes_nothing(
    platform: Platform,
) -> None:
    plain = [scope.name for scope in needed()]
    platform.config["credentials"] |= {"access_token": platform.sandbox.grant(scopes=plain)["access_token"]}
    platform.sandbox.behaviours.newer_reports = "none"
    platform.sandbox.behaviours.account_scope = "required"
    platform.sandbox.faults.add(kind="status", path="*/journal_entries", status=404, times=None)
    told = _optional(platform)
    assert told["retainers"] == ("no data", "needs user:retainers:read")
    assert {told[name] for name in OPTIONAL - {"retainers"}} == {("no data", "not there")}


TOTALS = "The report has the same totals at the older path and at the newer one"


def _facts(found: dict[str, Any], about: str) -> list[tuple[str, str, str]]:
    """Subject, result and finding of the facts of that probe, or of that text."""
    return [
        (fact["subject"], fact["result"], fact["found"])
        for fact in found["facts"]
        if about in (fact["probe"], fact["fact"])
    ]


def test_totals_are_compared_where_a_report_answers_at_both_paths(platform: Platform) -> None:
    same = [(name, "proved", "") for name in ("report_profit_and_loss", "report_trial_balance")]
    assert _facts(platform.verify(), TOTALS) == same
    platform.sandbox.faults.add(
        kind="rewrite",
        path="*/businesses/*/reports/trial_balance",
        rewrite=lambda body: body.replace(b'"debit":{"amount":"', b'"debit":{"amount":"1', 1),
    )
    assert _facts(platform.verify(), TOTALS) == [
        same[0],
        ("report_trial_balance", "refuted", "they differ"),
    ]
    platform.sandbox.faults.add(
        kind="rewrite",
        path="*/businesses/*/reports/profit_and_loss",
        rewrite=lambda body: body.replace(b"total_income", b"another_name"),
    )
    assert _facts(platform.verify(), TOTALS)[0] == ("report_profit_and_loss", "no data", "an unknown shape")
    platform.sandbox.behaviours.newer_reports = "none"
    assert {result for _, result, _ in _facts(platform.verify(), TOTALS)} == {"no data"}
    platform.sandbox.behaviours.gone_reports = {"profitloss_entity"}
    assert [name for name, _, _ in _facts(platform.verify(), TOTALS)] == ["report_trial_balance"]


def test_a_report_with_the_number_of_the_business_in_its_newer_path_is_compared_too(
    platform: Platform,
) -> None:
    platform.sandbox.behaviours.newer_reports = "business"
    assert {result for _, result, _ in _facts(platform.verify(), TOTALS)} == {"proved"}


def test_what_headers_tell_costs_no_request(platform: Platform) -> None:
    platform.sandbox.limits.general = 600
    found = platform.verify()
    assert _facts(found, "P11") == [
        ("", "proved", "600 a minute"),
        ("", "proved", ""),
        ("", "proved", ""),
        ("", "proved", ""),
    ]
    assert found["requests"] == len(platform.sandbox.requests) - 1  # the other asks who the user is


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-limit": "500"}, [("refuted", "500 a minute"), ("proved", ""), ("proved", "")]),
        (
            {"x-ratelimit-limit": "", "x-ratelimit-remaining": "", "x-api-version": ""},
            [("no data", "no answer tells the limit"), ("no data", "the counts do not tell"), ("proved", "")],
        ),
        ({"retry-after": ""}, [("proved", "1000000 a minute"), ("proved", ""), ("refuted", "none does")]),
    ],
)
def test_headers_that_differ_are_told(
    platform: Platform, headers: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    platform.sandbox.behaviours.answer_headers = headers
    found = platform.verify()
    assert [(result, said) for _, result, said in _facts(found, "P11")[:3]] == expected
    assert "P11" not in str(found["adapt"])


@pytest.mark.parametrize(
    ("version", "result", "told"),
    [
        ("2026-10-01", "refuted", "2026-10-01"),
        ("Zanzibar Ltd", "refuted", "another"),
        ("", "no data", "no answer tells it"),
    ],
)
def test_another_version_of_the_api_is_told(platform: Platform, version: str, result: str, told: str) -> None:
    """What is no date is not repeated: the report is public."""
    platform.sandbox.behaviours.answer_headers = {"x-api-version": version}
    assert _facts(platform.verify(), "P11")[3] == ("", result, told)


@pytest.mark.parametrize(
    ("behaviour", "report", "stream"),
    [
        ("gone_reports", "trial_balance", "report_trial_balance"),
        ("dateless_reports", "profitloss_entity", "report_profit_and_loss"),
    ],
)
def test_a_report_is_read_where_it_answers_for_its_period(
    platform: Platform, behaviour: str, report: str, stream: str
) -> None:
    setattr(platform.sandbox.behaviours, behaviour, {report})
    found = platform.verify()
    assert ("P9", stream) in _refuted(found)
    assert found["adapt"]["reports"] == {report: "uuid"}
    before = len(platform.sandbox.requests)
    config = {**platform.config, "start_date": "2026-09-01T00:00:00Z"}
    output = run_read(SourceFreshbooks(catalog_of(stream), config), config, catalog_of(stream))
    assert not output.errors, error_text(output)
    records = rows(output, stream)
    assert records
    for record in records:
        path = "/reports/profit_and_loss" if report == "profitloss_entity" else f"/reports/{report}"
        assert any(request.path.endswith(path) for request in platform.sandbox.requests[before:])
        if "period" in record or stream == "report_profit_and_loss":
            assert record["start_date"][8:] == "01"
