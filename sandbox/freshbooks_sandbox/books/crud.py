"""Creating, editing, archiving and deleting any record, with the stamps that follow."""

from __future__ import annotations

from datetime import datetime

import orjson

from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.values import Row

ACTIVE, DELETED, ARCHIVED = 0, 1, 2


def create(resource: Resource, books: Books, fields: Row, at: datetime) -> Row:
    if resource.create is None:
        raise TypeError(f"{resource.name} cannot be created on its own")
    row = resource.create(books, fields, at)
    books.tell(resource.name, "create", row[resource.id])
    return row


def edit(resource: Resource, books: Books, row: Row, fields: Row, at: datetime) -> bool:
    """Apply `fields`; a change that changes nothing leaves the stamps as they were (3.5)."""
    if resource.change is None:
        raise TypeError(f"{resource.name} follow from other records: change those")
    before = orjson.dumps(row)
    resource.change(books, row, fields, at)
    if orjson.dumps(row) == before:
        return False
    if fields.keys() == {"lines"} and not books.behaviours.line_edits_move_invoices:
        books.table(resource.name).changed()
        resource.after(books, row, at)
    else:
        _changed(resource, books, row, at)
    books.tell(resource.name, "update", row.get(resource.id))
    return True


def set_visibility(resource: Resource, books: Books, row: Row, state: int, at: datetime) -> bool:
    """Delete, archive or restore: `vis_state`, or `active` where that is the flag. Never cascades."""
    key = resource.soft_delete
    if key is None or resource.change is None:
        raise TypeError(f"{resource.name} have no deletion flag")
    value = state if key == "vis_state" else state == ACTIVE
    if row[key] == value:
        return False
    row[key] = value
    _changed(resource, books, row, at)
    books.tell(resource.name, "delete" if state == DELETED else "update", row[resource.id])
    return True


def touch(resource: Resource, books: Books, row: Row, at: datetime) -> None:
    """Move the update stamp."""
    if resource.stamp is not None:
        row[resource.stamp] = resource.clock(at)
    if "version" in row:
        row["version"] = f"{resource.clock(at)}.{at.microsecond:06d}"
    books.table(resource.name).changed()


def _changed(resource: Resource, books: Books, row: Row, at: datetime) -> None:
    touch(resource, books, row, at)
    resource.after(books, row, at)
