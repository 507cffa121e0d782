"""Deleting again in FreshBooks what an action made there: what the kinds that can be undone share."""

from __future__ import annotations

from collections.abc import Callable

from freshbooks_api.client import Lost, NeverSent, Refused
from freshbooks_hub.agent.actions.api import reason
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import DELETED, Books
from freshbooks_hub.agent.actions.models import ActionRefused


def delete(books: Books, path: str, singular: str, is_there: Callable[[], bool]) -> None:
    """Delete an accounting record (freshbooks-api.md 7.1); raises ActionRefused `not_undone` when it is still there."""
    undo(books, "PUT", path, canonical({singular: {"vis_state": DELETED}}), is_there)


def undo(books: Books, method: str, path: str, body: str, is_there: Callable[[], bool]) -> None:
    """Send the request that ends what `is_there` looks for, unless it is gone. May be repeated.

    Raises ActionRefused `not_undone`: what counts is what is there afterwards.
    """
    if not is_there():
        return
    why = "it did not answer clearly"
    try:
        books.api.send(method, path, body)
    except Refused as refused:
        why = reason(refused.answer)
    except (NeverSent, Lost):
        pass
    if is_there():
        raise ActionRefused("not_undone", f"FreshBooks still has it ({why}). Try again in a few minutes.")


def changed() -> ActionRefused:
    """The record is not as the action left it, so that deleting it would delete somebody's work."""
    return ActionRefused(
        "changed", "It was changed, sent, billed or paid in FreshBooks since. Delete it there if you want to."
    )
