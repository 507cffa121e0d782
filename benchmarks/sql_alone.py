"""Runs the SQL of a finished dbt build in DuckDB alone: the limit of what the build can cost.

python -m benchmarks.sql_alone RUN_RESULTS RAW FOLDER MEMORY_LIMIT
"""

import json
import sys
from pathlib import Path

import duckdb


def main(results: Path, raw: Path, folder: Path, memory: str) -> None:
    config = {"memory_limit": memory, "threads": 2, "preserve_insertion_order": False}
    with duckdb.connect(folder / "work.duckdb", config=config) as db:
        db.execute("set enable_progress_bar = false")
        db.execute(f"attach '{raw}' as raw (read_only)")
        db.execute(f"attach '{folder / 'marts.duckdb'}' as marts_next; create schema marts_next.marts")
        nodes = json.loads(results.read_bytes())["results"]
        for node in sorted(nodes, key=lambda node: not node["unique_id"].startswith("seed.")):
            kind, _, name, *_ = node["unique_id"].split(".")
            if kind == "model":
                db.execute(f"create table {node['relation_name']} as {node['compiled_code']}")
            elif kind == "test":
                db.execute(f"select count(*) from ({node['compiled_code']})").fetchall()
            elif kind == "seed":
                columns = "from_currency_code varchar, to_currency_code varchar, rate_date date, rate decimal(18, 8)"
                db.execute(f"create table {name} ({columns})")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), sys.argv[4])
