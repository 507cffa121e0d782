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
from freshbooks_hub.agent.reads import marts as reads
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
    monkeypatch.setattr(reads, "Limits", partial(Limits, seconds=60.0, wait=1.0))
    ready_worker, running = sql._ready_worker, []

    def seen() -> sql._Worker:
        running.append(ready_worker())
        return running[-1]

    monkeypatch.setattr(sql, "_ready_worker", seen)
    ended: list[str] = []

    async def run() -> None:
        async with client(build_server(home), "2026-07-28") as connected:

            async def slow() -> None:
                ended.append(sentence(await connected.call_tool("query_marts", {"statement": ENDLESS})))

            async with anyio.create_task_group() as asking:
                for _ in range(MANY):
                    asking.start_soon(slow)
                while len(ended) < MANY - sql._AT_ONCE:
                    await anyio.sleep(0.01)
                assert set(ended) == {sql.BUSY}
                # A page runs on a thread of the common pool, as Starlette does it.
                assert await anyio.to_thread.run_sync(lambda: "a page") == "a page"
                assert " clients." in sentence(await connected.call_tool("list_clients", {}))
                assert len(ended) == MANY - sql._AT_ONCE  # the endless ones still run
                for worker in running:
                    worker._process.kill()
            assert sentence(await connected.call_tool("query_marts", {"statement": "SELECT 1"})).startswith(
                "1 row"
            )

    anyio.run(run)
    assert len(running) == sql._AT_ONCE + 1
    assert all("broke its process" in said for said in ended[-sql._AT_ONCE :])


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
