"""A thousand broken answers: never a crash, never rows lost without a word, and the next read is whole again."""

import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.retriever import ListRetriever

BUSINESS = 439000
NONSENSE: list[Any] = [
    None,
    True,
    -1,
    0,
    3.7,
    10**30,
    "",
    "x",
    "2026-13-45",
    [],
    [1, "a"],
    {},
    {"a": {"b": []}},
]


def truncated(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def flipped(rng: random.Random, body: bytes) -> bytes:
    mutable = bytearray(body)
    for _ in range(rng.randrange(1, 20)):
        mutable[rng.randrange(len(mutable))] = rng.randrange(256)
    return bytes(mutable)


def html(rng: random.Random, body: bytes) -> bytes:
    return b"<html><body>" + body[: rng.randrange(200)] + b"</body></html>"


def wrong_types(rng: random.Random, body: bytes) -> bytes:
    """Any value at any depth becomes something else, the envelope and the counts included."""
    document = json.loads(body)
    for _ in range(rng.randrange(1, 30)):
        holder: Any = document
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.8:
                holder = holder[key]
                continue
            holder[key] = rng.choice(NONSENSE)
            break
    return json.dumps(document).encode()


def dropped_keys(rng: random.Random, body: bytes) -> bytes:
    document = json.loads(body)
    for row in document["response"]["result"]["clients"]:
        for key in rng.sample(sorted(row), rng.randrange(len(row))):
            del row[key]
    return json.dumps(document).encode()


def huge(rng: random.Random, body: bytes) -> bytes:
    document = json.loads(body)
    for row in document["response"]["result"]["clients"][:3]:
        row["note"] = "n" * rng.randrange(1_000_000)
        row["deep"] = json.loads("[" * 200 + "]" * 200)
    return json.dumps(document).encode()


BREAK: list[Callable[[random.Random, bytes], bytes]] = [
    truncated,
    flipped,
    html,
    wrong_types,
    dropped_keys,
    huge,
]


@pytest.fixture
def stream(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ListRetriever:
    monkeypatch.setattr("source_freshbooks.components.connection.Backoff.backoff_time", lambda *_, **__: 0.01)
    monkeypatch.setattr("time.sleep", lambda _: None)
    logging.getLogger("airbyte.freshbooks").setLevel(logging.WARNING)
    source = SourceFreshbooks(config=config_of(sandbox))
    clients = next(s for s in source.streams(source._config) if s.name == "clients")
    retriever = clients._stream_partition_generator._partition_factory._retriever
    assert isinstance(retriever, ListRetriever)
    return retriever


@pytest.mark.parametrize("cases", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_broken_answers(
    sandbox: Sandbox, stream: ListRetriever, caplog: pytest.LogCaptureFixture, cases: int
) -> None:
    from source_freshbooks.source import MANIFEST

    schema = json.loads((MANIFEST.parent / "schemas" / "clients.json").read_text())
    slice_ = StreamSlice(
        partition={"business_id": BUSINESS},
        cursor_slice={},
        extra_fields={"account_id": sandbox.books(BUSINESS).account_id},
    )
    everyone = set(sandbox.books(BUSINESS)["clients"])

    def read() -> set[Any]:
        records = list(stream.read_records(schema, slice_))
        return {r["userid"] for r in records if isinstance(r, dict)}

    outcomes = {"whole": 0, "told": 0, "refused": 0}
    for case in range(cases):
        rng = random.Random(case)
        breakage = rng.choice(BREAK)
        lasting = rng.random() < 0.5
        caplog.clear()
        sandbox.faults.add(
            kind="rewrite",
            path="*/users/clients",
            times=None if lasting else 1,
            rewrite=lambda body, rng=rng, breakage=breakage: breakage(rng, body),
        )
        refused = None
        try:
            found = read()
        except AirbyteTracedException as error:
            refused = error.message
        if refused:
            outcomes["refused"] += 1
        elif everyone <= found:
            outcomes["whole"] += 1
        else:
            assert caplog.records, f"case {case}: {breakage.__name__} lost rows without a word"
            outcomes["told"] += 1
        sandbox.faults.clear()
        if case % 50 == 0:
            assert read() == everyone  # the next read heals
    assert sum(outcomes.values()) == cases
    assert min(outcomes["whole"], outcomes["refused"]) > cases / 10, outcomes
