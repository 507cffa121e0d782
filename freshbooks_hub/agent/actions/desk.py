"""What sending and settling share: the lock, the books of an action, and the proof at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from freshbooks_hub.agent.actions import idempotency_keys, receipts
from freshbooks_hub.agent.actions.action_store import Ledger, Task
from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.books import DELETED, Books
from freshbooks_hub.agent.actions.drafted import DraftWork, link
from freshbooks_hub.agent.actions.expense import ExpenseWork
from freshbooks_hub.agent.actions.models import (
    ActionRefused,
    DraftInvoicePreview,
    Kind,
    Result,
    Status,
)
from freshbooks_hub.agent.actions.place import Place
from freshbooks_hub.agent.actions.send_invoice import SendWork
from freshbooks_hub.agent.actions.timing import Clock, Timing
from freshbooks_hub.agent.actions.work import Work
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home

WORKS: dict[Kind, Work] = {
    Kind.draft_invoice: DraftWork(),
    Kind.send_invoice: SendWork(),
    Kind.create_expense: ExpenseWork(),
}
HUB = "hub"


class Desk:
    """One connection's actions at work. Only the holder of the lock sends or settles."""

    def __init__(self, home: Home, ledger: Ledger, clock: Clock, timing: Timing) -> None:
        self.home = home
        self.ledger = ledger
        self.clock = clock
        self.timing = timing

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the actions; it dies with its process, so a `dispatching` row under it is orphaned."""
        lock = FileLock(self.home.root / "actions.lock", timeout=self.timing.lock_timeout, mode=0o600)
        with disk_errors(self.home.root):
            try:
                lock.acquire()
            except Timeout as error:
                raise ActionRefused(
                    "busy", "Another action is being sent. Nothing was done; try again in a minute."
                ) from error
        try:
            yield
        finally:
            lock.release()

    def api(self) -> Api:
        """Calls to FreshBooks with the connection's token."""
        return Api(ConnectionStore(self.home.connection), self.clock, self.timing)

    def books(self, task: Task) -> Books:
        """The books that the action was proposed for."""
        business = task.preview.business
        return Books(self.api(), Place(business.id, task.row["account_id"], business.name, "UTC", 1))

    def read(self, action_id: str) -> Task:
        """The action as it stands."""
        with self.ledger.transaction() as db:
            return self.ledger.task(db, action_id)

    def confirm(self, books: Books, task: Task, record_id: int) -> bool:
        """Read the record back and end the action as confirmed; False when FreshBooks does not show it."""
        result = WORKS[task.kind].read_back(books, task, record_id)
        if result is None:
            return False
        with self.ledger.transaction() as db:
            self.ledger.move(
                db,
                task.id,
                [Status.dispatching, Status.unknown, Status.needs_person],
                Status.confirmed,
                HUB,
                result=result,
                record_id=record_id,
            )
        self.clear_receipts()
        self.follow_up(books, task, result)
        return True

    def gone(self, task: Task) -> bool:
        """Whether the record of a confirmed action is deleted in FreshBooks."""
        books, number = self.books(task), int(task.row["record_id"])
        row = books.invoice(number) if task.kind is Kind.draft_invoice else books.expense(number)
        return row is None or row.get("vis_state") == DELETED

    def follow_up(self, books: Books, task: Task, result: Result) -> None:
        """See to it that FreshBooks shows billed time as billed, as far as it does."""
        if not isinstance(task.preview, DraftInvoicePreview) or not task.watch["entries"]:
            return
        try:
            linked = link(books, task)
        except ActionRefused:
            return  # not readable now; the next reconciliation asks again
        if linked is not None:
            changed = result.model_copy(update={"linked_in_freshbooks": linked})
            with self.ledger.transaction() as db:
                self.ledger.note(db, task.id, result=changed.model_dump_json())

    def end(self, task: Task, before: Status, after: Status, code: str, message: str) -> None:
        """End the action without a record, or hand it to a person."""
        with self.ledger.transaction() as db:
            self.ledger.move(db, task.id, [before], after, HUB, result=Result(code=code, message=message))
        self.clear_receipts()

    def clear_receipts(self) -> None:
        """Remove kept receipts that no unfinished action needs."""
        for sha256 in receipts.listed(self.home):
            # Within the transaction: a proposal takes its claim first and keeps its file after.
            with self.ledger.transaction() as db:
                if not idempotency_keys.receipt_needed(db, sha256):
                    receipts.forget(self.home, sha256)
