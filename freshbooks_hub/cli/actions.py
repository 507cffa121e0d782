"""The owner's commands over the agents' actions: approve, reject, what is allowed, the audit log.

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
from freshbooks_hub.core.labels import plural

if TYPE_CHECKING:
    from freshbooks_hub.agent.actions.lifecycle import ActionService
    from freshbooks_hub.agent.actions.models import Action
    from freshbooks_hub.agent.actions.policy import Limits, PolicyView

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ActionId = Annotated[
    str, typer.Argument(metavar="ID", help="The action's id; `freshbooks actions list` shows it.")
]

Write = Annotated[
    str,
    typer.Argument(metavar="WRITE", help="The kind of write; `freshbooks actions policy` shows all of them."),
]


class Link(StrEnum):
    """How billed time shows as billed in FreshBooks."""

    auto = "auto"
    mark = "mark"
    lines = "lines"
    off = "off"


actions_cli = typer.Typer(help="What agents proposed, and what they may do.", no_args_is_help=True)
audit_cli = typer.Typer(help="The log of who did what.", no_args_is_help=True)


def approve(action_id: ActionId) -> None:
    """Show a proposal and, once you confirm, send it.

    Example: `freshbooks approve 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.kinds import as_text
    from freshbooks_hub.agent.actions.models import Channel, Status

    actions = _actions()
    action = actions.get(action_id)
    terminal.say(as_text(action))
    if action.status is Status.proposed:
        _ask("Approve this and send it now?")
        actions.approve(action.id, action.payload_hash, _user(), Channel.terminal)
    elif action.status is Status.approved:
        _ask("It was approved, but is not sent. Send it now?")
    else:
        raise HubError(f"The action is {action.status.label}, so there is nothing to approve.")
    terminal.say(f"\n{_ended(actions.dispatch(action.id))}")


def reject(action_id: ActionId) -> None:
    """Reject a proposal, or an approval that was not used.

    Example: `freshbooks reject 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.models import Channel

    done = _actions().reject(action_id, _user(), Channel.terminal)
    print(f"{done.status.label.capitalize()}. Nothing was written.")


@actions_cli.command("list")
def list_actions(as_json: AsJson = False) -> None:
    """Show the newest actions.

    Example: `freshbooks actions list`
    """
    found = _actions().list()[:50]
    if as_json:
        print(terminal.as_json([action.model_dump(mode="json") for action in found]))
        return
    for action in found:
        terminal.say(
            f"{action.id}  {action.created_at:%Y-%m-%d %H:%M}  {action.status.label:12}  {action.preview.heading}"
        )
    if not found:
        print("No agent has proposed anything yet.")


