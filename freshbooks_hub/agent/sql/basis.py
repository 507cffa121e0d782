"""A seat belt for figures that stand in a mart twice, once for each basis (accrual, cash).

By names alone, as with currencies: an aggregate over such a mart in a statement that never names `basis` is refused,
and rows that are shown without it get a note.
"""

from __future__ import annotations

from freshbooks_hub.agent.sql.client import QueryRefused
from freshbooks_hub.agent.sql.currency import marts_read, walk
from freshbooks_hub.agent.sql.guard import AGGREGATES, COUNTING, Catalogue, Node, fold

BASIS = "basis"
_ADDING = AGGREGATES - COUNTING


def check(tree: Node, catalogue: Catalogue) -> str | None:
    """What to say with the answer, if anything; raises QueryRefused where both bases would be added up."""
    marts = [name for name in marts_read(tree, catalogue) if BASIS in catalogue.marts[name].columns]
    nodes = list(walk(tree))
    if not marts or any(BASIS in _columns(node) for node in nodes):
        return None
    money = {column for name in marts for column in catalogue.marts[name].money}
    for node in nodes:
        function = fold(str(node.get("function_name", "")))
        if function in _ADDING and any(money & set(_columns(part)) for part in walk(node.get("arguments"))):
            raise QueryRefused(
                f"{function}() would mix both bases of {marts[0]}, accrual and cash. Filter to one, such as "
                "basis = 'accrual', or add basis to GROUP BY."
            )
    if any(node.get("class") == "STAR" for node in nodes):
        return None  # the basis is shown
    named = " and ".join(marts)
    return f"{named}: each figure is there for both bases, accrual and cash. Filter to one, or show basis."


def _columns(node: Node) -> list[str]:
    """The name of the column that the node is, or the names that a join is by."""
    if node.get("class") == "COLUMN_REF":
        return [fold(node["column_names"][-1])]
    return [fold(name) for name in node.get("using_columns") or ()]
