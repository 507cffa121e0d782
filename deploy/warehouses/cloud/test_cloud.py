"""Snowflake, BigQuery and Databricks, which no test can reach: every model and data test compiles without a
connection, and is SQL of that warehouse. What it means there only a run there can tell.
"""

from __future__ import annotations

import json
import socket
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
import sqlglot
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dbt.cli.main import dbtRunner
from sqlglot import exp

PROJECT = Path(__file__).parents[3] / "dbt_project"
MODELS = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
# Made up: nothing is asked of anybody.
SETTINGS = {
    "FRESHBOOKS_SNOWFLAKE_ACCOUNT": "nobody",
    "FRESHBOOKS_SNOWFLAKE_USER": "nobody",
    "FRESHBOOKS_SNOWFLAKE_PRIVATE_KEY_PATH": "none.p8",
    "FRESHBOOKS_BIGQUERY_PROJECT": "nobody",
    "FRESHBOOKS_DATABRICKS_HOST": "nobody.invalid",
    "FRESHBOOKS_DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/none",
    "FRESHBOOKS_DATABRICKS_TOKEN": "none",
}


@pytest.fixture(scope="module", params=["snowflake", "bigquery", "databricks"])
def warehouse(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def compiled(warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name of a model or data test to its SQL."""
    folder = tmp_path_factory.mktemp(warehouse)
    options = ["--target", warehouse, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    options += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    options += ["--vars", "{as_of_date: 2026-06-30}", "--no-introspect", "--no-populate-cache"]
    with pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        patched.setenv("FRESHBOOKS_BIGQUERY_KEYFILE", str(key_file(folder)))
        patched.setattr(socket.socket, "connect", refuse)
        done = dbtRunner().invoke(["--quiet", "compile", *options])
    assert done.success, done.exception
    nodes = [result.node for result in done.result.results]
    return {node.name: node.compiled_code for node in nodes if node.resource_type in ("model", "test")}


def key_file(folder: Path) -> Path:
    """A service account of nobody's: BigQuery's client wants to read one, though it signs nothing with it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "client_email": "nobody@nobody.invalid",
        "token_uri": "https://nobody.invalid/token",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return path


def refuse(_: socket.socket, address: object) -> NoReturn:
    raise AssertionError(f"compiling asked {address}")


@cache
def parsed(sql: str, warehouse: str) -> list[exp.Expression | None]:
    """To parse them takes longer than to compile them. Raises SqlglotError."""
    return sqlglot.parse(sql, read=warehouse)


def test_every_model_compiles_without_a_connection(compiled: dict[str, str]) -> None:
    assert compiled.keys() >= MODELS
    assert len(compiled) > len(MODELS) + 70, "the data tests are missing"


def test_every_statement_is_of_the_dialect(warehouse: str, compiled: dict[str, str]) -> None:
    wrong = {}
    for name, sql in compiled.items():
        try:
            (statement,) = parsed(sql, warehouse)
            assert isinstance(statement, exp.Query)
        except (sqlglot.errors.SqlglotError, ValueError, AssertionError) as error:
            wrong[name] = str(error).partition("\n")[0]
    assert wrong == {}


def test_what_the_parser_lets_through(warehouse: str, compiled: dict[str, str]) -> None:
    """BigQuery takes no precision in a cast, and turns text into JSON by a function alone; so does Snowflake."""
    wrong = []
    for name, sql in compiled.items():
        (statement,) = parsed(sql, warehouse)
        assert statement
        for cast in statement.find_all(exp.Cast):
            to_json = cast.to.this in (exp.DType.JSON, exp.DType.VARIANT) and cast.this.is_string
            if to_json or (warehouse == "bigquery" and cast.to.expressions):
                wrong.append((name, cast.sql(dialect=warehouse)[:100]))
    assert wrong == []


def test_the_parser_refuses_what_is_wrong(warehouse: str) -> None:
    wrong = {"bigquery": "select a from b except select a from c"}
    with pytest.raises(sqlglot.errors.ParseError):
        sqlglot.parse_one(wrong.get(warehouse, "select a from b where"), read=warehouse)
