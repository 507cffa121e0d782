"""Runs in PyAirbyte's environment: read every stream of a source into DuckDB, print rows per stream as JSON.

client.py EXECUTABLE CONFIG_FILE DATABASE_FILE
"""

import json
import sys
from pathlib import Path

import airbyte as ab
from airbyte.caches import DuckDBCache


def main(executable: str, config: str, database: str) -> None:
    source = ab.get_source(
        "source-freshbooks",
        config=json.loads(Path(config).read_text()),
        local_executable=executable,
    )
    source.check()
    source.select_all_streams()
    cache = DuckDBCache(db_path=database)
    result = source.read(cache=cache)
    print(json.dumps({stream: len(dataset) for stream, dataset in result.streams.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
