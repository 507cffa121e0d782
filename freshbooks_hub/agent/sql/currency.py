"""Money is never added across currencies: the rule, on the parsed statement.

An aggregate or window aggregate over money is refused unless the currency of that money is grouped by, or
fixed to one: by WHERE, an inner join's ON, the aggregate's FILTER, a CASE around the amount, an equality with
a row outside the query. Money and its currency are followed through joins, subqueries, WITH and UNION.

Limits, on purpose: grouping by a key that happens to determine the currency (an invoice) is refused with the
same hint; sums made without an aggregate (a recursive WITH, arithmetic between joined rows) are not seen; an
ON of an outer join equates its columns also for rows without a match. It keeps honest questions right; it is no
protection of data, which `guard` and the worker are.
"""

from __future__ import annotations

from typing import Any

from freshbooks_hub.agent.sql.catalogue import Catalogue
from freshbooks_hub.agent.sql.functions import AGGREGATES
from freshbooks_hub.agent.sql.guard import Node, common_tables, fold, path_of
from freshbooks_hub.agent.sql.scope import PLAIN, Columns, Key, Keys, Kind, Relation, Scope
from freshbooks_hub.agent.sql.values import EQUAL, NONE, Determined, Values, picked


def check(tree: Node, catalogue: Catalogue) -> None:
    """Refuse sums of money over several currencies, with a hint; raises QueryRefused."""
    _Reading(catalogue).query(tree, Scope())


