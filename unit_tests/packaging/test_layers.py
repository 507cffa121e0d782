"""Who may import whom, read from the imports themselves: packages in one order, and no module in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each imports of those before it alone. The command line stands above all: it starts everything.
HUB = [
    *("core", "marts", "connection", "sync", "events", "status", "doctor", "agent", "notifications"),
    *("web", "cli"),
]
# What each may import of the others in this repository.
MAY_IMPORT: dict[str, set[str]] = {
    "freshbooks_api": set(),
    "source_freshbooks": {"freshbooks_api"},
    "freshbooks_sandbox": set(),
    "freshbooks_hub": {"freshbooks_api", "freshbooks_sandbox"},
}
FOLDERS = {"freshbooks_sandbox": ROOT / "sandbox"}  # the others lie in ROOT


@cache
def modules(name: str) -> dict[str, Path]:
    """By dotted name."""
    folder = FOLDERS.get(name, ROOT)
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (folder / name).rglob("*.py")
    }


def imported(path: Path, ours: Set[str]) -> Iterator[str]:
    """Our modules that a module imports: at its top, within a function or for types alone."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{name.name}" for name in node.names]
            yield from {name if name in ours else node.module for name in names} & ours
        elif isinstance(node, ast.Import):
            yield from {name.name for name in node.names} & ours


@cache
def graph() -> dict[str, set[str]]:
    """What each of our modules imports; it takes seconds to read."""
    every = {name: path for top in MAY_IMPORT for name, path in modules(top).items()}
    return {name: set(imported(path, every.keys())) for name, path in every.items()}


def package(module: str) -> str | None:
    """The hub's package that a module is of; None for the hub's root."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def test_no_module_imports_itself_by_way_of_others() -> None:
    """In any of the packages, imports for types alone included."""
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_package_of_the_sandbox_imports_itself_by_way_of_others() -> None:
    def room(module: str) -> str:
        top, _, rest = module.partition(".")
        return f"{top}.{rest.partition('.')[0]}"

    rooms: dict[str, set[str]] = {}
    for module in modules("freshbooks_sandbox"):
        rooms.setdefault(room(module), set()).update(
            {room(other) for other in graph()[module]} - {room(module)}
        )
    try:
        TopologicalSorter(rooms).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_package_of_the_hub_has_its_place() -> None:
    assert {package(module) for module in modules("freshbooks_hub")} == {None, *HUB}


@pytest.mark.parametrize("name", HUB)
def test_a_package_imports_of_those_below_it_alone(name: str) -> None:
    allowed = {None, *HUB[: HUB.index(name) + 1]}
    wrong = [
        f"{module} imports {other}"
        for module in modules("freshbooks_hub")
        if package(module) == name
        for other in sorted(graph()[module])
        if other.startswith("freshbooks_hub") and package(other) not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_distribution_imports_what_it_depends_on_alone(name: str) -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules(name)
        for other in sorted(graph()[module])
        if other.partition(".")[0] not in {name, *MAY_IMPORT[name]}
    ]
    assert wrong == []


def test_the_sandbox_is_loaded_in_one_place_of_the_hub() -> None:
    """That of `freshbooks sandbox`, which the demo uses; what production runs needs no fake server."""
    users = {
        module
        for module in modules("freshbooks_hub")
        if any(other.startswith("freshbooks_sandbox") for other in graph()[module])
    }
    assert users == {"freshbooks_hub.cli.sandbox"}
