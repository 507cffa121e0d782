"""What an expression's value is, money or the name of a currency, and whether its aggregates mix currencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freshbooks_hub.agent.sql.functions import AGGREGATES, COUNTING, words
from freshbooks_hub.agent.sql.guard import Node, fold
from freshbooks_hub.agent.sql.model import QueryRefused
from freshbooks_hub.agent.sql.scope import PLAIN, Columns, Key, Keys, Kind, Relation, Scope
from freshbooks_hub.agent.untrusted import clean

Determined = frozenset[Key]
NONE: Determined = frozenset()
EQUAL = ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM")
# Of the operators that are no function, those whose value is one of their operands.
_PASSING = (
    "OPERATOR_COALESCE",
    "OPERATOR_TRY",
    "ARRAY_EXTRACT",
    "ARRAY_SLICE",
    "ARRAY_CONSTRUCTOR",
    "STRUCT_EXTRACT",
)
_NAMING = words("upper lower trim min max any_value arbitrary first last mode")
_NO_MONEY = words(
    "sign signbit isnan isinf isfinite even length len typeof hash md5 format printf concat concat_ws || "
    "~~ !~~ ~~* !~~* ~~~ contains starts_with ends_with list_count array_length list_position list_contains"
)


class Values:
    """Reads expressions of one statement. `query` reads a query inside an expression and returns its columns."""

    def __init__(self, keys: Keys, query: Callable[[Node, Scope], Columns]) -> None:
        self.keys = keys
        self._query = query
        self._subqueries: dict[int, tuple[Columns, bool]] = {}

    def subquery(self, node: Node, scope: Scope) -> tuple[Columns, bool]:
        """The columns of a query in an expression, and whether it depends on the row around it."""
        if id(node) not in self._subqueries:
            edge = Scope(parent=scope)
            columns = self._query(node["subquery"]["node"], edge)
            self._subqueries[id(node)] = columns, edge.crossed
        return self._subqueries[id(node)]

    def kind(self, node: Node, scope: Scope, determined: Determined) -> Kind:
        """What the value is; checks the aggregates in it against the currencies that are `determined`."""
        match node["class"]:
            case "CONSTANT":
                literal = node["literal"]
                named = (
                    literal["kind"] == "STRING" and len(literal["text"]) == 3 and literal["text"].isupper()
                )
                return Kind(currency=literal["text"]) if named else PLAIN
            case "COLUMN_REF":
                return self._column([fold(name) for name in node["column_names"]], scope)
            case "POSITIONAL_REFERENCE":
                every = [kind for relation in scope.relations for _, kind in relation.columns]
                return every[node["index"] - 1] if node["index"] <= len(every) else PLAIN
            case "STAR":
                return _sum([relation.row() for relation in picked(node, scope)])
            case "CAST" | "COLLATE":
                return self.kind(node["child"], scope, determined)
            case "LAMBDA":
                return self.kind(node["expr"], scope, determined)
            case "CASE":
                return self._case(node, scope, determined)
            case "OPERATOR":
                kinds = [self.kind(child, scope, determined) for child in node["children"]]
                return _sum(kinds) if node["type"] in _PASSING else PLAIN
            case "SUBQUERY":
                columns, _ = self.subquery(node, scope)
                if node["child"]:
                    self.kind(node["child"], scope, determined)
                return columns[0][1] if columns and node["subquery_type"] == "SCALAR" else PLAIN
            case "FUNCTION" | "WINDOW":
                return self._function(node, scope, determined)
            case "COMPARISON" | "CONJUNCTION" | "BETWEEN":
                for part in ("left", "right", "input", "lower", "upper"):
                    if part in node:
                        self.kind(node[part], scope, determined)
                for child in node.get("children", []):
                    self.kind(child, scope, determined)
        return PLAIN

    def _column(self, names: list[str], scope: Scope) -> Kind:
        found = scope.resolve(names)
        if found is None and "amount" in names[-1]:  # a column that DuckDB named itself
            found = Kind(frozenset({self.keys.new()}))
        return found or PLAIN

    def _case(self, node: Node, scope: Scope, determined: Determined) -> Kind:
        found = []
        for check in node["case_checks"]:
            self.kind(check["when_expr"], scope, determined)
            kind = self.kind(check["then_expr"], scope, determined)
            fixed = self.fixed(check["when_expr"], scope)
            money = {self.keys.single() if self.keys.find(key) in fixed else key for key in kind.money}
            found.append(Kind(frozenset(money), kind.currency))
        return _sum([*found, self.kind(node["else_expr"], scope, determined)])

    def _function(self, node: Node, scope: Scope, determined: Determined) -> Kind:
        name = fold(node["function_name"])
        window = node["class"] == "WINDOW"
        if window:
            parts = [self.kind(part, scope, determined).currency for part in node["partitions"]]
            inside = frozenset(self.keys.find(key) for key in parts if key is not None)
            condition = node["filter_expr"]
            for order in node["orders"]:
                self.kind(order["expression"], scope, determined)
        else:
            inside, condition = determined, node["filter"]
        kinds = [self.kind(part["expression"], scope, determined) for part in node["arguments"]]
        if name in AGGREGATES - COUNTING:
            single = inside | self.fixed(condition, scope) | scope.outer_keys(self.keys)
            roots = {self.keys.find(key) for kind in kinds for key in kind.money}
            if any(isinstance(key, int) and key not in single for key in roots):
                clause = "PARTITION BY" if window else "GROUP BY"
                raise QueryRefused(
                    f"{name}({_named(node['arguments']) or '…'}) would mix currencies. "
                    f"Add currency_code to {clause}, or filter to one, such as currency_code = 'USD'."
                )
        if name in ("+", "-"):
            named = {key for kind in kinds for key in map(self.keys.find, kind.money) if str(key).isalpha()}
            if len(named) > 1:
                raise QueryRefused("The statement adds amounts of different currencies. Keep them apart.")
        if name in _NAMING and len(kinds) == 1:
            return kinds[0]
        if name in _NO_MONEY or name in COUNTING - _NAMING:
            return PLAIN
        if name == "/" and all(kind.money for kind in kinds):
            return PLAIN  # a ratio
        return Kind(_sum(kinds).money)

    def currency(self, expression: Node, scope: Scope) -> Key | None:
        """The currency that the expression names, if it does."""
        key = self.kind(expression, scope, NONE).currency
        return None if key is None else self.keys.find(key)

    def fixed(self, condition: Node | None, scope: Scope) -> Determined:
        """Currencies that are a constant wherever the condition holds, without noting it for other places."""
        if not condition:
            return NONE
        if condition["type"] == "CONJUNCTION_AND":
            return frozenset().union(*(self.fixed(part, scope) for part in condition["children"]))
        if condition["type"] not in EQUAL:
            return NONE
        sides = (condition["left"], condition["right"])
        found = [self.currency(side, scope) for side in sides if side["class"] != "CONSTANT"]
        return frozenset(key for key in found if key is not None) if len(found) == 1 else NONE


def _sum(kinds: list[Kind]) -> Kind:
    """One value made of several; it names a currency when the only part that names one does."""
    money = frozenset[Key]().union(*(kind.money for kind in kinds))
    named = {kind.currency for kind in kinds if kind.currency is not None}
    return Kind(money, named.pop() if len(named) == 1 and not money else None)


def picked(star: Node, scope: Scope) -> list[Relation]:
    """The relations that a star stands for."""
    of = fold(star["relation_name"])
    return [relation for relation in scope.relations if not of or relation.alias == of]


def _named(node: Any) -> str:
    """The first column in an expression, for a message."""
    if isinstance(node, list):
        return next(filter(None, map(_named, node)), "")
    if not isinstance(node, dict):
        return ""
    if "column_names" in node:
        return clean(str(node["column_names"][-1]), 60)
    return next(filter(None, map(_named, node.values())), "")
