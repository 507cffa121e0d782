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
from freshbooks_hub.agent.sql.functions import AGGREGATES, COUNTING, words
from freshbooks_hub.agent.sql.guard import Node, common_tables, fold, path_of
from freshbooks_hub.agent.sql.model import QueryRefused
from freshbooks_hub.agent.sql.scope import PLAIN, Columns, Key, Keys, Kind, Relation, Scope
from freshbooks_hub.agent.untrusted import clean

Determined = frozenset[Key]
_NONE: Determined = frozenset()
_EQUAL = ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM")
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


def check(tree: Node, catalogue: Catalogue) -> None:
    """Refuse sums of money over several currencies, with a hint; raises QueryRefused."""
    _Reading(catalogue).query(tree, Scope())


class _Reading:
    """One walk over one statement that `guard.check` has let through."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.keys = Keys()
        self._subqueries: dict[int, tuple[Columns, bool]] = {}

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

    def _subquery(self, node: Node, scope: Scope) -> tuple[Columns, bool]:
        """The columns of a query in an expression, and whether it depends on the row around it."""
        if id(node) not in self._subqueries:
            edge = Scope(parent=scope)
            columns = self.query(node["subquery"]["node"], edge)
            self._subqueries[id(node)] = columns, edge.crossed
        return self._subqueries[id(node)]

    def _select(self, node: Node, scope: Scope) -> Columns:
        self._table(node["from_table"], scope)
        for item in node["select_list"]:
            if item.get("alias") and item["class"] == "COLUMN_REF":
                scope.aliases[fold(item["alias"])] = self.kind(item, scope, _NONE)
        if node["where_clause"]:
            self.kind(node["where_clause"], scope, _NONE)
            self._equate(node["where_clause"], scope)
        grouped = self._grouped(node, scope)
        columns: Columns = []
        for item in node["select_list"]:
            found = self._item(item, scope, grouped)
            scope.aliases.update((name, kind) for name, kind in found if item.get("alias"))
            columns += found
        for clause in (node["having"], node["qualify"]):
            if clause:
                self.kind(clause, scope, grouped)
        for modifier in node["modifiers"]:
            for order in modifier.get("orders", []):
                self.kind(order["expression"], scope, grouped)
        return columns

    def _item(self, item: Node, scope: Scope, grouped: Determined) -> Columns:
        if item["class"] == "STAR":
            hidden = {fold(str(name)) for name in item["exclude_list"]}
            replaced = {fold(e["key"]): self.kind(e["value"], scope, grouped) for e in item["replace_list"]}
            renamed = {fold(e["key"]["column"]): fold(e["value"]) for e in item["rename_list"]}
            return [
                (renamed.get(name, name), replaced.get(name, kind))
                for relation in _picked(item, scope)
                for name, kind in relation.columns
                if name not in hidden | relation.shared
            ]
        name = item["alias"] or (item.get("column_names") or [""])[-1]
        return [(fold(name), self.kind(item, scope, grouped))]

    def _grouped(self, node: Node, scope: Scope) -> Determined:
        """Currencies of which each group has one: in every grouping set."""
        items = node["select_list"]
        if node["aggregate_handling"] == "FORCE_AGGREGATES":  # GROUP BY ALL
            found = [self._currency(item, scope) for item in items if not _aggregates(item)]
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
            keys.append(self._currency(expression, scope))
        sets = [{keys[place] for place in group} - {None} for group in node["group_sets"]]
        return frozenset(key for key in set.intersection(*sets) if key is not None) if sets else _NONE

    def _currency(self, expression: Node, scope: Scope) -> Key | None:
        key = self.kind(expression, scope, _NONE).currency
        return None if key is None else self.keys.find(key)

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
                rows = [[("", self.kind(value, scope, _NONE)) for value in row] for row in ref["values"]]
                columns = [(f"col{n}", kind) for n, (_, kind) in enumerate(self._united(rows))]
                alias = ref["alias"]
            case "TABLE_FUNCTION":
                kind = self.kind(ref["function"], scope, _NONE)
                alias = ref["alias"] or ref["function"]["function_name"]
                columns = [(fold(ref["function"]["function_name"]), kind)]
            case _:  # nothing, or a description of columns
                return
        scope.relations.append(Relation(fold(alias), _renamed(columns, ref["column_name_alias"])))

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
            self.kind(ref["condition"], scope, _NONE)
            # ON of an outer join keeps the rows of one side that it does not hold for.
            self._equate(ref["condition"], scope, constants=ref["join_type"] == "INNER")

    # -- conditions

    def _equate(self, condition: Node, scope: Scope, *, constants: bool = True) -> None:
        """Note what holds for every row that meets the condition."""
        if condition["type"] == "CONJUNCTION_AND":
            for part in condition["children"]:
                self._equate(part, scope, constants=constants)
            return
        if condition["type"] in _EQUAL:
            sides = [condition["left"], condition["right"]]
        elif condition["type"] == "COMPARE_IN" and len(condition["children"]) == 2:
            sides = condition["children"]
        else:
            return
        for one, other in (sides, sides[::-1]):
            key = self.kind(one, scope, _NONE).currency
            if isinstance(key, int):
                value = self._single(other, scope)
                if value is not None and constants:
                    self.keys.equate(key, value)
                elif value is None:
                    beside = self.kind(other, scope, _NONE).currency
                    if beside is not None:
                        self.keys.equate(key, beside)

    def _single(self, expression: Node, scope: Scope) -> str | None:
        """A key when the expression has one value for the whole query."""
        if expression["class"] == "CONSTANT":
            return self.kind(expression, scope, _NONE).currency or self.keys.single()  # type: ignore[return-value]
        if expression["class"] == "SUBQUERY" and expression["subquery_type"] == "SCALAR":
            return None if self._subquery(expression, scope)[1] else self.keys.single()
        return None

    def _fixed(self, condition: Node | None, scope: Scope) -> Determined:
        """Currencies that are a constant wherever the condition holds, without noting it for other places."""
        if not condition:
            return _NONE
        if condition["type"] == "CONJUNCTION_AND":
            return frozenset().union(*(self._fixed(part, scope) for part in condition["children"]))
        if condition["type"] not in _EQUAL:
            return _NONE
        sides = (condition["left"], condition["right"])
        found = [self._currency(side, scope) for side in sides if side["class"] != "CONSTANT"]
        return frozenset(key for key in found if key is not None) if len(found) == 1 else _NONE

    # -- expressions

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
                return _sum([relation.row() for relation in _picked(node, scope)])
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
                columns, _ = self._subquery(node, scope)
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
            fixed = self._fixed(check["when_expr"], scope)
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
            single = inside | self._fixed(condition, scope) | scope.outer_keys(self.keys)
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


def _sum(kinds: list[Kind]) -> Kind:
    """One value made of several; it names a currency when the only part that names one does."""
    money = frozenset[Key]().union(*(kind.money for kind in kinds))
    named = {kind.currency for kind in kinds if kind.currency is not None}
    return Kind(money, named.pop() if len(named) == 1 and not money else None)


def _picked(star: Node, scope: Scope) -> list[Relation]:
    of = fold(star["relation_name"])
    return [relation for relation in scope.relations if not of or relation.alias == of]


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


def _named(node: Any) -> str:
    """The first column in an expression, for a message."""
    if isinstance(node, list):
        return next(filter(None, map(_named, node)), "")
    if not isinstance(node, dict):
        return ""
    if "column_names" in node:
        return clean(str(node["column_names"][-1]), 60)
    return next(filter(None, map(_named, node.values())), "")
