"""`freshbooks draft-invoice`, `send-invoice`, `log-time` and so on: each kind of action as a command, for cron and n8n.

The same policy as for agents holds: what a standing permission covers is done at once, the rest waits for an approval.
A command's options are the fields of its request. They are made when it is called: nothing heavy is loaded for others.
"""

from __future__ import annotations

import getpass
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import typer

from freshbooks_hub.cli.permissions import action_service
from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from freshbooks_hub.agent.actions.action_kind import ActionKind
    from freshbooks_hub.agent.actions.models import Action

_KINDS = Path(__file__).parents[1] / "agent" / "actions" / "kinds"
JSON_OUT, JSON_IN = "as_json", "from_json"


def register(cli: typer.Typer) -> None:
    """Add a command for each folder of a kind."""
    for folder in sorted(path.parent.name for path in _KINDS.glob("*/__init__.py")):
        words = folder.replace("_", " ")
        cli.command(
            folder.replace("_", "-"),
            help=f"{words.capitalize()}, at once where you allowed that, else once you approve it.",
            add_help_option=False,
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_outer(folder))


def _outer(folder: str) -> Callable[[typer.Context], None]:
    """The command as the list of commands knows it: it hands its words to the one with the options."""

    def run(context: typer.Context) -> None:
        inner = with_options(folder)
        code = inner(context.args, prog_name=context.command_path, standalone_mode=False)
        raise typer.Exit(code if isinstance(code, int) else 0)

    return run


def with_options(kind: str) -> Any:
    """The command of the kind of this name, with its options."""
    from freshbooks_hub.agent.actions.kinds import KINDS

    inner = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    inner.command()(_command(KINDS[kind]))
    return typer.main.get_command(inner)


def _command(kind: ActionKind) -> Callable[..., int]:
    """A function whose parameters are the request's fields."""

    def act(**given: Any) -> int:
        as_json = bool(given.pop(JSON_OUT))
        fields = _from_json(given.pop(JSON_IN)) | _given(kind, given)
        return _act(kind, fields, as_json)

    parameters = [_parameter(name, info) for name, info in kind.request.model_fields.items()]
    told = typer.Option("--json", help="Print JSON, also of a refusal.")
    whole = typer.Option(
        "--from-json", metavar="FILE", help="The fields as a JSON object; - reads standard input."
    )
    parameters += [
        inspect.Parameter(
            JSON_IN, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, whole]
        ),
        inspect.Parameter(
            JSON_OUT, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, told]
        ),
    ]
    act.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    setattr(act, "__signature__", inspect.Signature(parameters, return_annotation=int))  # noqa: B010
    act.__doc__ = (
        f"{kind.title}: at once where a standing permission covers it, else it waits for your approval."
    )
    return act


def _parameter(name: str, info: FieldInfo) -> inspect.Parameter:
    kind = _option_type(info)
    help_text = info.description or ""
    if _is_structured(info):
        help_text = f"{help_text} (as JSON)".strip()
    option = typer.Option(f"--{name.replace('_', '-')}" + (f"/--no-{name.replace('_', '-')}" if kind is bool else ""),
                          help=help_text or None, show_default=False)  # fmt: skip
    annotation: Any = Annotated[(list[str] if kind is list else kind) | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _option_type(info: FieldInfo) -> Any:
    """bool, int, list (of texts) or str."""
    for part in _parts(info):
        if part is bool:
            return bool
        if get_origin(part) is list:
            return str if _is_structured(info) else list
    numbers = [part for part in _parts(info) if part in (int, str)]
    return int if numbers == [int] else str


def _is_structured(info: FieldInfo) -> bool:
    """A list of objects: it comes as one text of JSON."""
    return any(get_origin(part) is list and get_args(part) != (str,) for part in _parts(info))


def _parts(info: FieldInfo) -> list[Any]:
    """The types that a field may have, without None and without what only describes them."""
    found: list[Any] = []
    waiting = [info.annotation]
    while waiting:
        part = waiting.pop(0)
        origin = get_origin(part)
        if origin is Annotated:
            waiting.insert(0, get_args(part)[0])
        elif origin is UnionType or str(origin) == "typing.Union":
            waiting = [*get_args(part), *waiting]
        elif part is not type(None):
            found.append(part)
    return found


def _from_json(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        value = json.loads(text)
    except (OSError, ValueError) as error:
        raise typer.BadParameter("is not a file with a JSON object", param_hint="--from-json") from error
    if not isinstance(value, dict):
        raise typer.BadParameter("is not a JSON object", param_hint="--from-json")
    return value


def _given(kind: ActionKind, options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given; lists of objects read from their JSON."""
    given = {name: value for name, value in options.items() if value is not None and value != []}
    for name, value in given.items():
        if _is_structured(kind.request.model_fields[name]):
            try:
                given[name] = json.loads(value)
            except ValueError as error:
                raise typer.BadParameter("is not JSON", param_hint=f"--{name}") from error
    return given


def _act(kind: ActionKind, fields: dict[str, Any], as_json: bool) -> int:
    """Propose, and do it where that is allowed; the exit code."""
    from pydantic import ValidationError

    from freshbooks_hub.agent.actions.models import ActionRefused

    try:
        request = kind.request.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(
            f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors(include_url=False)
        )
        raise HubError(f"{kind.name}: {problems}") from error
    actions = action_service()
    try:
        action = actions.act(request, f"{getpass.getuser()}, command line")
    except ActionRefused as refusal:
        if not as_json:
            raise
        print(
            terminal.as_json(
                {"refused": {"code": refusal.code, "message": str(refusal), "detail": refusal.detail}}
            )
        )
        return 1
    terminal.say(terminal.as_json(action.model_dump(mode="json")) if as_json else _told(action))
    return 0


def _told(action: Action) -> str:
    from freshbooks_hub.agent.actions.kinds import as_text
    from freshbooks_hub.agent.actions.models import Status

    waiting = f"\nIt waits for your approval: freshbooks approve {action.id}"
    return as_text(action) + (waiting if action.status is Status.proposed else "")
