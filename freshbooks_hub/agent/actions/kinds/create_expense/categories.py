"""Expense categories by id or name. Names repeat: next to the standard tree stands a copy for cost of goods sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freshbooks_hub.agent.actions.api import Json
from freshbooks_hub.agent.actions.books import as_number, name_of
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.text import SUGGESTED, folded, nearest

SEPARATOR = " > "


def find_category(rows: Sequence[Json], wanted: str) -> tuple[int, str]:
    """The id and the path, e.g. `Travel > Airfare`, by id, path or name.

    Of equal names the one outside cost of goods sold (freshbooks-api.md 3.6). Raises ActionRefused
    `category_unknown` with near names, or `category_ambiguous`.
    """
    paths = {int(row["id"]): _path(row, {r["id"]: r for r in rows}) for row in rows}
    number = as_number(wanted)
    if number is not None:
        if number not in paths:
            raise ActionRefused("category_unknown", "FreshBooks has no category with this id.")
        return number, paths[number]
    name = folded(wanted)
    matches = [
        row for row in rows if name in (folded(paths[int(row["id"])]), folded(name_of(row["category"])))
    ]
    usual = [row for row in matches if not row.get("is_cogs")] or matches
    if len(usual) == 1:
        return int(usual[0]["id"]), paths[int(usual[0]["id"])]
    if usual:
        choices: list[dict[str, Any]] = [{"id": r["id"], "path": paths[int(r["id"])]} for r in usual]
        raise ActionRefused(
            "category_ambiguous", "Several categories have this name. Give the id.", choices=choices
        )
    raise ActionRefused(
        "category_unknown",
        "FreshBooks has no category with this name. Use one of the near ones, or ask the user.",
        near=_near(name, paths),
    )


def _near(name: str, paths: dict[int, str]) -> list[dict[str, Any]]:
    by_name: dict[str, int] = {}
    for number, path in paths.items():
        by_name[path] = number
        by_name.setdefault(path.split(SEPARATOR)[-1], number)
    numbers = dict.fromkeys(by_name[found] for found in nearest(name, by_name, 2 * SUGGESTED))
    return [{"id": number, "path": paths[number]} for number in list(numbers)[:SUGGESTED]]


def _path(row: Json, by_id: dict[Any, Json]) -> str:
    names = [name_of(row["category"])]
    seen = {row["id"]}
    parent = by_id.get(row.get("parentid"))
    while parent is not None and parent["id"] not in seen:
        seen.add(parent["id"])
        names.insert(0, name_of(parent["category"]))
        parent = by_id.get(parent.get("parentid"))
    return SEPARATOR.join(names)
