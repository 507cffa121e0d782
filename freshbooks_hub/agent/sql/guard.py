"""Which parsed statements may run: an allow-list over DuckDB's own parse tree, nothing by pattern on the text.

Only tables that are marts (or names the statement defines itself), only functions of `functions.ALLOWED`, only
the kinds of nodes listed here. What a later DuckDB adds is refused until it is listed.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from freshbooks_hub.agent.sql.functions import ALLOWED, TABLE_FUNCTIONS, words
from freshbooks_hub.agent.sql.model import QueryRefused
from freshbooks_hub.agent.untrusted import clean

Node = dict[str, Any]
LONGEST = 20_000
_NAME = re.compile(r"\w{1,60}")
SCHEMA = "marts"

_EXPRESSIONS = words(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR "
    "POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW"
)
_OTHERS = words(
    "BASE_TABLE EMPTY EXPRESSION_LIST JOIN SHOW_REF SUBQUERY TABLE_FUNCTION "
    "SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE "
    "ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER "
    "ORDER_DEFAULT ASCENDING DESCENDING"
)


def fold(name: str) -> str:
    """Names differ by more than the case of ASCII letters, as for DuckDB; `str.lower` would equate more."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def parse(db: duckdb.DuckDBPyConnection, statement: str) -> tuple[duckdb.Statement, Node]:
    """The one SELECT in `statement`, ready to run, and its tree. Raises QueryRefused or duckdb.ParserException."""
    if len(statement) > LONGEST:
        raise QueryRefused(f"The statement is longer than {LONGEST:,} characters. Ask for less at a time.")
    if re.search("[\ud800-\udfff]", statement):
        raise QueryRefused("The statement holds half of a character (a lone surrogate). Write it out anew.")
    parsed = db.extract_statements(statement)
    if len(parsed) != 1:
        raise QueryRefused("Give exactly one SQL statement (PIVOT counts as several: use CASE instead).")
    if parsed[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("Only SELECT is allowed: the marts are read-only.")
    [text] = db.execute("SELECT json_serialize_sql(?)", [parsed[0].query]).fetchone() or ["{}"]
    tree = json.loads(text)
    if tree.get("error", True) or len(tree["statements"]) != 1:
        raise QueryRefused("This kind of statement is not available here. Use a plain SELECT.")
    return parsed[0], tree["statements"][0]["node"]


def check(tree: Node, marts: Iterable[str]) -> None:
    """Refuse everything that is not plainly a question to `marts`; raises QueryRefused."""
    _visit(tree, frozenset(marts), frozenset())


def common_tables(node: Node) -> Iterator[tuple[str, list[str], Node]]:
    """(name, column aliases, query) of each WITH of a query node, in order: each sees those before it."""
    for entry in (node.get("cte_map") or {}).get("map", []):
        yield fold(entry["key"]), entry["value"]["aliases"], entry["value"]["query_node"]


def path_of(node: Node) -> list[str]:
    """The dotted name of a table or function."""
    return [fold(part) for part in node["qualified_name"]["path"]]


def _visit(node: Any, marts: frozenset[str], defined: frozenset[str]) -> None:
    """`defined`: the names of WITH that DuckDB would see at this place."""
    if isinstance(node, list):
        for item in node:
            _visit(item, marts, defined)
    if not isinstance(node, dict):
        return
    _check_kind(node)
    if node.get("type") == "BASE_TABLE":
        _check_table(node, marts, defined)
    for name, _, body in common_tables(node):
        _visit(body, marts, defined)
        defined |= {name}
    # Only the repeated half sees the name itself; in the first half it would be a table of that name.
    repeated = {fold(node["cte_name"])} if node.get("type") == "RECURSIVE_CTE_NODE" else set()
    for part, value in node.items():
        if part == "cte_map":
            value = [{k: v for k, v in e["value"].items() if k != "query_node"} for e in value["map"]]
        _visit(value, marts, defined | repeated if part == "right" else defined)


def _check_kind(node: Node) -> None:
    kind = node.get("type")
    if "class" in node:
        if node["class"] not in _EXPRESSIONS:
            raise QueryRefused(f"{_word(node['class'])} is not available here. Write the values out.")
        if "function_name" in node:
            _check_function(node, ALLOWED)
    elif isinstance(kind, str) and kind not in _OTHERS:
        raise QueryRefused(f"{_word(kind)} is not available here. Use a plain SELECT over marts, and CASE.")
    if kind == "TABLE_FUNCTION":
        _check_function(node["function"], TABLE_FUNCTIONS)
    if kind == "SHOW_REF" and (node["show_type"] != "DESCRIBE" or not node["query"]):
        raise QueryRefused("SHOW and SUMMARIZE are not available here. Use DESCRIBE mart, or fb_dictionary.")


def _check_function(node: Node, allowed: frozenset[str]) -> None:
    path = path_of(node)
    if path != [fold(node["function_name"])] or path[0] not in allowed:
        raise QueryRefused(f"The function {_word('.'.join(path))} is not available here.")


def _check_table(node: Node, marts: frozenset[str], defined: frozenset[str]) -> None:
    path = path_of(node)
    if node["at_clause"]:
        raise QueryRefused("AT is not available here: there is one version of the marts, the published one.")
    if len(path) == 1 and path[0] in defined:
        return
    name = path[-1]
    if path not in ([name], [SCHEMA, name]) or name not in marts:
        if not _NAME.fullmatch(name):
            raise QueryRefused("There is no such mart. fb_dictionary lists the marts.")
        near = difflib.get_close_matches(name, sorted(marts), n=1)
        hint = f"Did you mean {near[0]}?" if near else "fb_dictionary lists the marts."
        raise QueryRefused(f"There is no mart called {_word('.'.join(path))}. {hint}")


def _word(name: str) -> str:
    """A name of the statement, fit for a message."""
    return clean(name, 60)
