"""The owner's commands over the agents' actions: approve, reject and what becomes of them, and the audit log."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.cli import permissions
from freshbooks_hub.cli.permissions import action_service, ask
from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import plural

if TYPE_CHECKING:
    from freshbooks_hub.agent.actions.models import Action

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ActionId = Annotated[
    str, typer.Argument(metavar="ID", help="The action's id; `freshbooks actions list` shows it.")
]


actions_cli = typer.Typer(help="What agents proposed, and what they may do.", no_args_is_help=True)
audit_cli = typer.Typer(help="The log of who did what.", no_args_is_help=True)


def approve(action_id: ActionId) -> None:
    """Show a proposal and, once you confirm, send it.

    Example: `freshbooks approve 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.kinds import as_text
    from freshbooks_hub.agent.actions.models import Channel, Status

    actions = action_service()
    action = actions.get(action_id)
    terminal.say(as_text(action))
    if action.status is Status.proposed:
        ask("Approve this and send it now?")
        actions.approve(action.id, action.payload_hash, getpass.getuser(), Channel.terminal)
    elif action.status is Status.approved:
        ask("It was approved, but is not sent. Send it now?")
    else:
        raise HubError(f"The action is {action.status.label}, so there is nothing to approve.")
    terminal.say(f"\n{_ended(actions.dispatch(action.id))}")


def reject(action_id: ActionId) -> None:
    """Reject a proposal, or an approval that was not used.

    Example: `freshbooks reject 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.models import Channel

    done = action_service().reject(action_id, getpass.getuser(), Channel.terminal)
    print(f"{done.status.label.capitalize()}. Nothing was written.")


@actions_cli.command("list")
def list_actions(as_json: AsJson = False) -> None:
    """Show the newest actions.

    Example: `freshbooks actions list`
    """
    found = action_service().list()[:50]
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

    action = action_service().get(action_id)
    terminal.say(terminal.as_json(action.model_dump(mode="json")) if as_json else as_text(action))


@actions_cli.command()
def undo(action_id: ActionId) -> None:
    """Delete in FreshBooks what an action made there, within a day.

    Example: `freshbooks actions undo 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.kinds import as_text
    from freshbooks_hub.agent.actions.models import Channel

    actions = action_service()
    terminal.say(as_text(actions.get(action_id)))
    ask("Delete this in FreshBooks?")
    terminal.say(_ended(actions.undo(action_id, getpass.getuser(), Channel.terminal)))


@actions_cli.command()
def reconcile(as_json: AsJson = False) -> None:
    """Check in FreshBooks what became of actions whose answer was lost.

    Example: `freshbooks actions reconcile`
    """
    moved = action_service().settle()
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
    actions = action_service()
    ask("Have you looked in FreshBooks?")
    done = actions.resolve(action_id, record, getpass.getuser(), Channel.terminal)
    terminal.say(_ended(done))


@actions_cli.command()
def release(action_id: ActionId) -> None:
    """Let the time or receipt of an action be used again, after you deleted its record in FreshBooks.

    Example: `freshbooks actions release 3f9a0c1b2d4e`
    """
    from freshbooks_hub.agent.actions.models import Channel

    actions = action_service()
    ask("Let the time, expenses and receipt of this action be used again?")
    actions.release(action_id, getpass.getuser(), Channel.terminal)
    print("Released.")


@audit_cli.command()
def verify(as_json: AsJson = False) -> None:
    """Check that no entry was changed, removed or reordered.

    Example: `freshbooks audit verify`
    """
    finding = action_service().audit.verify()
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

    entries = action_service().audit.entries()
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
    permissions.register(actions_cli)
    cli.add_typer(actions_cli, name="actions")
    cli.add_typer(audit_cli, name="audit")


def _ended(action: Action) -> str:
    return f"{action.status.label}: {action.result.message if action.result else ''}"
