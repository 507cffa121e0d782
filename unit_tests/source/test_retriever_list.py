"""Simulated lists: any rows, in pages of any size, that move while they are read.

What can leave leaves, what cannot is listed, and no row that stayed is missed.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.types import StreamSlice
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_tests.conftest import warm  # noqa: F401 - a fixture
from integration_tests.connector import retrievers_of
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.retriever_list import ListRetriever
from source_freshbooks.output import LINES

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "source_freshbooks" / "schemas" / "payments.json").read_text()
)
SLICE = StreamSlice(partition={"business_id": 1}, cursor_slice={}, extra_fields={"account_id": "aB1cD2"})


class List:
    """`cap`: most rows a page. `by_asked`: pages are counted by what was asked for; `stops`: none comes past them.

    `deaf`: they are counted by a hundred, whatever was asked for.
    """

    def __init__(self, rows: list[Any], cap: int = 100, **manners: bool) -> None:
        self.rows, self.cap, self.manners = rows, cap, {key for key, value in manners.items() if value}

    def get(self, path: str, params: dict[str, Any]) -> tuple[Any, requests.Response]:
        rows = self.rows if params["search[vis_state]"] == 0 else []
        asked = 100 if "deaf" in self.manners else params["per_page"]
        served = min(self.cap, asked)
        counted = asked if self.manners & {"by_asked", "deaf"} else served
        pages, number = -(-len(rows) // counted), params["page"]
        ends = "stops" in self.manners and number > pages
        shown = [] if ends else rows[(number - 1) * served : number * served]
        paging = {"page": number, "pages": pages, "per_page": counted, "total": len(rows)}
        body = {"response": {"result": {"payments": shown, **paging}}}
        return json.loads(json.dumps(body)), requests.Response()


@cache
def retriever(**settings: Any) -> ListRetriever:
    config = {"credentials": {}, "num_workers": settings["num_workers"]}
    found = retrievers_of(SourceFreshbooks(config=config, batches=settings["batches"]))["payments"]
    assert isinstance(found, ListRetriever)
    return found


def read(simulated: List) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The record messages that leave, and the outcome."""
    reading = retriever(num_workers=3, batches=True)
    reading.client = simulated  # type: ignore[assignment]
    pages = [page for page in reading.read_records(SCHEMA, SLICE) if isinstance(page, dict)]
    messages = [json.loads(line)["record"] for page in pages for line in page[LINES].splitlines()]
    return messages, reading.connection.outcomes.rows("now")[0]


def good(number: int) -> dict[str, Any]:
    return {"id": number, "updated": "2026-01-01 00:00:00", "vis_state": 0, "date": "2026-01-01"}


@settings(max_examples=80)
@given(count=st.integers(0, 400), cap=st.integers(1, 100), by_asked=st.booleans(), stops=st.booleans())
def test_a_list_in_pages_of_any_size_is_whole(count: int, cap: int, by_asked: bool, stops: bool) -> None:
    rows = [good(number) for number in range(1, count + 1)]
    messages, outcome = read(List(rows, cap, by_asked=by_asked, stops=stops))
    assert {message["data"]["id"] for message in messages} == set(range(1, count + 1))
    assert outcome["status"] == "read"


@settings(max_examples=20)
@given(count=st.integers(101, 400), cap=st.integers(1, 49))
def test_pages_that_are_full_and_end_before_the_rows_do_fail_the_stream(count: int, cap: int) -> None:
    """Whatever is asked for, nothing comes past the pages that were counted; no row of theirs is hidden."""
    rows = [good(number) for number in range(1, count + 1)]
    with pytest.raises(FreshbooksError, match="though every page is full"):
        read(List(rows, cap, deaf=True, stops=True))


ODD_KEYS: list[Any] = [None, "", "x", True, [], {}, 3.7, 10**30, "9" * 30]
odd_rows = st.one_of(
    st.sampled_from([None, 5, "text", [], [1]]),
    st.builds(lambda key: {**good(0), "id": key}, st.sampled_from(ODD_KEYS)),
    st.just({"updated": "2026-01-01 00:00:00"}),
)
odd_values = st.fixed_dictionaries(
    {
        "date": st.sampled_from(["0000-00-00", "2026-02-31", "soon", 5, {}, []]),
        "clientid": st.sampled_from(["abc", 1.5, {}, 10**25]),
    }
)


