"""Runs the statements of a finished dbt build again, as the hub does.

python -m benchmarks.replaying STATEMENTS RAW FOLDER
"""

import sys
from pathlib import Path

from benchmarks import books
from freshbooks_hub.sync import replay
from freshbooks_hub.sync.dbt_cache import Statements
from freshbooks_hub.sync.dbt_findings import Databases


def main(file: Path, raw: Path, folder: Path) -> None:
    statements = Statements.read(file)
    assert statements
    databases = Databases(folder / "work.duckdb", raw, folder / "marts.duckdb")
    replay.replay(statements, databases, books.STREAMS, None, folder / "run_results.json")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
