"""`freshbooks help`: the pages of the documentation, which are installed with the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError

_PACKAGE = Path(__file__).parents[1]
# In a wheel beside the hub's packages, in a checkout beside the hub.
FOLDERS = (_PACKAGE / "docs", _PACKAGE.parent / "docs")


class NoSuchTopic(HubError):
    """There is no page of this name."""


def topics() -> dict[str, Path]:
    """The pages by the name that `freshbooks help` knows them by."""
    folder = next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])
    return {path.stem.lower(): path for path in sorted(folder.glob("*.md"))}


def help_(
    topic: Annotated[
        str | None, typer.Argument(help="A page, such as troubleshooting; without one, they are listed.")
    ] = None,
) -> None:
    """Read the documentation: troubleshooting, agents, operations and so on.

    Example: `freshbooks help troubleshooting`
    """
    known = topics()
    if topic is None:
        for name, path in known.items():
            terminal.say(f"{name:<16} {_title(path)}")
        print("\nRead one: freshbooks help troubleshooting. Options of a command: freshbooks COMMAND --help")
        return
    page = known.get(topic.lower().removesuffix(".md"))
    if page is None:
        raise NoSuchTopic(f"There is no page {topic!r}. There are: {', '.join(known)}.")
    text = page.read_text("utf-8")
    if sys.stdout.isatty():
        import pydoc

        pydoc.pager(text)
    else:
        print(text, end="")


def _title(page: Path) -> str:
    with page.open(encoding="utf-8") as lines:
        return next(lines, "").lstrip("# ").strip()


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("help")(help_)