@settings(max_examples=60)
@given(
    count=st.integers(1, 60),
    odd=st.lists(odd_rows, max_size=19),
    values=st.dictionaries(st.integers(1, 60), odd_values, max_size=5),
    cap=st.integers(3, 100),
    shuffled=st.randoms(use_true_random=False),
)
def test_odd_rows_are_listed_and_all_others_leave(
    count: int, odd: list[Any], values: dict[int, Any], cap: int, shuffled: Any
) -> None:
    rows: list[Any] = [{**good(n), **values.get(n, {})} for n in range(1, count + 1)] + odd
    shuffled.shuffle(rows)
    messages, outcome = read(List(rows, cap, by_asked=True))
    assert sorted(m["data"]["id"] for m in messages) == list(range(1, count + 1))
    assert len(outcome["rejected_rows"] or []) == len(odd)
    assert {row["why"] for row in outcome["rejected_rows"] or []} <= {
        "not_an_object",
        "key_missing",
        "key_unreadable",
    }
    for message in messages:
        changes = {c["field"]: c for c in message.get("meta", {"changes": []})["changes"]}
        odd_of = values.get(message["data"]["id"], {})
        assert set(changes) == set(odd_of)
        for field, value in odd_of.items():
            assert message["data"][field] is None
            assert changes[field]["change"] == "NULLED"
            assert changes[field]["value"] == (value if isinstance(value, str) else changes[field]["value"])


def test_a_value_travels_as_text_with_the_record() -> None:
    [message], _ = read(List([{**good(1), "date": "0000-00-00"}]))
    assert message["meta"]["changes"] == [
        {
            "field": "date",
            "change": "NULLED",
            "reason": "SOURCE_SERIALIZATION_ERROR",
            "value": "0000-00-00",
        }
    ]


def test_a_long_value_is_cut_and_a_credential_in_it_is_dropped() -> None:
    [message], _ = read(List([{**good(1), "date": {"jwt": "s3cret", "kept": "x" * 300}}]))
    [change] = message["meta"]["changes"]
    assert len(change["value"]) == 200
    assert "s3cret" not in change["value"]


def test_a_row_nested_too_deeply_loses_that_value_alone() -> None:
    deep = json.loads("[" * 400 + "]" * 400)
    messages, _ = read(List([{**good(1), "deep": deep, "note": "kept"}, good(2)]))
    assert [m["data"]["id"] for m in messages] == [1, 2]
    assert messages[0]["data"]["deep"] is None
    assert messages[0]["data"]["note"] == "kept"
    assert [c["field"] for c in messages[0]["meta"]["changes"]] == ["deep"]


@pytest.mark.parametrize(("odd", "of", "fails"), [(20, 399, True), (20, 400, False), (19, 20, False)])
def test_a_twentieth_of_the_rows_is_a_change_of_the_api(odd: int, of: int, fails: bool) -> None:
    rows = [good(n) for n in range(1, of - odd + 1)] + [
        {**good(0), "id": None, "note": str(n)} for n in range(odd)
    ]
    if fails:
        with pytest.raises(FreshbooksError, match=f"{odd} of {of} rows .* changed its API"):
            read(List(rows))
    else:
        assert len(read(List(rows))[0]) == of - odd


def test_at_most_fifty_rows_are_listed_and_their_text_is_cut() -> None:
    rows: list[Any] = [good(n) for n in range(1, 2000)] + [f"{n} " + "x" * 500 for n in range(60)]
    _, outcome = read(List(rows))
    assert len(outcome["rejected_rows"]) == 50
    assert {len(row["value"]) for row in outcome["rejected_rows"]} == {200}


class MovingList:
    """A list of 100 rows a page, newest id first; before some requests rows are created or deleted."""

    def __init__(self, rows: int, events: dict[int, list[tuple[str, float]]]) -> None:
        self.ids = list(range(1, rows + 1))
        self.events = events
        self.asked = 0
        self.stayed = set(self.ids)

    def get(self, path: str, params: dict[str, Any]) -> tuple[Any, requests.Response]:
        if params.get("search[vis_state]") != 0:
            return self._page([], 1), requests.Response()
        for kind, where in self.events.get(self.asked, []):
            if kind == "create":
                self.ids.append(max(self.ids, default=0) + 1)
            elif self.ids:
                self.stayed.discard(self.ids.pop(int(where * len(self.ids))))
        self.asked += 1
        return self._page(self.ids[::-1], params["page"]), requests.Response()

    def _page(self, ids: list[int], number: int) -> Any:
        rows = [{"id": i, "updated": "2026-01-01 00:00:00"} for i in ids[(number - 1) * 100 : number * 100]]
        paging = {"page": number, "pages": -(-len(ids) // 100), "per_page": 100, "total": len(ids)}
        return {"response": {"result": {"payments": rows, **paging}}}


@settings(max_examples=150)
@given(
    rows=st.integers(0, 620),
    # Only while the list is read for the first time: one that never rests is told, not read for ever.
    events=st.dictionaries(
        st.integers(1, 3),
        st.lists(
            st.tuples(st.sampled_from(["create", "delete"]), st.floats(0, 0.999)), min_size=1, max_size=5
        ),
    ),
)
def test_every_row_that_stayed_is_read(rows: int, events: dict[int, list[tuple[str, float]]]) -> None:
    pages = -(-rows // 100)
    events = {at: changes for at, changes in events.items() if at < pages}
    moving = MovingList(rows, events)
    reading = retriever(num_workers=1, batches=False)
    reading.client = moving  # type: ignore[assignment]
    read = {r["id"] for r in reading.read_records(SCHEMA, SLICE) if isinstance(r, dict)}
    assert moving.stayed <= read
