"""The commands `freshbooks actions allow`, `stop`, `forbid`, `policy`, `receipts` and `link`: what agents may do.

What grants something asks in a terminal and takes no answer from a pipe. That keeps out an agent which may run
commands without one; whoever can drive a terminal under your account has your rights, here as everywhere.
"""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError

if TYPE_CHECKING:
    from freshbooks_hub.agent.actions.lifecycle import ActionService
    from freshbooks_hub.agent.actions.policy import Limits, PolicyView

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Write = Annotated[
    str,
    typer.Argument(metavar="WRITE", help="The kind of write; `freshbooks actions policy` shows all of them."),
]


def register(actions_cli: typer.Typer) -> None:
    """Add the commands to `freshbooks actions`."""
    for command in (allow, stop, forbid, policy, receipts, link):
        actions_cli.command()(command)


def action_service() -> ActionService:
    """The actions of the connection that the command works on. Raises HomeError."""
    from freshbooks_hub.agent.actions.lifecycle import ActionService
    from freshbooks_hub.core.home import Home

    return ActionService(Home.from_environment().ensure())


def ask(question: str) -> None:
    """Raises HubError unless a person at a terminal types yes."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HubError("This needs your answer in a terminal. Run the command yourself, without a pipe.")
    if input(f"\n{question} Type yes: ").strip().lower() != "yes":
        raise HubError("You did not confirm, so nothing was done.")


class Link(StrEnum):
    """How billed time shows as billed in FreshBooks."""

    auto = "auto"
    mark = "mark"
    lines = "lines"
    off = "off"


def allow(
    write: Write,
    max_amount: Annotated[
        list[str] | None,
        typer.Option(metavar="AMOUNT:CURRENCY", help="Limit per action; repeat per currency."),
    ] = None,
    per_day_amount: Annotated[
        list[str] | None,
        typer.Option(metavar="AMOUNT:CURRENCY", help="Limit in 24 hours; repeat per currency."),
    ] = None,
    per_day: Annotated[int, typer.Option(min=0, help="Limit on actions of this kind in 24 hours.")] = 20,
    per_recipient: Annotated[
        int, typer.Option(min=0, help="Limit on emails to one address in 24 hours.")
    ] = 3,
    unattended: Annotated[
        bool,
        typer.Option(
            "--unattended",
            help="Within these limits nothing asks you, for 90 days; everything else waits for your approval.",
        ),
    ] = False,
    own_drafts: Annotated[
        bool,
        typer.Option(
            "--own-drafts", help="With --unattended: also send invoices that were drafted unattended."
        ),
    ] = False,
) -> None:
    """Let agents propose a kind of write, each for your approval; with --unattended, do it within limits.

    Example: `freshbooks actions allow draft --unattended --max-amount 500:USD --per-day 5`
    """
    from freshbooks_hub.agent.actions.models import Channel
    from freshbooks_hub.agent.actions.policy import Limits, Rule

    if own_drafts and not unattended:
        raise typer.BadParameter("belongs to --unattended", param_hint="--own-drafts")
    limits = Limits(
        max_amount=_caps(max_amount),
        max_amount_per_day=_caps(per_day_amount),
        per_day=per_day,
        per_recipient_per_day=per_recipient,
    )
    actions = action_service()
    actions.policy.check_write(write)
    if unattended:
        ask(f"Let agents do this ({write}) without asking you, within these limits, for 90 days?")
        view = actions.policy.grant(write, limits, getpass.getuser(), Channel.terminal, own_drafts=own_drafts)
    else:
        ask(f"Let agents propose this kind of write ({write})?")
        rule = Rule(allowed=True, **limits.model_dump())
        view = actions.policy.set(write, rule, getpass.getuser(), Channel.terminal)
    terminal.say(_policy(view))


def stop() -> None:
    """End everything that is done without asking. From now on each action waits for your approval.

    Example: `freshbooks actions stop`
    """
    from freshbooks_hub.agent.actions.models import Channel

    terminal.say(_policy(action_service().policy.stop(getpass.getuser(), Channel.terminal)))


def forbid(write: Write) -> None:
    """Turn a kind of write off. What is approved but not sent yet will not be sent.

    Example: `freshbooks actions forbid send`
    """
    from freshbooks_hub.agent.actions.models import Channel
    from freshbooks_hub.agent.actions.policy import Rule

    terminal.say(_policy(action_service().policy.set(write, Rule(), getpass.getuser(), Channel.terminal)))


def policy(as_json: AsJson = False) -> None:
    """Show what agents may propose, and the limits.

    Example: `freshbooks actions policy --json`
    """
    view = action_service().policy.view()
    terminal.say(terminal.as_json(view.model_dump(mode="json")) if as_json else _policy(view))


def receipts(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder. Without it, agents may read no files.")
    ] = None,
) -> None:
    """Choose the only folder from which agents may read receipts.

    Example: `freshbooks actions receipts ~/Receipts`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = action_service()
    ask(f"Let agents attach files under {folder} to expenses?" if folder else "Let agents read no files?")
    terminal.say(_policy(actions.policy.set_receipts_folder(folder, getpass.getuser(), Channel.terminal)))


def link(mode: Link) -> None:
    """Choose how time on a drafted invoice is marked as billed in FreshBooks.

    Example: `freshbooks actions link off`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = action_service()
    ask(f"Mark billed time in FreshBooks this way: {mode.value}?")
    terminal.say(_policy(actions.policy.set_link(mode.value, getpass.getuser(), Channel.terminal)))


def _caps(texts: list[str] | None) -> dict[str, str]:
    caps = {}
    for text in texts or []:
        amount, _, currency = text.partition(":")
        if not currency:
            raise typer.BadParameter(f"{text}: write an amount and its currency, for example 500:USD")
        caps[currency.upper()] = amount
    return caps


def _limits(limits: Limits, sends_email: bool) -> str:
    parts = [
        *(f"up to {amount} {currency} each" for currency, amount in limits.max_amount.items()),
        *(f"up to {amount} {currency} in 24 hours" for currency, amount in limits.max_amount_per_day.items()),
        f"{limits.per_day} in 24 hours",
    ]
    if sends_email:
        parts.append(f"{limits.per_recipient_per_day} to one address in 24 hours")
    return ", ".join(parts)


def _policy(view: PolicyView) -> str:
    from freshbooks_hub.agent.actions.kinds import KINDS

    lines = []
    for kind in KINDS.values():
        rule = view.rule(kind.write)
        lines.append(f"{kind.write:13} {'on: ' + _limits(rule, kind.sends_email) if rule.allowed else 'off'}")
        if rule.allowed and (standing := rule.unattended):
            own = ", its own drafts too" if standing.own_drafts else ""
            lines.append(
                f"{'':13} without asking until {standing.until:%Y-%m-%d}: "
                f"{_limits(standing, kind.sends_email)}{own}"
            )
    lines.append(f"{'receipts':13} {view.receipts_folder or 'no folder'}")
    lines.append(f"{'link':13} {view.link}")
    return "\n".join(lines)
