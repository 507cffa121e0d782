"""Rows that move between pages while a list is read, against a simulated list that remembers all it ever held."""

from typing import Any

import requests
from airbyte_cdk.sources.types import StreamSlice
from hypothesis import given, settings
from hypothesis import strategies as st

from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.retriever import ListRetriever

SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}}


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


def reader() -> ListRetriever:
    source = SourceFreshbooks(config={"credentials": {}, "num_workers": 1})
    stream = next(s for s in source.streams(source._config) if s.name == "payments")
    retriever = stream._stream_partition_generator._partition_factory._retriever
    assert isinstance(retriever, ListRetriever)
    return retriever


RETRIEVER = reader()


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
    RETRIEVER.client = moving  # type: ignore[assignment]
    slice_ = StreamSlice(partition={"business_id": 1}, cursor_slice={}, extra_fields={"account_id": "aB1cD2"})
    read = {r["id"] for r in RETRIEVER.read_records(SCHEMA, slice_) if isinstance(r, dict)}
    assert moving.stayed <= read
