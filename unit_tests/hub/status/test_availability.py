"""What cannot be read: kept by the sync as codes, told once and grouped by what to do about it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from freshbooks_api import scopes
from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.permissions import Refusal, Why, group
from freshbooks_hub.connection.profile import Business, Profile
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.core.errors import InvalidConfig
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_label, stream_labels
from freshbooks_hub.status.problems import not_available
from freshbooks_hub.status.summary import as_text, status
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import Availability, Outcome
from freshbooks_hub.sync.ingest import ReadFailed
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, SyncResult, sync
from unit_tests.hub.protocol import catalog, complete, error, record, row, stream

Scripted = Callable[..., Source]
Ask = Callable[[str], list[tuple[Any, ...]]]
MAIN, SECOND = 439000, 439117
NAMES = {MAIN: "Maple & Pine", SECOND: "Atelier"}
BASIC = permissions.asked("basic")
EVERYTHING = permissions.names((*scopes.READ, scopes.RETAINERS))


def text_of(kind: str) -> dict[str, Any]:
    return {"type": ["null", kind]}


def account() -> dict[str, Any]:
    """The source's stream of what can be read."""
    properties = {
        "business_id": {"type": "integer"},
        "stream_name": {"type": "string"},
        "observed_at": {"type": "string", "format": "date-time"},
        "has_rows": {"type": "boolean"},
        "rejected_rows": text_of("array"),
    }
    properties |= {name: text_of("string") for name in ("account_id", "status", "missing_scopes")}
    properties |= {name: text_of("integer") for name in ("errno", "http_status", "row_count", "counted")}
    return {
        "name": "stream_availability",
        "json_schema": {"type": "object", "properties": properties},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_primary_key": [["business_id"], ["stream_name"]],
        "default_cursor_field": ["observed_at"],
    }


def outcome(name: str, status: str, at: str = "2026-11-01T00:00:00Z", **values: Any) -> dict[str, Any]:
    seen = {"business_id": MAIN, "stream_name": name, "status": status, "observed_at": at, "has_rows": False}
    return record(seen | values, "stream_availability")


def token(*names: str) -> str:
    claim = base64.urlsafe_b64encode(json.dumps({"scope": list(names)}).encode()).decode().rstrip("=")
    return f"head.{claim}.signature"


def connection(*granted: str, asked: tuple[str, ...] | None = None) -> Connection:
    config = {"credentials": {"access_token": token(*granted)}}
    businesses = tuple(
        Business(number, name, "owner", "aB1", "uuid", None, None, None) for number, name in NAMES.items()
    )
    profile = Profile(1, "Robin", "robin@example.org", businesses)
    return Connection(config, datetime(2026, 11, 1, tzinfo=UTC), profile=profile, asked=asked)


@pytest.fixture
def read(home: Home, scripted: Scripted) -> Callable[..., SyncResult]:
    """A sync of two streams, with `steps` of the source."""

    def run(*steps: Any, streams: list[str] | None = None, full_refresh: bool = False) -> SyncResult:
        found = catalog(stream("taxes"), stream("clients"), account())
        options = SyncOptions(streams or [], full_refresh, marts=False)
        return sync(home, options, Silent(), scripted(discover=[found], read=list(steps)))

    return run


class TestWhatASyncKeeps:
    def test_the_outcomes_are_read_with_whatever_is_read_and_are_no_data(
        self, read: Callable[..., SyncResult], home: Home, raw: Ask
    ) -> None:
        result = read(
            record(row(1), "clients"),
            complete("clients"),
            outcome("clients", "read", has_rows=True),
            complete("stream_availability"),
            streams=["clients"],
        )
        assert [(s.stream, s.read) for s in result.streams] == [("clients", 1)]
        assert Availability(home).outcomes() == [Outcome(MAIN, "clients", "read")]
        assert raw("SELECT stream_name, has_rows FROM freshbooks.stream_availability") == [("clients", True)]

    def test_what_was_not_tried_now_stays_as_it_was_also_in_a_full_refresh(
        self, read: Callable[..., SyncResult], home: Home
    ) -> None:
        done = [complete("taxes"), complete("clients"), complete("stream_availability")]
        read(outcome("taxes", "gated"), outcome("clients", "read"), *done)
        later = "2026-11-02T00:00:00Z"
        read(
            record(row(1), "clients"),
            complete("clients"),
            outcome("clients", "short", later, row_count=1, counted=3),
            complete("stream_availability"),
            streams=["clients"],
            full_refresh=True,
        )
        assert Availability(home).outcomes() == [
            Outcome(MAIN, "clients", "short", None, 1, 3),
            Outcome(MAIN, "taxes", "gated"),
        ]
        assert Availability(home).outcomes([SECOND]) == []

    def test_a_source_that_dies_before_it_keeps_its_own_failure(
        self, read: Callable[..., SyncResult], home: Home
    ) -> None:
        with pytest.raises(
            ReadFailed, match=r"^Taxes could not be read: No access\. All other data was synced"
        ):
            read(error("No access.", "taxes"), complete("clients"))
        assert Availability(home).outcomes() == []


