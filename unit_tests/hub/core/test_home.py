"""Several connections, each with a home of its own under FRESHBOOKS_HOME."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.raw import RawStore


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FRESHBOOKS_CONNECTION", raising=False)
    return tmp_path / "home"


@pytest.mark.parametrize("name", [None, "", "default"])
def test_the_default_connection_lives_in_the_home_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    if name is not None:
        monkeypatch.setenv("FRESHBOOKS_CONNECTION", name)
    home = Home.from_environment()
    assert (home.root, home.name, home.base) == (root, "default", home)


def test_a_named_one_lives_under_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHBOOKS_CONNECTION", "bakery")
    home = Home.from_environment()
    assert (home.root, home.name) == (root / "connections" / "bakery", "bakery")
    assert home.base.root == root
    assert home.named("studio").root == root / "connections" / "studio"
    assert home.named("default").root == root


@pytest.mark.parametrize("name", ["..", "a/b", "Bakery", "-x", "", "a" * 64])
def test_a_name_that_could_be_a_path_is_refused(root: Path, name: str) -> None:
    with pytest.raises(HomeError, match="is not a valid connection name"):
        Home(root).named(name)


def test_all_are_listed_the_default_first(root: Path) -> None:
    assert [home.name for home in Home.connections()] == ["default"]
    for name in ("studio", "bakery"):
        Home(root).named(name).ensure()
    (root / "connections" / ".DS_Store").write_text("")
    assert [home.name for home in Home.connections()] == ["default", "bakery", "studio"]


def test_every_folder_on_the_way_is_private(root: Path) -> None:
    home = Home(root).named("bakery").ensure()
    for folder in (root, root / "connections", home.root, home.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_may_lie_in_a_folder_called_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRESHBOOKS_CONNECTION", raising=False)
    homes = []
    for tenant in ("acme", "other"):
        monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path / "connections" / tenant))
        homes.append(Home.from_environment())
    acme, other = homes
    assert (acme.name, acme.base) == ("default", acme)
    assert acme.connection == tmp_path / "connections" / "acme" / "connection.json"
    assert acme.connection != other.connection
    branch = acme.named("bakery")
    assert (branch.name, branch.base) == ("bakery", acme)
    assert branch.root == acme.root / "connections" / "bakery"


def test_a_process_started_for_a_connection_finds_the_same_home(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in (Home(root), Home(root).named("bakery")):
        for variable, value in home.environment().items():
            monkeypatch.setenv(variable, value)
        assert Home.from_environment() == home


@pytest.mark.parametrize(
    "name", ["what?now", "a#b", "a*b", "a[b", "a]b", "a\\b", "a\nb", "a\x1b[2Jb", "a\u202eb"]
)
def test_a_folder_that_the_databases_cannot_bear_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path / name))
    for refused in (Home.from_environment, Home(tmp_path / name).ensure):
        with pytest.raises(HomeError, match="Point FRESHBOOKS_HOME to a folder without") as caught:
            refused()
        assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["o'brien", 'say "x"', "a;b", "a%b", "{{ x }}", "$HOME", "a b ", "é日", "a&b|c"]
)
def test_any_other_folder_holds_databases(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name).ensure()
    RawStore(home.raw, home.run / "duckdb").close()
    assert stat.S_IMODE(home.raw.stat().st_mode) == 0o600


def test_a_home_that_was_open_to_others_is_closed(root: Path) -> None:
    home = Home(root).ensure()
    files = [home.raw, home.logs / "sync-1.log", home.dbt / "target" / "run" / "x.sql", home.root / "odd"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        file.touch()
        file.chmod(0o644)  # whatever the umask of a command that ran in this process
    outside = root.parent / "outside"
    outside.touch()
    outside.chmod(0o644)
    (home.root / "link").symlink_to(outside)
    for folder in (root, home.logs, home.dbt):
        folder.chmod(0o755)
    Home(root).named("bakery").ensure()
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in root.rglob("*")
        if path.is_file() and path.name != "link"
    }
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*")) if path.is_dir()} == {
        0o700
    }
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
