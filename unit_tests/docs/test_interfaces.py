"""What the documentation says of commands, pages and frequencies is so, and each of them is documented.

`python -m unit_tests.docs.test_interfaces` writes docs/commands.md anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main

from freshbooks_hub.cli.main import cli
from freshbooks_hub.cli.workflows import with_options
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS, parse_frequency
from freshbooks_hub.web.views import PAGES

ROOT = Path(__file__).parents[2]
DOCS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md")} - {ROOT / "CHANGELOG.md"}
)
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
# In a code span or block: the program, options of its own, then words and options until the line or span ends.
CALL = re.compile(r"(?:^|[\s`$(/])freshbooks((?: [^\s`|;&>()#]+)+)", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
WORD = re.compile(r"[a-z][a-z-]*")
PROGRAM: Any = typer.main.get_command(cli)


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command of the program by its words."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        inner = getattr(command, "commands", None)
        if not inner or getattr(command, "invoke_without_command", False):
            yield (*before, name), command
        if inner:
            yield from commands(command, (*before, name))


COMMANDS = dict(commands(PROGRAM))


def called(path: Path) -> Iterator[tuple[str, ...]]:
    """The words of each call of the program in a page's code, without options of the program itself."""
    for code in CODE.findall(path.read_text("utf-8")):
        for call in CALL.findall(code):
            words = call.split()
            while words and words[0].startswith("--"):
                del words[:2]
            if words and WORD.fullmatch(words[0]):  # else a placeholder
                yield tuple(words)


def command_of(words: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]] | None:
    """The command that the words name, and the options that they give it."""
    names: list[str] = []
    for word in words:
        if (*names, word) not in {known[: len(names) + 1] for known in COMMANDS}:
            break
        names.append(word)
    options = [word.split("=")[0].rstrip(".,:") for word in words[len(names) :] if word.startswith("--")]
    return (tuple(names), options) if names else None


def options_of(command: Any) -> set[str]:
    if command.context_settings.get(
        "ignore_unknown_options"
    ):  # an action: its options are made when it is called
        command = with_options(command.name.replace("-", "_"))
    return {name for given in command.params for name in (*given.opts, *given.secondary_opts)} | {"--help"}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_call_in_the_documentation_is_a_command_with_those_options(path: Path) -> None:
    for words in called(path):
        found = command_of(words)
        assert found, f"freshbooks {' '.join(words)}: there is no such command"
        names, options = found
        if names in COMMANDS:
            unknown = set(options) - options_of(COMMANDS[names])
            assert not unknown, f"freshbooks {' '.join(words)}: it has no {unknown}"


def commands_page() -> str:
    """docs/commands.md as it should be: each command with the first sentence of its help."""
    rows = ""
    for names, command in sorted(COMMANDS.items()):
        first = command.help.split("\n\n")[0].replace("\n", " ").strip().rstrip(".")
        rows += f"| `freshbooks {' '.join(names)}` | {first} |\n"
    return (
        "# Commands\n\n"
        "`--help` after any of them says more. "
        "With `--connection NAME` before it, a command is about that connection.\n\n"
        "| command | what it does |\n|---|---|\n" + rows
    )


def test_the_page_of_commands_has_each_of_them() -> None:
    assert COMMANDS_PAGE.read_text("utf-8") == commands_page(), (
        "run `python -m unit_tests.docs.test_interfaces`"
    )


def test_the_table_of_pages_has_each_page_of_the_menu() -> None:
    page = (ROOT / "docs" / "serve.md").read_text("utf-8")
    [table] = re.findall(r"\| page \| what it shows .*\n\| --- .*\n((?:\|.*\n)+)", page)
    told = [row.split("|")[1].strip() for row in table.splitlines()]
    assert [name for name in told if "→" not in name] == [name for _, pages in PAGES for _, name, _ in pages]


def test_the_table_of_frequencies_has_each_group_with_its_own() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    [table] = re.findall(r"\| Group \| Every .*\n\|---.*\n((?:\|.*\n)+)", page)
    told: dict[str, timedelta] = {}
    for row in table.splitlines():
        groups, every = row.split("|")[1:3]
        number, unit = every.split()
        told |= dict.fromkeys(re.findall(r"`(\w+)`", groups), parse_frequency(f"{number}{unit[0]}"))
    assert told == {group.name: group.frequency for group in SYNC_GROUPS}


if __name__ == "__main__":
    COMMANDS_PAGE.write_text(commands_page(), "utf-8")
