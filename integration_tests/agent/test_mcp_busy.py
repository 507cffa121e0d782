"""Slow queries of agents: a bounded number runs, the rest is refused in a sentence, and nothing else waits for them."""

import shutil
import threading
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from freshbooks_hub.agent.mcp import background
from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.agent.sql import Limits, QueryRefused
from freshbooks_hub.agent.sql import client as sql
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from integration_tests.agent.mcp_client import client, sentence

ENDLESS = "SELECT count(*) FROM range(1000000000000)"
MANY = 60  # more than the threads that pages have


def test_pages_and_other_reads_answer_while_agents_ask_endless_queries(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home").ensure()
    shutil.copy(marts, home.marts)
    monkeypatch.setattr(sql, "Limits", partial(Limits, seconds=5.0, wait=1.0))
    ended: list[str] = []

    async def run() -> None:
        async with client(build_server(home), "2026-07-28") as connected:

            async def slow() -> None:
                ended.append(sentence(await connected.call_tool("query_marts", {"statement": ENDLESS})))

            async with anyio.create_task_group() as asking:
                for _ in range(MANY):
                    asking.start_soon(slow)
                while len(ended) < MANY - background.QUERIES:  # those are refused at once
                    await anyio.sleep(0.01)
                # A page runs on a thread of the common pool, as Starlette does it.
                ended.append(await anyio.to_thread.run_sync(lambda: "a page"))
                ended.append(sentence(await connected.call_tool("list_clients", {})))
            assert sentence(await connected.call_tool("query_marts", {"statement": "SELECT 1"})).startswith(
                "1 row"
            )

    anyio.run(run)
    busy = [said for said in ended if said == sql.BUSY]
    stopped = [said for said in ended if "was stopped" in said]
    assert len(busy) + len(stopped) == MANY
    assert len(stopped) == 2
    assert ended.index("a page") < ended.index(stopped[0])
    assert next(place for place, said in enumerate(ended) if " clients." in said) < ended.index(stopped[0])


def test_a_query_waits_its_turn_for_a_bounded_time(marts: Path) -> None:
    taken = [sql._slots.acquire(timeout=60) for _ in range(sql._AT_ONCE)]
    try:
        with pytest.raises(QueryRefused, match="busy with other calls"):
            sql.run_query(marts, "SELECT 1", Limits(wait=0.01))
    finally:
        for _ in taken:
            sql._slots.release()
    assert sql.run_query(marts, "SELECT 1").rows == [[1]]


def test_threads_in_use_are_counted_and_given_back() -> None:
    async def run() -> None:
        own, go = background.Threads(2), threading.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(own.run, go.wait)
            await anyio.sleep(0)
            with pytest.raises(HubError, match="busy"):
                await own.run(lambda: None)
            go.set()
        assert await own.run(lambda: 7) == 7

    anyio.run(run)
