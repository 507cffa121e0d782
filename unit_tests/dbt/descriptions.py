"""Descriptions of columns and macros: each text stands once, and YAML files refer to it.

Columns of staging and intermediate models mean the same wherever they go, so `models/columns.md` has one doc block for
each, and the models' YAML files name it. What a macro does stands above it in its file, from where `macros/_macros.yml`
has it. `python -m unit_tests.dbt.descriptions` builds the models of `all_rows` and adds what the YAML files lack; it
does not change a description that is there.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from unit_tests.dbt.builds import PROJECT, WORK, Build

LAYERS = ("staging", "intermediate")
BLOCKS = PROJECT / "models" / "columns.md"
MACROS = PROJECT / "macros" / "_macros.yml"
# Implementations of a macro for one engine, which `adapter.dispatch` chooses.
ENGINES = ("default", "duckdb", "postgres", "spark", "databricks", "snowflake", "bigquery", "redshift")

_BLOCK = re.compile(r"\{% docs (\w+) %\}\n(.+?)\n\{% enddocs %\}", re.DOTALL)
_MACRO = re.compile(
    r"(?:\{#-?(?P<text>(?:(?!#\}).)*?)-?#\}\s*)?\{%-? (?P<kind>macro|test|materialization) (?P<name>\w+)"
    r"(?:\(|, adapter='(?P<adapter>\w+)')",
    re.DOTALL,
)
_HEAD = """version: 2

# What stands above each macro in its file; written by `python -m unit_tests.dbt.descriptions`.
macros:
"""


@dataclass(frozen=True)
class Macro:
    name: str
    text: str

    @property
    def is_implementation(self) -> bool:
        return self.name.partition("__")[0] in ENGINES

    @property
    def description(self) -> str:
        engine, _, name = self.name.partition("__")
        return self.text or f"`{name}` on {'other engines' if engine == 'default' else engine}."


def blocks() -> dict[str, str]:
    """Doc block to its text."""
    return {name: " ".join(text.split()) for name, text in _BLOCK.findall(BLOCKS.read_text())}


def described(layer: str) -> dict[str, dict[str, str]]:
    """Model of a layer to its columns in YAML, in order, each with its description as it is written."""
    found = {}
    for path in (PROJECT / "models" / layer).glob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            found[model["name"]] = {
                column["name"]: column.get("description", "") for column in model.get("columns", [])
            }
    return found


def built_columns(build: Build, layer: str) -> dict[str, list[str]]:
    """Model of a layer to its columns as they were built."""
    with duckdb.connect(build.folder / f"{WORK}.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns() group by all"
        ).fetchall()
    names = {path.stem for path in (PROJECT / "models" / layer).glob("*.sql")}
    return {table: columns for table, columns in rows if table in names}


def macros() -> Iterator[Macro]:
    """Every macro, generic test and materialization of the project, with what stands right above it."""
    for path in sorted([*PROJECT.glob("macros/*.sql"), *PROJECT.glob("tests/generic/*.sql")]):
        for found in _MACRO.finditer(path.read_text()):
            yield Macro(_name(found), " ".join((found["text"] or "").split()))


def _name(found: re.Match[str]) -> str:
    """As dbt calls the macro."""
    prefix = "" if found["kind"] == "macro" else f"{found['kind']}_"
    return f"{prefix}{found['name']}" + (f"_{found['adapter']}" if found["adapter"] else "")


def macros_yml() -> str:
    """The YAML file of macros."""
    rows = [
        f"  - name: {macro.name}\n    description: {json.dumps(macro.description, ensure_ascii=False)}\n"
        for macro in sorted(macros(), key=lambda macro: macro.name)
    ]
    return _HEAD + "".join(rows)


def add_columns(build: Build) -> None:
    """Each column that a model was built with and its YAML file lacks, with the doc block of its name."""
    for layer in LAYERS:
        told = described(layer)
        for model, columns in built_columns(build, layer).items():
            path = PROJECT / "models" / layer / f"{model}.yml"
            texts = {name: f"{{{{ doc('{name}') }}}}" for name in columns} | {
                name: text for name, text in told.get(model, {}).items() if name in columns
            }
            rows = "".join(f'      - {{name: {name}, description: "{texts[name]}"}}\n' for name in columns)
            _put(path, model, f"    columns:\n{rows}")


def _put(path: Path, model: str, columns: str) -> None:
    """Write the columns of a model right below its name, in place of those that are there."""
    text = path.read_text()
    head = f"  - name: {model}\n"
    before, found, after = text.partition(head)
    if not found:
        raise ValueError(f"{path} does not describe {model}.")
    after = re.sub(r"^    columns:\n(?:      - \{.*\}\n)+", "", after, flags=re.MULTILINE)
    path.write_text(before + head + columns + after)


def main() -> None:
    from unit_tests.dbt.books import all_rows
    from unit_tests.dbt.builds import Dbt

    MACROS.write_text(macros_yml())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = Dbt(folder).run(
            folder, all_rows(), "build", "--resource-type", "model", "--resource-type", "seed"
        )
        if not built.succeeded:
            sys.exit(built.output)
        add_columns(built)


if __name__ == "__main__":
    main()
