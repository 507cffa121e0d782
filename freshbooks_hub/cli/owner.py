"""Who decides in a terminal, and the actions that they decide on.

What grants something asks in a terminal and takes no answer from a pipe. That keeps out an agent which may run
commands without one; whoever can drive a terminal under your account has your rights, here as everywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from freshbooks_hub.core.errors import HubError

if TYPE_CHECKING:
    from freshbooks_hub.agent.actions.lifecycle import ActionService


def action_service() -> ActionService:
    """The actions of the connection at hand. Raises HomeError."""
    from freshbooks_hub.agent.actions.lifecycle import ActionService
    from freshbooks_hub.core.home import Home

    return ActionService(Home.from_environment().ensure())


def ask(question: str) -> None:
    """Raises HubError unless a person at a terminal types yes."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HubError("This needs your answer in a terminal. Run the command yourself, without a pipe.")
    if input(f"\n{question} Type yes: ").strip().lower() != "yes":
        raise HubError("You did not confirm, so nothing was done.")
