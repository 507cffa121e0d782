"""A safeguard for sums of money: obvious mixes of currencies, or of both bases, are refused; the rest get a note.

By names alone, over the whole statement: an aggregate of a money column is refused when the query around it groups by
no currency and nothing in the statement compares one. One query on one mart that groups by its currency, or filters
to one, is plainly right. Every other statement that aggregates is answered with a note, for a clever one can always
mix (recursion, joins, text). It keeps honest questions right; it protects no data.

Figures that stand in a mart twice, once for each basis (accrual, cash): an aggregate over such a mart in a statement
that never names `basis` is refused, and rows that are shown without it get a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from freshbooks_hub.agent.sql.client import QueryRefused
from freshbooks_hub.agent.sql.guard import (
    AGGREGATES,
    COUNTING,
    Catalogue,
    Mart,
    Node,
    common_tables,
    fold,
    path_of,
    words,
)
from freshbooks_hub.agent.text import clean

BASIS = "basis"
_QUERIES = words("SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE")
_ADDING = AGGREGATES - COUNTING
_JOINING = words("+ - add subtract list_sum list_avg list_min list_max list_median list_aggregate list_aggr")
_CONDITIONS = words("COMPARE_IN COMPARE_NOT_IN OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_NOT")
_SAME = words("lower upper lcase ucase trim")  # of a currency, still its name


def in_reach(tree: Node, catalogue: Catalogue) -> dict[str, Mart]:
    """The marts with money that the statement reads, by name."""
    return {
        name: catalogue.marts[name] for name in marts_read(tree, catalogue) if catalogue.marts[name].money
    }


def marts_read(tree: Node, catalogue: Catalogue) -> list[str]:
    """The marts that the statement reads, by name."""
    read = {path_of(node)[-1] for node in walk(tree) if node.get("type") == "BASE_TABLE"}
    return [name for name in catalogue.marts if name in read]


def check_currencies(tree: Node, catalogue: Catalogue) -> bool:
    """Whether the answer needs the note that it may mix currencies; raises QueryRefused where it plainly would."""
    marts = in_reach(tree, catalogue)
    names = _Names(tree, list(marts.values()))
    compared = any(map(names.compares, walk(tree)))
    queries = [node for node in walk(tree) if node.get("type") in _QUERIES]
    plain = len(queries) == 1 and queries[0].get("from_table", {}).get("type") == "BASE_TABLE"
    note = False
    for query in (query for query in queries if marts and query["type"] == "SELECT_NODE"):
        grouped, fixed = names.groups(query), names.fixes(query["where_clause"])
        for call in (node for node in _own(query) if node.get("class") in ("FUNCTION", "WINDOW")):
            function, window = fold(call["function_name"]), call["class"] == "WINDOW"
            adds = function in _ADDING
            single = any(map(names.is_currency, call["partitions"])) if window else grouped
            single = single or fixed or names.fixes(call.get("filter_expr") or call.get("filter"))
            # In a plain statement a comparison that fixes nothing helps only inside the sum: CASE.
            perhaps = any(map(names.compares, walk(call["arguments"]))) if plain else compared
            if adds and names.has_money(call["arguments"]) and not single and not perhaps:
                raise QueryRefused(
                    f"{function}({_column(call['arguments'])}) would mix currencies. Add currency_code to "
                    f"{'PARTITION BY' if window else 'GROUP BY'}, or filter to one, such as currency_code = 'USD'."
                )
            if adds or (window and call["arguments"]):
                note |= not (plain and (single or names.has_none(call["arguments"])))
            elif function in _JOINING:  # one row of one mart has one currency
                note |= not plain and names.has_money(call["arguments"])
    return note


def check_bases(tree: Node, catalogue: Catalogue) -> str | None:
    """What to say with the answer, if anything; raises QueryRefused where both bases would be added up."""
    marts = [name for name in marts_read(tree, catalogue) if BASIS in catalogue.marts[name].columns]
    nodes = list(walk(tree))
    if not marts or any(BASIS in _columns_of(node) for node in nodes):
        return None
    money = {column for name in marts for column in catalogue.marts[name].money}
    for node in nodes:
        function = fold(str(node.get("function_name", "")))
        if function in _ADDING and any(
            money & set(_columns_of(part)) for part in walk(node.get("arguments"))
        ):
            raise QueryRefused(
                f"{function}() would mix both bases of {marts[0]}, accrual and cash. Filter to one, such as "
                "basis = 'accrual', or add basis to GROUP BY."
            )
    if any(node.get("class") == "STAR" for node in nodes):
        return None  # the basis is shown
    named = " and ".join(marts)
    return f"{named}: each figure is there for both bases, accrual and cash. Filter to one, or show basis."


class _Names:
    """The names that mean money or a currency anywhere in the statement; `AS` passes both on."""

    def __init__(self, tree: Node, marts: list[Mart]) -> None:
        self.money = {column for mart in marts for column in mart.money}
        self.currencies = {currency for mart in marts for currency in mart.money.values()}
        self._others = {column for mart in marts for column in mart.columns} - self.money
        before = -1
        while before != (before := len(self.money) + len(self.currencies)):
            for node in walk(tree):
                self._learn(node)

    def _learn(self, node: Node) -> None:
        renamed = [(fold(e["value"]), e["key"]["column"]) for e in node.get("rename_list") or ()]
        self.money |= {new for new, old in renamed if fold(old) in self.money}
        queries = [node] if node.get("type") == "SELECT_NODE" else node.get("children") or []
        rows = [_items(query) for query in queries if query.get("type") == "SELECT_NODE"]
        for names, items in zip(
            rows[:1] * len(rows), rows, strict=True
        ):  # the first half names the columns of all
            self._note([name for name, _ in names], [item for _, item in items])
        for aliases, query in _renaming(node):
            self._note(list(map(fold, aliases)), [item for _, item in _items(query)])

    def _note(self, names: list[str], items: list[Node]) -> None:
        if any(item["class"] == "STAR" for item in items) and len(names) > len(items):
            self.money.update(names)  # which is which is not known
        for name, item in zip(names, items, strict=False):
            (self.money if self.has_money(item) else set()).add(name)
            (self.currencies if self.is_currency(item) else set()).add(name)

    def has_money(self, node: Any) -> bool:
        """Whether the value is made of money: a comparison, a count or a ratio of money is not."""
        if not isinstance(node, dict):
            return isinstance(node, list) and any(map(self.has_money, node))
        kind, function = node.get("class"), fold(str(node.get("function_name", "")))
        if kind == "COLUMN_REF":
            return fold(node["column_names"][-1]) in self.money
        if kind in ("COMPARISON", "CONJUNCTION", "BETWEEN") or node.get("type") in _CONDITIONS:
            return False
        if kind == "CASE":
            return self.has_money([*(check["then_expr"] for check in node["case_checks"]), node["else_expr"]])
        if function:
            ratio = function == "/" and all(map(self.has_money, node["arguments"]))
            return function not in COUNTING and not ratio and self.has_money(node["arguments"])
        return kind in ("STAR", "POSITIONAL_REFERENCE") or any(map(self.has_money, node.values()))

    def has_none(self, node: Any) -> bool:
        """Whether the value is surely no money: all of its columns are known as others."""
        columns = [each for each in walk(node) if each.get("class") == "COLUMN_REF"]
        return not self.has_money(node) and all(
            fold(each["column_names"][-1]) in self._others for each in columns
        )

    def is_currency(self, node: Any) -> bool:
        """A plain currency column. A maximum or any value of several does not name one."""
        if not isinstance(node, dict):
            return False
        if node.get("class") == "FUNCTION" and fold(node["function_name"]) in _SAME and node["arguments"]:
            return self.is_currency(node["arguments"][0]["expression"])
        if node.get("class") in ("CAST", "COLLATE"):
            return self.is_currency(node["child"])
        return node.get("class") == "COLUMN_REF" and fold(node["column_names"][-1]) in self.currencies

    def compares(self, node: Node) -> bool:
        """Whether a condition or a join looks at a currency."""
        if node.get("type") == "JOIN":
            return (
                bool(set(map(fold, node["using_columns"])) & self.currencies) or node["ref_type"] == "NATURAL"
            )
        sides = [node.get("left"), node.get("right"), node.get("child"), *(node.get("children") or ())]
        condition = node.get("class") in ("COMPARISON", "SUBQUERY") or node.get("type") in _CONDITIONS
        return condition and any(map(self.is_currency, sides))

    def fixes(self, condition: Node | None) -> bool:
        """Whether the condition leaves only one currency."""
        if condition and condition["type"] == "CONJUNCTION_AND":
            return any(map(self.fixes, condition["children"]))
        if not condition or condition["type"] not in ("COMPARE_EQUAL", "COMPARE_IN"):
            return False
        sides = condition.get("children") or [condition["left"], condition["right"]]
        constant = any(side["class"] == "CONSTANT" for side in sides)
        return len(sides) == 2 and constant and any(map(self.is_currency, sides))

    def groups(self, query: Node) -> bool:
        """Whether each group of the query has one currency: in every grouping set."""
        items = query["select_list"]
        if query["aggregate_handling"] == "FORCE_AGGREGATES":  # GROUP BY ALL
            return any(map(self.is_currency, items))
        aliases = {fold(item["alias"]): item for item in items if item.get("alias")}
        keys = []
        for key in query["group_expressions"]:
            if key["class"] == "CONSTANT" and key["literal"]["text"].isdigit():
                key = dict(enumerate(items, 1)).get(int(key["literal"]["text"]), key)
            alias = aliases.get(fold((key.get("column_names") or [""])[-1]))
            keys.append(self.is_currency(key) or self.is_currency(alias))
        return bool(query["group_sets"]) and all(any(keys[n] for n in group) for group in query["group_sets"])


def walk(node: Any, enter: Callable[[Any], bool] = lambda _: True) -> Iterator[Node]:
    """Every node of the tree from `node` down, as far as `enter` allows."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if enter(part):
            yield from walk(part, enter)