class TestWhatIsTold:
    def test_scopes_that_were_not_approved_are_one_line_with_their_remedy(self) -> None:
        have = [name for name in EVERYTHING if "bill" not in name.split(":")[1]]
        [told] = not_available(connection(*have), [Outcome(MAIN, "bills", "not_granted", "user:bills:read")])
        assert told.streams == (
            "items",
            "tasks",
            "bills",
            "bill_vendors",
            "bill_payments",
            "services",
            "service_rates",
        )
        assert str(told).startswith("Items, Tasks, Bills, Bill vendors, … (7 kinds of data): the scopes ")
        assert "user:bill_payments:read" in told.reason
        assert told.remedy.endswith("freshbooks connect")

    def test_what_was_not_asked_for_is_not_missing(self) -> None:
        basic = connection(*BASIC, asked=BASIC)
        told, beyond = not_available(basic, [])
        assert (told.why, beyond.why) == (Why.not_asked, Why.beyond)
        assert "--scopes readable" in told.remedy
        assert permissions.not_approved(token(*BASIC), BASIC) == []
        assert len(permissions.not_approved(token(*BASIC), None)) == len(scopes.READ) - len(BASIC)

    def test_plan_and_role_are_told_by_business(self) -> None:
        all_scopes = EVERYTHING
        outcomes = [
            Outcome(MAIN, "items", "gated"),
            Outcome(SECOND, "items", "gated"),
            Outcome(MAIN, "bills", "gated"),
            Outcome(SECOND, "staff", "refused"),
            Outcome(SECOND, "clients", "short", None, 1, 2),
            Outcome(SECOND, "taxes", "not_applicable"),
            Outcome(SECOND, "invoices", "read"),
        ]
        told = [str(one) for one in not_available(connection(*all_scopes), outcomes)]
        assert told == [
            "Bills of Maple & Pine: the plan of the business does not include it. It is read automatically once the "
            "plan includes it.",
            "Items of Maple & Pine, Atelier: the plan of the business does not include it. It is read automatically "
            "once the plan includes it.",
            "Staff of Atelier: your role in the business does not allow it. To get it, ask the owner of the business "
            "for an administrator's role.",
        ]

    def test_a_scope_that_is_granted_since_the_last_read_is_told_no_more(self) -> None:
        all_scopes = EVERYTHING
        was = [Outcome(MAIN, "bills", "not_granted", "user:bills:read")]
        assert not_available(connection(*all_scopes), was) == []
        # One that no set asks for is known by the answer alone.
        beyond = [Outcome(MAIN, "ledger_accounts", "not_granted", "user:account:read")]
        [told] = not_available(connection(*all_scopes), beyond)
        assert (told.streams, told.scopes) == (("ledger_accounts",), ("user:account:read",))

    def test_what_few_apps_have_is_not_available_with_its_own_remedy(self) -> None:
        """Whether it was approved, asked for, or neither."""
        plain = permissions.names(scopes.READ)
        was = [Outcome(MAIN, "retainers", "not_granted", "user:retainers:read")]
        for asked in (None, plain, BASIC):
            [told] = not_available(connection(*plain, asked=asked), was)
            assert str(told) == (
                "Retainers: it needs user:retainers:read, which few apps have, so this connection did not ask for it. "
                "To get it, enable that on your app in the FreshBooks developer portal, then: "
                "freshbooks connect --scopes extended"
            )
        extended = permissions.asked("extended")
        [told] = not_available(connection(*plain, asked=extended), was)
        assert told.reason == "the scope user:retainers:read was not approved"
        assert told.remedy.endswith("--scopes extended")
        assert not_available(connection(*extended, asked=extended), was) == []

    def test_what_an_account_does_not_have_is_told_of_businesses_with_accounting(self) -> None:
        outcomes = [
            Outcome(MAIN, "retainers", "not_applicable"),
            Outcome(MAIN, "report_cash_flow", "not_applicable"),
            Outcome(MAIN, "taxes", "not_applicable"),
            Outcome(SECOND + 1, "retainers", "not_applicable"),  # not among the user's
        ]
        [told] = not_available(connection(*EVERYTHING), outcomes)
        assert str(told) == (
            "Retainers, Cash flow report of Maple & Pine: FreshBooks has no such list or report for the business. "
            "It is read automatically once there is one."
        )

    def test_a_stream_of_two_businesses_is_one(self) -> None:
        refusals = [Refusal("bills", Why.not_granted, number, ("user:bills:read",)) for number in NAMES]
        [told] = group(refusals, NAMES)
        assert told.what == "Bills"

    def test_the_status_says_it_in_one_line_and_is_no_attention(
        self, read: Callable[..., SyncResult], home: Home
    ) -> None:
        store = ConnectionStore(home.connection)
        config = store.load().config
        credentials = config["credentials"] | {"access_token": token(*BASIC)}
        store.connect(config | {"credentials": credentials}, asked=BASIC)
        done = [complete("taxes"), complete("clients"), complete("stream_availability")]
        short = outcome("clients", "short", row_count=2, counted=5)
        read(outcome("taxes", "not_granted", missing_scopes="user:taxes:read"), short, *done)
        picture = status(home)
        assert picture["connection"]["missing_scopes"] == []
        lines = as_text(picture).splitlines()
        told = [line for line in lines if line.startswith("Not available: ")]
        assert len([line for line in told if "Retainers" not in line]) == 1
        assert "      Clients of 439000: FreshBooks counts 5 and sends 2" in as_text(picture)
        assert not [line for line in lines if "Attention" in line and "approved" in line]


