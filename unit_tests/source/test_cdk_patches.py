"""Private names of the CDK, or of any other package, are touched in one file alone."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

from source_freshbooks import SourceFreshbooks, cdk_patches

SOURCE = Path(__file__).parents[2] / "source_freshbooks"
PUBLIC = {"os._exit"}  # in spite of their names
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "cdk_patches.py")


def is_private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.endswith("__")


def own_names(tree: ast.AST) -> set[str]:
    """What the classes of a module define themselves: methods, fields, and what is assigned to `self`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                        names |= {part.attr} if part.value.id in ("self", "cls") else set()
                    elif isinstance(part, ast.Name):
                        names.add(part.id)
    return names


def foreign(tree: ast.AST) -> Iterator[str]:
    own = own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not (is_own and node.attr in own) and ast.unparse(node) not in PUBLIC:
                yield f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = [*node.module.split("."), *(name.name for name in node.names)]
            yield from (f"line {node.lineno}: {ast.unparse(node)}" for part in parts if is_private(part))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "delattr"):
            name = node.args[1] if len(node.args) > 1 else None
            patches = ast.unparse(node.func) != "getattr"
            if patches or (isinstance(name, ast.Constant) and is_private(name.value)):
                yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_private_to_others_is_touched_in_cdk_patches_alone(path: Path) -> None:
    found = list(foreign(ast.parse(path.read_text("utf-8"))))
    assert not found, f"move it to source_freshbooks/cdk_patches.py: {found}"


def test_nothing_is_patched_elsewhere() -> None:
    """An attribute of an imported module is never assigned to."""
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            (name.asname or name.name).partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        assigned = [
            ast.unparse(target)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Attribute) and ast.unparse(target).partition(".")[0] in imported
        ]
        assert not assigned, (path.name, assigned)


def test_a_manifest_that_is_kept_is_what_the_cdk_makes_of_it_and_stays_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_read_and_parse_yaml_file", "_pre_process_manifest"):
        monkeypatch.setattr(YamlDeclarativeSource, name, getattr(YamlDeclarativeSource, name))
    resolved = deepcopy(SourceFreshbooks().resolved_manifest)
    cdk_patches.keep_manifest()
    for _ in range(2):
        source = SourceFreshbooks()
        assert source.resolved_manifest == resolved
        assert len(source.streams(source.settings)) == len(resolved["streams"])
