"""Several connections, each with a home of its own under FRESHBOOKS_HOME."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from freshbooks_hub.errors import HomeError
from freshbooks_hub.home import Home


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
    with pytest.raises(HomeError, match="cannot be a connection's name"):
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