@pytest.mark.parametrize(
    ("stream_name", "label"),
    [("bill_payments", "Bill payments"), ("report_profit_and_loss", "Profit and loss report")],
)
def test_streams_have_names_for_people(stream_name: str, label: str) -> None:
    assert stream_label(stream_name) == label
    assert stream_labels([stream_name]) == label


class TestTheChoiceOfScopes:
    def test_the_basic_set_with_actions_is_the_six_of_short_guides(self) -> None:
        assert set(permissions.asked("basic", actions=True)) == {
            "user:profile:read",
            "user:invoices:read",
            "user:invoices:write",
            "user:clients:read",
            "user:expenses:read",
            "user:reports:read",
        }

    @pytest.mark.parametrize("actions", [False, True])
    @pytest.mark.parametrize("choice", list(scopes.ScopeSet))
    def test_a_set_is_known_again_by_its_scopes(self, choice: scopes.ScopeSet, actions: bool) -> None:
        assert permissions.set_of(permissions.asked(choice, actions)) is choice

    def test_the_ledgers_own_scope_is_asked_for_by_its_choice_alone(self) -> None:
        """It is on few apps, and a scope that an app lacks fails the whole consent."""
        account = "user:account:read"
        assert not [
            c for c in ("basic", "readable") for a in (False, True) if account in permissions.asked(c, a)
        ]
        assert account in permissions.asked("extended")
        lacking = permissions.NotAvailable(permissions.Why.not_granted, ("ledger_accounts",), (), (account,))
        assert lacking.remedy.endswith("freshbooks connect --scopes extended")

    def test_a_list_always_holds_the_profile(self) -> None:
        listed = permissions.asked("user:invoices:read, user:account:read user:invoices:read")
        assert listed == ("user:profile:read", "user:invoices:read", "user:account:read")
        assert permissions.set_of(listed) is None

    @pytest.mark.parametrize(
        "choice", ["", " ", "all", "invoices", "user:invoices:read;drop", "user:invoices"]
    )
    def test_anything_else_is_refused_with_what_can_be_chosen(self, choice: str) -> None:
        with pytest.raises(InvalidConfig, match="Choose basic or readable"):
            permissions.asked(choice)

    def test_what_to_do_when_freshbooks_refuses_a_scope_offers_less_where_there_is_less(self) -> None:
        less = "go on with fewer"
        assert less in permissions.if_refused(permissions.asked("readable"), less)
        assert less not in permissions.if_refused(permissions.asked("basic", actions=True), less)
