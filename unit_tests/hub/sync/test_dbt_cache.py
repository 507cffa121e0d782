"""What dbt parsed is kept for all homes of a user, and given to no home where somebody else may have written it."""

from pathlib import Path

import pytest

from freshbooks_hub.sync import dbt_cache
from freshbooks_hub.sync.dbt_cache import PARSED, Statement, Statements
from freshbooks_hub.sync.transform import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "dbt_project.yml").write_text("name: freshbooks")
    return tmp_path / "project"


def kept(project: Path) -> Path:
    content = Project(folder=project, work=project, marts=project, target=project).content
    return dbt_cache.place(PARSED, project, content)


def keep(project: Path, home: Path) -> None:
    dbt_cache.keep(home / PARSED, kept(project))


def parsed_by(home: Path, content: str = "parsed") -> Path:
    home.mkdir()
    (home / PARSED).write_text(content)
    return home


def lent(project: Path, home: Path) -> str | None:
    dbt_cache.lend(kept(project), home)
    return (home / PARSED).read_text() if (home / PARSED).exists() else None


def test_a_home_that_never_built_takes_what_another_one_parsed(project: Path, tmp_path: Path) -> None:
    assert lent(project, tmp_path / "early") is None
    keep(project, parsed_by(tmp_path / "first"))
    assert lent(project, tmp_path / "second" / "target") == "parsed"
    assert lent(project, parsed_by(tmp_path / "own", "its own")) == "its own"
    [file] = (tmp_path / "cache").rglob(f"*{PARSED}")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_another_project_is_parsed_anew_and_takes_its_place(project: Path, tmp_path: Path) -> None:
    keep(project, parsed_by(tmp_path / "first"))
    (project / "model.sql").write_text("select 1")
    assert lent(project, tmp_path / "second") is None
    keep(project, parsed_by(tmp_path / "third", "parsed again"))
    assert lent(project, tmp_path / "second") == "parsed again"
    assert len(list((tmp_path / "cache").rglob(f"*{PARSED}"))) == 1


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_others_may_write_is_not_taken(project: Path, tmp_path: Path, which: str) -> None:
    keep(project, parsed_by(tmp_path / "first"))
    [file] = (tmp_path / "cache").rglob(f"*{PARSED}")
    (file if which == "file" else file.parent).chmod(0o777)
    assert lent(project, tmp_path / "second") is None


def test_without_a_place_to_keep_it_nothing_is_kept(project: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    keep(project, parsed_by(tmp_path / "first"))
    keep(project, tmp_path / "parsed nothing")
    assert lent(project, tmp_path / "second") is None


def test_shipped_statements_that_are_damaged_or_of_another_project_are_none(tmp_path: Path) -> None:
    statements = Statements({}, ("attach",), ("main",), (Statement("model.freshbooks.m", (), "select 1"),))
    file = tmp_path / "statements.json.gz"
    statements.ship(file, "this project")
    whole = file.read_bytes()
    read = Statements.shipped("this project", file)
    assert read
    assert [node.statement for node in read.nodes] == ["select 1"]
    assert Statements.shipped("another", file) is None
    for damaged in (whole[:30], whole[:-9], whole[:20] + b"\xff" * 20 + whole[40:], b""):
        file.write_bytes(damaged)
        assert Statements.shipped("this project", file) is None
