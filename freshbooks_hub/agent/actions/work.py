"""What every kind of action can do, so that dispatch and reconciliation are written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from freshbooks_hub.agent.actions.action_store import Task
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.models import Result


@dataclass(frozen=True)
class Sight:
    """Records that may be the one that was sent. `exact`: every field that was sent agrees; `near`: the sum does."""

    exact: tuple[int, ...] = ()
    near: tuple[int, ...] = ()

    def without(self, ids: set[int]) -> Sight:
        """Those that were not there before."""
        return Sight(
            tuple(number for number in self.exact if number not in ids),
            tuple(number for number in self.near if number not in ids),
        )


class Work(Protocol):
    """One kind of action. Each method reads FreshBooks and raises ActionRefused when it cannot be read."""

    @property
    def streams(self) -> tuple[str, ...]:
        """What the write touches."""

    def recheck(self, books: Books, task: Task) -> None:
        """Raises ActionRefused (`stale`, `already_sent`) when what was approved does not hold any more."""

    def look(self, books: Books, task: Task) -> Sight:
        """Find the record of the action."""

    def read_back(self, books: Books, task: Task, record_id: int) -> Result | None:
        """The proof that it is written: the record as FreshBooks has it; None when it is not so (yet)."""