@actions_cli.command()
def show(action_id: ActionId, as_json: AsJson = False) -> None:
    """Show one action in full.

    Example: `freshbooks actions show 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.kinds import as_text

    action = _actions().get(action_id)
    terminal.say(terminal.as_json(action.model_dump(mode="json")) if as_json else as_text(action))


@actions_cli.command()
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
    actions = _actions()
    actions.policy.check_write(write)
    if unattended:
        _ask(f"Let agents do this ({write}) without asking you, within these limits, for 90 days?")
        view = actions.policy.grant(write, limits, _user(), Channel.terminal, own_drafts=own_drafts)
    else:
        _ask(f"Let agents propose this kind of write ({write})?")
        rule = Rule(allowed=True, **limits.model_dump())
        view = actions.policy.set(write, rule, _user(), Channel.terminal)
    terminal.say(_policy(view))


@actions_cli.command()
def stop() -> None:
    """End everything that is done without asking. From now on each action waits for your approval.

    Example: `freshbooks actions stop`
    """
    from freshbooks_hub.agent.actions.models import Channel

    terminal.say(_policy(_actions().policy.stop(_user(), Channel.terminal)))


@actions_cli.command()
def undo(action_id: ActionId) -> None:
    """Delete in FreshBooks what an action made there, within a day.

    Example: `freshbooks actions undo 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.kinds import as_text
    from freshbooks_hub.agent.actions.models import Channel

    actions = _actions()
    terminal.say(as_text(actions.get(action_id)))
    _ask("Delete this in FreshBooks?")
    terminal.say(_ended(actions.undo(action_id, _user(), Channel.terminal)))


@actions_cli.command()
def forbid(write: Write) -> None:
    """Turn a kind of write off. What is approved but not sent yet will not be sent.

    Example: `freshbooks actions forbid send`
    """
    from freshbooks_hub.agent.actions.models import Channel
    from freshbooks_hub.agent.actions.policy import Rule

    terminal.say(_policy(_actions().policy.set(write, Rule(), _user(), Channel.terminal)))


@actions_cli.command()
def policy(as_json: AsJson = False) -> None:
    """Show what agents may propose, and the limits.

    Example: `freshbooks actions policy --json`
    """
    view = _actions().policy.view()
    terminal.say(terminal.as_json(view.model_dump(mode="json")) if as_json else _policy(view))


@actions_cli.command()
def receipts(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder. Without it, agents may read no files.")
    ] = None,
) -> None:
    """Choose the only folder from which agents may read receipts.

    Example: `freshbooks actions receipts ~/Receipts`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = _actions()
    _ask(f"Let agents attach files under {folder} to expenses?" if folder else "Let agents read no files?")
    terminal.say(_policy(actions.policy.set_receipts_folder(folder, _user(), Channel.terminal)))


@actions_cli.command()
def link(mode: Link) -> None:
    """Choose how time on a drafted invoice is marked as billed in FreshBooks.

    Example: `freshbooks actions link off`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = _actions()
    _ask(f"Mark billed time in FreshBooks this way: {mode.value}?")
    terminal.say(_policy(actions.policy.set_link(mode.value, _user(), Channel.terminal)))


@actions_cli.command()
def reconcile(as_json: AsJson = False) -> None:
    """Check in FreshBooks what became of actions whose answer was lost.

    Example: `freshbooks actions reconcile`
    """
    moved = _actions().settle()
    if as_json:
        print(terminal.as_json([action.model_dump(mode="json") for action in moved]))
        return
    for action in moved:
        terminal.say(f"{action.id}  {_ended(action)}")
    if not moved:
        print("Nothing changed.")


@actions_cli.command()
def resolve(
    action_id: ActionId,
    record: Annotated[int | None, typer.Option(help="The invoice's or expense's id in FreshBooks.")] = None,
    absent: Annotated[bool, typer.Option("--absent", help="FreshBooks does not have it.")] = False,
) -> None:
    """Say what became of an action that the hub cannot resolve by itself.

    Example: `freshbooks actions resolve 3f9a0c1b2d4e --record 217501`
    """
    from freshbooks_hub.agent.actions.models import Channel

    if (record is None) != absent:
        raise typer.BadParameter("give either --record or --absent")
    actions = _actions()
    _ask("Have you looked in FreshBooks?")
    done = actions.resolve(action_id, record, _user(), Channel.terminal)
    terminal.say(_ended(done))


@actions_cli.command()
def release(action_id: ActionId) -> None:
    """Let the time or receipt of an action be used again, after you deleted its record in FreshBooks.

    Example: `freshbooks actions release 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = _actions()
    _ask("Let the time, expenses and receipt of this action be used again?")
    actions.release(action_id, _user(), Channel.terminal)
    print("Released.")


@audit_cli.command()
def verify(as_json: AsJson = False) -> None:
    """Check that no entry was changed, removed or reordered.

    Example: `freshbooks audit verify`
    """
    finding = _actions().audit.verify()
    entries = plural(finding.entries, "entry", "entries")
    if as_json:
        print(terminal.as_json(finding.model_dump(mode="json")))
    elif finding.ok:
        print(f"The audit log is complete and unchanged: {entries}.")
    else:
        print(f"The audit log was CHANGED: {finding.problem} ({entries})", file=sys.stderr)
    if not finding.ok:
        raise typer.Exit(1)


@audit_cli.command()
def log(as_json: AsJson = False) -> None:
    """Show the newest entries.

    Example: `freshbooks audit log`
    """
    from freshbooks_hub.agent.actions.audit_words import detail_words, event_words

    entries = _actions().audit.entries()
    if as_json:
        print(terminal.as_json(entries))
        return
    for entry in entries:
        channel = f" ({entry['channel']})" if entry["channel"] else ""
        event, detail = event_words(entry["event"]), "; ".join(detail_words(entry))
        terminal.say(f"{entry['seq']:5}  {entry['at'][:19]}  {event:12} {entry['action_id'] or '':12}  "
              f"{entry['who']}{channel}  {detail}")  # fmt: skip


def register(cli: typer.Typer) -> None:
    """Add the commands to `freshbooks`."""
    cli.command()(approve)
    cli.command()(reject)
    cli.command("refuse", hidden=True)(reject)  # its earlier name
    actions_cli.command("reject", hidden=True)(reject)  # where people look for it too
    cli.add_typer(actions_cli, name="actions")
    cli.add_typer(audit_cli, name="audit")


def _actions() -> ActionService:
    from freshbooks_hub.agent.actions.lifecycle import ActionService
    from freshbooks_hub.core.home import Home

    return ActionService(Home.from_environment().ensure())


def _ended(action: Action) -> str:
    return f"{action.status.label}: {action.result.message if action.result else ''}"


def _ask(question: str) -> None:
    """Raises HubError unless a person at a terminal types yes."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HubError("This needs your answer in a terminal. Run the command yourself, without a pipe.")
    if input(f"\n{question} Type yes: ").strip().lower() != "yes":
        raise HubError("You did not confirm, so nothing was done.")


def _user() -> str:
    return getpass.getuser()


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
