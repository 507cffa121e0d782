"""`freshbooks timer`: the connected user's timer, as FreshBooks has it now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core import terminal

if TYPE_CHECKING:
    from freshbooks_hub.agent.actions.timers import ShownTimer


def timer(
    business_id: Annotated[int | None, typer.Option("--business-id", help="Only this business.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show your timer in FreshBooks. `freshbooks start-timer` starts one, `freshbooks stop-timer` logs it."""
    from freshbooks_hub.agent.actions.timers import timers_now
    from freshbooks_hub.core.home import Home

    found = timers_now(Home.from_environment(), business_id)
    if as_json:
        print(terminal.as_json([one.model_dump(mode="json") for one in found]))
        return
    terminal.say("\n".join(map(_line, found)) if found else "No timer is running or paused.")


def _line(one: ShownTimer) -> str:
    """`1:23 h, running since 2026-11-02 14:02 (America/Toronto): Website, Acme Ltd, Design. Sketches`"""
    state = "running since" if one.is_running else "paused, begun"
    on = [one.project, one.client.name if one.client else None, one.service]
    work = ", ".join(part for part in on if part) or "no project or client"
    note = f". {one.note}" if one.note else ""
    length = f"{one.minutes // 60}:{one.minutes % 60:02} h"
    return f"{length}, {state} {one.started_at} ({one.timezone}): {work}{note} (timer {one.id})"


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(timer)
