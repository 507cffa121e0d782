"""dbt builds marts without any stream while a first sync reads; the build of what was read needs no dbt then."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import preparation, transform
from freshbooks_hub.sync.dbt_cache import Statements
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.preparation import Preparation
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, sync
from unit_tests.hub.protocol import catalog, error, stream
from unit_tests.hub.sync.test_unreadable import Books, dbt_in_process, project

BEGIN = Preparation.begin  # the other tests go without (conftest.py)
Scripted = Callable[..., Source]


@pytest.fixture
def dbt_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A small project in place of ours, and where each build by dbt put its marts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, of, by_dbt = project(tmp_path / "project"), transform.Project.of, transform._Build._by_dbt
    monkeypatch.setattr(transform.Project, "of", lambda home: replace(of(home), folder=folder))
    runs = SimpleNamespace(run=dbt_in_process, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(transform, "subprocess", runs)
    builds: list[Path] = []

    def counted(build: Any) -> None:
        builds.append(build.project.marts)
        by_dbt(build)

    monkeypatch.setattr(transform._Build, "_by_dbt", counted)
    return builds


@pytest.mark.long
def test_a_first_sync_needs_no_dbt_for_what_was_prepared_while_it_read(
    home: Home, scripted: Scripted, dbt_builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def begin(asked: Preparation) -> None:
        """As ever, but in this process."""
        begun.append(asked._needed)
        if asked._needed:
            preparation.main()

    monkeypatch.setattr(Preparation, "begin", begin)
    books = Books(home, scripted)
    books.sync(taxes="old", clients="c1")
    assert books.published() == [("old", "c1")]
    assert len(dbt_builds) == 1
    assert not dbt_builds[0].is_relative_to(home.root)

    books.sync(taxes="new", clients="c1")
    assert books.published() == [("new", "c1")]
    assert begun == [True, False]  # marts are there: nothing to prepare
    assert len(dbt_builds) == 1
    assert transform.statements(home)


def test_a_release_brings_its_statements_along_unless_the_project_is_another(
    home: Home, scripted: Scripted, dbt_builds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "statements.json.gz"
    preparation.main(str(shipped))
    assert len(dbt_builds) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another_machine"))
    assert transform.statements(home) is None
    read = Statements.shipped
    monkeypatch.setattr(Statements, "shipped", lambda content: read(content, shipped))

    books = Books(home, scripted)
    books.sync(taxes="old", clients="c1")
    assert books.published() == [("old", "c1")]
    assert len(dbt_builds) == 1

    project = transform.Project.of(home)
    mart = project.folder / "models/marts/lists.sql"
    mart.write_text(mart.read_text().replace("s.name,", "upper(s.name) as name,"))
    books.sync(taxes="old", clients="c1")
    assert books.published() == [("OLD", "c1")]
    assert len(dbt_builds) == 2


def test_a_sync_that_fails_leaves_no_process_behind(
    home: Home, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another_machine"))
    started: list[subprocess.Popen[bytes]] = []

    def begin(asked: Preparation) -> None:
        BEGIN(asked)
        assert asked.is_running()
        assert asked._process
        started.append(asked._process)

    monkeypatch.setattr(preparation, "COMMAND", ("sh", "-c", "sleep 60"))
    monkeypatch.setattr(Preparation, "begin", begin)
    source = scripted(discover=[catalog(stream("taxes"))], read=[error("FreshBooks is down.")])
    with pytest.raises(HubError, match="FreshBooks is down"):
        sync(home, SyncOptions(), Silent(), source)
    assert [process.poll() for process in started] == [-15]
    assert History(home.history).generation() is None
