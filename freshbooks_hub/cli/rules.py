"""`freshbooks rules`: what the owner's rules would do, and do; they also run after each sync."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError

if TYPE_CHECKING:
    from freshbooks_hub.agent.rules.run import Firing
    from freshbooks_hub.core.home import Home

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def rules(
    run: Annotated[
        bool, typer.Option("--run", help="Do it, as after a sync. Without, nothing is done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the rules in rules.toml would do now; with --run, let them do it.

    Example: `freshbooks rules`
    """
    from freshbooks_hub.agent.rules.rule_file import read_rules
    from freshbooks_hub.agent.rules.run import as_json as fired_json
    from freshbooks_hub.agent.rules.run import run_rules
    from freshbooks_hub.core.home import Home

    home = Home.from_environment().ensure()
    known = read_rules(home)
    fired = run_rules(home, dry=not run)
    if as_json:
        print(terminal.as_json({"rules": [rule.model_dump() for rule in known], "fired": fired_json(fired)}))
        return
    for rule in known:
        state = "live" if rule.live else "dry run"
        terminal.say(f"{rule.name}: when {rule.when}, {rule.then.replace('_', ' ')} ({state})")
    if not known:
        terminal.say(f"There are no rules. Write them into {home.rules}; `freshbooks help agents` shows how.")
    _say(fired)
    if known and not fired:
        print("Nothing to do.")


def after_sync(home: Home, quiet: bool) -> None:
    """Run the rules on what was synced, and tell what they did. A rule that fails does not fail the sync."""
    if not home.rules.exists():
        return
    from freshbooks_hub.agent.rules.run import run_rules

    try:
        fired = run_rules(home)
    except HubError as error:
        terminal.say(f"Rules: {error}", sys.stderr)
        return
    if not quiet:
        _say(fired)


def _say(fired: list[Firing]) -> None:
    for firing in fired:
        terminal.say(f"{firing.rule}: {firing.outcome}, {firing.subject}. {firing.message}")
