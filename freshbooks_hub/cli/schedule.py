"""`freshbooks schedule`, `pause` and `resume`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from freshbooks_hub.core.terminal import say

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]

schedule = typer.Typer(
    help="Show or change how often data is read.", invoke_without_command=True, no_args_is_help=False
)


@schedule.callback()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show how often data is read, when it was last read, and when it is read next.

    Example: `freshbooks schedule --json`
    """
    if context.invoked_subcommand:
        return
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.alarms import Alarms
    from freshbooks_hub.sync.schedule import Schedule
    from freshbooks_hub.sync.sync_groups import format_frequency

    home, now = Home.from_environment(), datetime.now(UTC)
    groups = Schedule(home).groups(now)
    trouble = Schedule(home).trouble()
    alarms = Alarms(home).open()
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "entity": e.name,
                "streams": e.streams,
                "frequency_seconds": int(e.frequency.total_seconds()),
                "last_success": _text(e.last_success),
                "next_due": _text(e.next_due),
                "is_due": e.is_due(now),
                "last_error": e.last_error,
            }
            for e in groups
        ]
        waiting = {"retry_at": _text(trouble.retry_at), "error": trouble.error} if trouble else None
        told = [{"kind": a.kind, "message": a.message, "raised_at": _text(a.raised_at)} for a in alarms]
        document = {
            "paused": groups[0].paused,
            "refused": groups[0].refused,
            "entities": rows,
            "waiting": waiting,
            "alarms": told,
        }
        print(json.dumps(document, indent=2))
        return
    if groups[0].paused:
        print("Paused. Resume with: freshbooks resume")
    if groups[0].refused:
        print(
            "Disconnected by FreshBooks: nothing is read until you authorise again with: freshbooks connect"
        )
    for alarm in alarms:
        say(f"Attention: {alarm.message}")
    if trouble:
        say(f"Waiting until {trouble.retry_at:%Y-%m-%d %H:%M} UTC: {trouble.error}")
    print(f"{'data':<15} {'every':>6}  {'last read (UTC)':<16}  {'next (UTC)':<16}")
    for e in groups:
        every = format_frequency(e.frequency) + ("" if e.frequency == e.default_frequency else "*")
        following = "now" if e.is_due(now) else _minute(e.next_due)
        say(
            f"{e.name:<15} {every:>6}  {_minute(e.last_success):<16}  {following:<16} {e.last_error or ''}".rstrip()
        )
    print("Change one: freshbooks schedule set invoices 30m")


@schedule.command("set")
def set_frequency(
    name: Annotated[str, typer.Argument(metavar="DATA", help="As `freshbooks schedule` lists it.")],
    frequency: Annotated[str, typer.Argument(help="30m, 2h, 1d, 1w; or `default`.")],
) -> None:
    """Read some data more or less often.

    Example: `freshbooks schedule set invoices 30m`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.schedule import Schedule
    from freshbooks_hub.sync.sync_groups import format_frequency, parse_frequency

    home = Home.from_environment().ensure()
    if frequency == "default":
        default = Schedule(home).reset(name)
        print(f"{name}: back to the default ({format_frequency(default)}).")
        return
    every = parse_frequency(frequency)
    Schedule(home).set(name, every)
    print(f"{name}: every {format_frequency(every)}.")


def pause() -> None:
    """Stop scheduled syncs; `freshbooks sync` by hand still works.

    Example: `freshbooks pause`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.schedule import Schedule

    Schedule(Home.from_environment().ensure()).pause(datetime.now(UTC))
    print("Paused. Resume with: freshbooks resume")


def resume() -> None:
    """Resume scheduled syncs; what became due meanwhile is read once.

    Example: `freshbooks resume`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.schedule import Schedule

    Schedule(Home.from_environment().ensure()).resume()
    print("Scheduled syncs resumed.")


def register(cli: typer.Typer) -> None:
    """Add the commands to `freshbooks`."""
    cli.add_typer(schedule, name="schedule")
    cli.command()(pause)
    cli.command()(resume)


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"