def _own(query: Node) -> Iterator[Node]:
    """The nodes of a query without those of the queries inside it."""
    return walk(query, lambda part: not isinstance(part, dict) or part.get("type") not in _QUERIES)


def _items(query: Node) -> list[tuple[str, Node]]:
    """Name and expression of each column; of several queries below each other, those of the first."""
    while query["type"] != "SELECT_NODE":
        query = query["children"][0] if query.get("children") else query["left"]
    return [(fold(i.get("alias") or (i.get("column_names") or [""])[-1]), i) for i in query["select_list"]]


def _renaming(node: Node) -> Iterator[tuple[list[str], Node]]:
    """Column names given to a query from outside: `WITH t(a)`, `(SELECT …) AS t(a)`."""
    if node.get("type") == "SUBQUERY" and node.get("column_name_alias"):
        yield node["column_name_alias"], node["subquery"]["node"]
    for _, aliases, query in common_tables(node):
        yield aliases, query


def _column(arguments: Any) -> str:
    """The first column in an expression, for a message."""
    found = (node["column_names"][-1] for node in walk(arguments) if node.get("class") == "COLUMN_REF")
    return clean(str(next(found, "…")), 60)


def _columns_of(node: Node) -> list[str]:
    """The name of the column that the node is, or the names that a join is by."""
    if node.get("class") == "COLUMN_REF":
        return [fold(node["column_names"][-1])]
    return [fold(name) for name in node.get("using_columns") or ()]
