"""Which parsed statements may run: an allow-list on DuckDB's own parse tree, never patterns on the text.

Only tables that are marts (or names that the statement defines itself), only the functions and kinds of nodes that are
listed here. What a later DuckDB adds is refused until somebody has looked at it and listed it.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from freshbooks_hub.agent.sql.client import QueryRefused
from freshbooks_hub.agent.text import clean


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


_OPERATORS = words("+ - * / // % ** ^ & | << >> ~ || ~~ !~~ ~~* !~~* ~~~ ^@ ! <@ @> && @ __postfix")
_LOGIC = words("if ifnull nullif coalesce greatest least constant_or_null")
_NUMBERS = words(
    "abs add subtract multiply divide mod fmod fdiv pow power sqrt cbrt exp ln log log2 log10 ceil ceiling floor "
    "round round_even trunc sign signbit even factorial gcd lcm pi isnan isinf isfinite radians degrees sin cos "
    "tan atan atan2 hash format_bytes"
)
_TEXT = words(
    "lower upper lcase ucase trim ltrim rtrim length len char_length strlen left right substr substring concat "
    "concat_ws replace reverse repeat lpad rpad starts_with ends_with prefix suffix contains position instr "
    "strpos split string_split str_split split_part regexp_matches regexp_replace regexp_extract "
    "regexp_extract_all regexp_full_match like_escape ilike_escape not_like_escape not_ilike_escape format "
    "printf chr ascii unicode md5 strip_accents levenshtein damerau_levenshtein jaccard jaro_similarity "
    "jaro_winkler_similarity translate bar"
)
_TIME = words(
    "date_trunc datetrunc date_part datepart date_diff datediff date_sub datesub date_add age year month day "
    "quarter week weekofyear yearweek weekday dayofweek dayofmonth dayofyear dayname monthname isodow isoyear "
    "hour minute second epoch epoch_ms last_day days_in_month make_date make_timestamp strftime strptime "
    "try_strptime time_bucket timezone to_days to_weeks to_months to_quarters to_years to_hours to_minutes "
    "to_seconds today now current_date get_current_timestamp ago"
)
_LISTS = words(
    "list_value list_pack array_value row struct_pack struct_extract map list_extract list_element array_extract "
    "list_slice array_slice list_contains list_has array_contains list_position list_sort list_reverse_sort "
    "list_reverse list_distinct list_unique list_concat list_append list_prepend list_filter list_transform "
    "list_apply list_zip list_sum list_avg list_min list_max list_count list_median list_first list_last "
    "list_string_agg list_aggregate list_aggr array_length array_to_string flatten range generate_series unnest "
    "typeof"
)
_WINDOWS = words(
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value fill"
)

# Aggregates that add up or compare nothing: over money of several currencies they are harmless.
COUNTING = words(
    "count count_star count_if countif approx_count_distinct any_value arbitrary first last string_agg listagg "
    "group_concat bool_and bool_or regr_count"
)
AGGREGATES = COUNTING | words(
    "sum sum_no_overflow fsum kahan_sum sumkahan avg mean favg wavg weighted_avg min max arg_max arg_min argmax "
    "argmin max_by min_by median mode mad quantile quantile_cont quantile_disc approx_quantile "
    "reservoir_quantile list array_agg histogram approx_top_k product geomean geometric_mean stddev stddev_pop "
    "stddev_samp var_pop var_samp variance skewness kurtosis entropy sem corr covar_pop covar_samp regr_slope "
    "regr_intercept regr_r2 regr_avgx regr_avgy bit_and bit_or bit_xor"
)
SCALARS = _OPERATORS | _LOGIC | _NUMBERS | _TEXT | _TIME | _LISTS | _WINDOWS
ALLOWED = SCALARS | AGGREGATES
TABLE_FUNCTIONS = words("range generate_series unnest")

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


# All amounts in the reporting currency are in one currency, so they need no grouping.
_REPORTING = "reporting_currency_code"


@dataclass
class Mart:
    """`columns` in order; `money`: column to the column that names its currency."""

    columns: list[str] = field(default_factory=list)
    money: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """The marts by name."""

    marts: dict[str, Mart]


def read_catalogue(db: duckdb.DuckDBPyConnection) -> Catalogue:
    """The marts as their own dictionary lists them. `db` looks names up in schema marts."""
    marts: dict[str, Mart] = {}
    for table, column, currency in db.execute(
        "SELECT mart_name, column_name, currency_column FROM fb_dictionary ORDER BY mart_name, column_number"
    ).fetchall():
        mart = marts.setdefault(table, Mart())
        mart.columns.append(column)
        if currency and currency != _REPORTING:
            mart.money[column] = currency
    return Catalogue(marts)
