"""Which marts are built after a read: none, those that the changed tables reach, or all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from freshbooks_hub.core.errors import TransformFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, SyncResult, build, sync
from unit_tests.hub.protocol import catalog, complete, record, row, state, stream

Scripted = Callable[..., Source]


class Builds:
    """Stands in for dbt: notes what it was asked to build, and leaves the two files behind."""

    def __init__(self) -> None:
        self.asked: list[set[str] | str] = []
        self.fails = False

    def whole(self, home: Home, project: transform.Project, *_: Any, **__: Any) -> transform.Built:
        self.asked.append("all")
        project.work.write_bytes(b"work")
        with duckdb.connect(project.marts) as marts:
            marts.execute("CREATE SCHEMA marts")
        return transform.Built(project.marts, [])

    def affected(self, home: Home, project: transform.Project, *rest: Any, **_: Any) -> transform.Built:
        *_, kept, changed = rest
        self.asked.append(changed)
        shutil.copy(kept, project.work)
        if self.fails:
            raise TransformFailed("The check x found 1 wrong rows.")
        shutil.copy(home.marts, project.marts)
        return transform.Built(project.marts, [])


class World:
    """Two streams; each sync gives them the rows it is told to."""

    def __init__(self, home: Home, scripted: Scripted, builds: Builds) -> None:
        self.home, self.builds = home, builds
        self.now = datetime(2026, 11, 2, 9, tzinfo=UTC)
        self._scripted = scripted

    def sync(self, **rows: list[dict[str, Any]]) -> SyncResult:
        messages = []
        for name in ("invoices", "clients"):
            messages += [record(r, name) for r in rows.get(name, [])] + [state("s", name), complete(name)]
        source = self._scripted(discover=[catalog(stream("invoices"), stream("clients"))], read=messages)
        return sync(self.home, SyncOptions(), Silent(), source, lambda: self.now)


@pytest.fixture
def world(home: Home, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> World:
    builds = Builds()
    monkeypatch.setattr(transform, "build", builds.whole)
    monkeypatch.setattr(transform, "rebuild", builds.affected)
    world = World(home, scripted, builds)
    world.sync(invoices=[row(1, name="a")], clients=[row(1, name="c")])
    assert builds.asked == ["all"]
    builds.asked.clear()
    return world


def test_nothing_is_built_when_nothing_changed(world: World) -> None:
    before = world.home.marts.stat()
    assert not world.sync(invoices=[row(1, name="a")]).published
    assert world.builds.asked == []
    assert world.home.marts.stat() == before


def test_only_what_a_changed_table_reaches_is_built(world: World) -> None:
    assert world.sync(invoices=[row(1, name="b")], clients=[row(1, name="c")]).published
    world.sync(clients=[row(2, name="d")])
    world.sync(invoices=[row(3, name="e")], clients=[row(3, name="f")])
    assert world.builds.asked == [{"invoices"}, {"clients"}, {"invoices", "clients"}]


def test_a_new_day_builds_everything(world: World) -> None:
    world.now += timedelta(days=1)
    world.sync(invoices=[row(1, name="b")])
    assert world.builds.asked == ["all"]


def test_another_project_builds_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transform.Project, "fingerprint", lambda *_: "of another version")
    world.sync(invoices=[row(1, name="b")])
    assert world.builds.asked == ["all"]


def test_a_new_table_builds_everything(world: World, scripted: Scripted) -> None:
    source = scripted(discover=[catalog(stream("estimates"))], read=[complete("estimates")])
    sync(world.home, SyncOptions(), Silent(), source, lambda: world.now)
    assert world.builds.asked == ["all"]


def test_after_a_failed_build_the_next_has_what_was_missed(world: World) -> None:
    """The work file of the published marts outlives it, so that the next one need not build everything either."""
    world.builds.fails = True
    with pytest.raises(TransformFailed):
        world.sync(invoices=[row(1, name="b")])
    world.builds.fails = False
    world.sync(clients=[row(1, name="d")])
    assert world.builds.asked == [{"invoices"}, {"invoices", "clients"}]


def test_a_lost_or_torn_work_file_means_a_whole_build(world: World) -> None:
    [work] = world.home.dbt.glob("work-*.duckdb")
    work.with_name(f"{work.name}.wal").write_bytes(b"")
    world.sync(invoices=[row(1, name="b")])
    [work] = world.home.dbt.glob("work-*.duckdb*")  # of the new marts; nothing else is left
    work.rename(work.with_name("work-999.duckdb"))  # of other marts
    world.sync(invoices=[row(1, name="c")])
    assert world.builds.asked == ["all", "all"]


def test_marts_that_cannot_be_opened_count_as_none(world: World) -> None:
    world.home.marts.write_bytes(b"these were marts once" * 1000)
    assert world.sync().published
    assert world.builds.asked == ["all"]
    assert not world.sync().published


def test_a_build_by_hand_finds_a_broken_block_and_builds_everything(world: World) -> None:
    with duckdb.connect(world.home.marts) as db:
        db.execute("CREATE TABLE marts.filling AS FROM range(500_000)")
    assert not build(world.home, Silent(), clock=lambda: world.now).published
    with world.home.marts.open("r+b") as file:
        file.seek(file.seek(0, 2) // 2)
        file.write(b"x" * 1000)
    assert build(world.home, Silent(), clock=lambda: world.now).published
    assert world.builds.asked == ["all"]