class _Reading:
    """One walk over one statement that `guard.check` has let through."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.keys = Keys()
        self.values = Values(self.keys, self.query)

    # -- queries: each returns its columns

    def query(self, node: Node, outer: Scope) -> Columns:
        scope = Scope(parent=outer)
        for name, aliases, body in common_tables(node):
            scope.tables[name] = _renamed(self.query(body, scope), aliases)
        if node["type"] == "SELECT_NODE":
            return self._select(node, scope)
        if node["type"] == "RECURSIVE_CTE_NODE":
            first = self.query(node["left"], scope)
            inner = Scope(parent=scope, tables={fold(node["cte_name"]): _renamed(first, node["aliases"])})
            return self._united([first, self.query(node["right"], inner)])
        halves = [self.query(child, scope) for child in node["children"]]
        if "BY_NAME" in node["setop_type"]:
            names = list(dict.fromkeys(name for half in halves for name, _ in half))
            halves = [[(name, dict(half).get(name, PLAIN)) for name in names] for half in halves]
        return self._united(halves)

    def _united(self, halves: list[Columns]) -> Columns:
        """Rows of several queries below each other."""
        rows = [list(column) for column in zip(*halves, strict=False)]
        currencies: dict[int, Key] = {}
        for place, column in enumerate(rows):
            named = [kind.currency for _, kind in column]
            if None not in named:
                roots = {self.keys.find(key) for key in named if key is not None}
                same = len(roots) == 1 and isinstance(next(iter(roots)), str)
                currencies[place] = roots.pop() if same else self.keys.new()
        return [
            (column[0][0], Kind(self._united_money(rows, place, currencies), currencies.get(place)))
            for place, column in enumerate(rows)
        ]

    def _united_money(self, rows: list[Any], place: int, currencies: dict[int, Key]) -> frozenset[Key]:
        money = [{self.keys.find(key) for key in kind.money} for _, kind in rows[place]]
        every = set().union(*money)
        if len(every) <= 1 and all(isinstance(key, str) for key in every):
            return frozenset(every)
        for beside, key in currencies.items():
            named = [self.keys.find(kind.currency) for _, kind in rows[beside]]
            if all(found <= {name} for found, name in zip(money, named, strict=True)):
                return frozenset({key})
        return frozenset({self.keys.new()})

    def _select(self, node: Node, scope: Scope) -> Columns:
        self._table(node["from_table"], scope)
        for item in node["select_list"]:
            if item.get("alias") and item["class"] == "COLUMN_REF":
                scope.aliases[fold(item["alias"])] = self.values.kind(item, scope, NONE)
        if node["where_clause"]:
            self.values.kind(node["where_clause"], scope, NONE)
            self._equate(node["where_clause"], scope)
        grouped = self._grouped(node, scope)
        columns: Columns = []
        for item in node["select_list"]:
            found = self._item(item, scope, grouped)
            scope.aliases.update((name, kind) for name, kind in found if item.get("alias"))
            columns += found
        for clause in (node["having"], node["qualify"]):
            if clause:
                self.values.kind(clause, scope, grouped)
        for modifier in node["modifiers"]:
            for order in modifier.get("orders", []):
                self.values.kind(order["expression"], scope, grouped)
        return columns

    def _item(self, item: Node, scope: Scope, grouped: Determined) -> Columns:
        if item["class"] == "STAR":
            hidden = {fold(str(name)) for name in item["exclude_list"]}
            replaced = {
                fold(e["key"]): self.values.kind(e["value"], scope, grouped) for e in item["replace_list"]
            }
            renamed = {fold(e["key"]["column"]): fold(e["value"]) for e in item["rename_list"]}
            return [
                (renamed.get(name, name), replaced.get(name, kind))
                for relation in picked(item, scope)
                for name, kind in relation.columns
                if name not in hidden | relation.shared
            ]
        name = item["alias"] or (item.get("column_names") or [""])[-1]
        return [(fold(name), self.values.kind(item, scope, grouped))]

    def _grouped(self, node: Node, scope: Scope) -> Determined:
        """Currencies of which each group has one: in every grouping set."""
        items = node["select_list"]
        if node["aggregate_handling"] == "FORCE_AGGREGATES":  # GROUP BY ALL
            found = [self.values.currency(item, scope) for item in items if not _aggregates(item)]
            return frozenset(key for key in found if key is not None)
        aliases = {fold(item["alias"]): item for item in items if item.get("alias")}
        keys = []
        for expression in node["group_expressions"]:
            if expression["class"] == "CONSTANT" and expression["literal"]["text"].isdigit():
                place = int(expression["literal"]["text"]) - 1
                expression = items[place] if place < len(items) else expression
            names = [fold(name) for name in expression.get("column_names", [])]
            if len(names) == 1 and scope.resolve(names) is None:
                expression = aliases.get(names[0], expression)
            keys.append(self.values.currency(expression, scope))
        sets = [{keys[place] for place in group} - {None} for group in node["group_sets"]]
        return frozenset(key for key in set.intersection(*sets) if key is not None) if sets else NONE

    # -- FROM

    def _table(self, ref: Node, scope: Scope) -> None:
        """Add the relations of `ref` to the scope."""
        match ref["type"]:
            case "JOIN":
                first = len(scope.relations)
                self._table(ref["left"], scope)
                second = len(scope.relations)
                self._table(ref["right"], scope)
                self._join(ref, scope.relations[first:second], scope.relations[second:], scope)
                return
            case "BASE_TABLE":
                path = path_of(ref)
                known = scope.table(path[-1]) if len(path) == 1 else None
                columns = self.keys.renewed(known) if known is not None else self._mart(path[-1])
                alias = ref["alias"] or path[-1]
            case "SUBQUERY":
                columns, alias = self.query(ref["subquery"]["node"], scope), ref["alias"]
            case "EXPRESSION_LIST":
                rows = [
                    [("", self.values.kind(value, scope, NONE)) for value in row] for row in ref["values"]
                ]
                columns = [(f"col{n}", kind) for n, (_, kind) in enumerate(self._united(rows))]
                alias = ref["alias"]
            case "TABLE_FUNCTION":
                kind = self.values.kind(ref["function"], scope, NONE)
                alias = ref["alias"] or ref["function"]["function_name"]
                columns = [(fold(ref["function"]["function_name"]), kind)]
            case _:  # nothing, or a description of columns
                return
        scope.relations.append(Relation(fold(alias), _renamed(columns, ref.get("column_name_alias", []))))

    def _mart(self, name: str) -> Columns:
        mart = self.catalogue.marts[name]
        keys: dict[str, Key] = {column: self.keys.new() for column in set(mart.money.values())}
        return [
            (
                column,
                Kind(frozenset({keys[mart.money[column]]} if column in mart.money else ()), keys.get(column)),
            )
            for column in mart.columns
        ]

    def _join(self, ref: Node, left: list[Relation], right: list[Relation], scope: Scope) -> None:
        shared = {fold(name) for name in ref["using_columns"]}
        if ref["ref_type"] == "NATURAL":
            shared = {n for r in left for n, _ in r.columns} & {n for r in right for n, _ in r.columns}
        for relation in right:
            relation.shared |= shared
            for name in shared:
                mine = relation.get(name)
                for other in left:
                    theirs = other.get(name)
                    if mine and theirs and mine.currency is not None and theirs.currency is not None:
                        self.keys.equate(mine.currency, theirs.currency)
        if ref["condition"]:
            self.values.kind(ref["condition"], scope, NONE)
            # ON of an outer join keeps the rows of one side that it does not hold for.
            self._equate(ref["condition"], scope, constants=ref["join_type"] == "INNER")

    # -- conditions

    def _equate(self, condition: Node, scope: Scope, *, constants: bool = True) -> None:
        """Note what holds for every row that meets the condition."""
        if condition["type"] == "CONJUNCTION_AND":
            for part in condition["children"]:
                self._equate(part, scope, constants=constants)
            return
        if condition["type"] in EQUAL:
            sides = [condition["left"], condition["right"]]
        elif condition["type"] == "COMPARE_IN" and len(condition["children"]) == 2:
            sides = condition["children"]
        else:
            return
        for one, other in (sides, sides[::-1]):
            key = self.values.kind(one, scope, NONE).currency
            if isinstance(key, int):
                value = self._single(other, scope)
                if value is not None and constants:
                    self.keys.equate(key, value)
                elif value is None:
                    beside = self.values.kind(other, scope, NONE).currency
                    if beside is not None:
                        self.keys.equate(key, beside)

    def _single(self, expression: Node, scope: Scope) -> str | None:
        """A key when the expression has one value for the whole query."""
        if expression["class"] == "CONSTANT":
            return self.values.kind(expression, scope, NONE).currency or self.keys.single()  # type: ignore[return-value]
        if expression["class"] == "SUBQUERY" and expression["subquery_type"] == "SCALAR":
            return None if self.values.subquery(expression, scope)[1] else self.keys.single()
        return None


def _renamed(columns: Columns, aliases: list[str]) -> Columns:
    names = [fold(alias) for alias in aliases] + [name for name, _ in columns[len(aliases) :]]
    return [(name, kind) for name, (_, kind) in zip(names, columns, strict=False)]


def _aggregates(node: Any) -> bool:
    """Whether the expression itself, not a query in it, has an aggregate."""
    if isinstance(node, list):
        return any(_aggregates(item) for item in node)
    if not isinstance(node, dict) or node.get("class") == "SUBQUERY":
        return False
    if node.get("class") == "FUNCTION" and fold(node["function_name"]) in AGGREGATES:
        return True
    return any(_aggregates(value) for value in node.values())
