"""`assumptions.json`: private, handed to the source, and what it changes is read again once."""

import json
from pathlib import Path
from typing import Any

import pytest

from freshbooks_api.verified import LAYOUT
from freshbooks_hub.core.home import Home
from freshbooks_hub.status.problems import refuted
from freshbooks_hub.sync.assumptions import Assumptions

FACT = {
    "probe": "P2",
    "fact": "Update stamps are in the zone that is assumed",
    "result": "refuted",
    "subject": "clients",
    "found": "utc and not eastern",
    "change": "read as utc",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def found(**adapt: Any) -> dict[str, Any]:
    return {"layout": LAYOUT, "version": "1", "businesses": {"439000": {"facts": [FACT], "adapt": adapt}}}


def test_nothing_is_handed_over_where_nothing_was_found(home: Home) -> None:
    assumptions = Assumptions(home)
    assert (assumptions.setting(), assumptions.reread(), assumptions.refuted()) == ({}, frozenset(), {})
    assumptions.keep(found())
    assert assumptions.setting() == {}


def test_what_was_found_is_private_and_handed_to_the_source(home: Home) -> None:
    assumptions = Assumptions(home)
    assumptions.keep(found(zones={"clients": "utc"}, reconcile=["projects"]))
    assert home.assumptions.stat().st_mode & 0o777 == 0o600
    handed = json.loads(assumptions.setting()["assumptions"])
    assert handed["businesses"]["439000"]["adapt"]["zones"] == {"clients": "utc"}
    assert "facts" not in handed["businesses"]["439000"]
    assert assumptions.reconciled() == {"projects"}


def test_what_is_for_drafts_alone_is_not_handed_to_the_source(home: Home) -> None:
    assumptions = Assumptions(home)
    assumptions.keep(found(links={"time_entries": "numbers"}))
    assert assumptions.setting() == {}
    assert assumptions.links(439000) == {"time_entries": "numbers"}
    assert assumptions.links(439117) == {}


def test_a_stream_that_was_read_in_another_way_is_read_again_once(home: Home) -> None:
    assumptions = Assumptions(home)
    assumptions.keep(found(zones={"clients": "utc"}, unfiltered=["expenses"], page_sizes={"bills": 15}))
    assert assumptions.reread() == {"clients", "expenses"}
    assumptions.were_read({"clients"})
    assumptions.keep(found(zones={"clients": "utc"}, unfiltered=["expenses"]))
    assert assumptions.reread() == {"expenses"}
    assumptions.were_read({"expenses"})
    assert assumptions.reread() == set()
    assumptions.keep(found())  # back to what is assumed
    assert assumptions.reread() == {"clients", "expenses"}


def test_a_failure_keeps_what_was_found(home: Home) -> None:
    assumptions = Assumptions(home)
    assumptions.keep(found(zones={"clients": "utc"}))
    assumptions.failed("2026-11-05T12:00:00+00:00")
    assert assumptions.refuted().keys() == {439000}
    assert assumptions.document()["failed_at"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"layout": 99, "businesses": {}}', '{"layout": 1, "businesses": 3}']
)
def test_a_file_that_cannot_be_read_holds_nothing(home: Home, text: str) -> None:
    home.assumptions.write_text(text)
    assert Assumptions(home).document() == {}


def test_a_refuted_fact_is_told_with_what_changed(home: Home) -> None:
    Assumptions(home).keep(found(zones={"clients": "utc"}))
    [(_, text)] = refuted(home)[439000]
    assert text == (
        "Update stamps are in the zone that is assumed (Clients): utc and not eastern. Now: read as utc"
    )
