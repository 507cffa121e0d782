"""What invoices are made of: items, taxes, tasks."""

from __future__ import annotations

from freshbooks_sandbox.books.query import amounts, contains, days, equals, equals_truth, ids
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.domain import catalog

_UPDATED = days("updated")

ITEMS = Resource(
    "items",
    "billable_items",
    path="items/items",
    singular="item",
    id="itemid",
    create=catalog.create_item,
    change=catalog.change_item,
    filters={
        **ids("itemid"),
        "sku": equals("sku"),
        "description": contains("description"),
        **amounts("unit_cost"),
        **amounts("qty"),
        **amounts("inventory"),
        **_UPDATED,
    },
)
TAXES = Resource(
    "taxes",
    "taxes",
    path="taxes/taxes",
    singular="tax",
    id="taxid",
    soft_delete=None,
    delete_verb=True,
    create=catalog.create_tax,
    change=catalog.change_tax,
    filters={
        **ids("taxid"),
        "name": contains("name"),
        "number": contains("number"),
        "compound": equals_truth(lambda row: bool(row["compound"])),
        **_UPDATED,
    },
)
TASKS = Resource(
    "tasks",
    "billable_items",
    path="projects/tasks",
    singular="task",
    id="taskid",
    create=catalog.create_task,
    change=catalog.change_task,
    filters={
        **ids("taskid"),
        "billable": equals_truth(lambda r: bool(r["billable"])),
        **amounts("rate"),
        **_UPDATED,
    },
    includes=("projects",),
)
