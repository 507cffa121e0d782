"""Runs in PyAirbyte's environment: read every stream of a source into DuckDB, print rows per stream as JSON.

client.py EXECUTABLE CONFIG_FILE DATABASE_FILE

The recipe of docs/connector.md: each command of PyAirbyte is a process of its own that starts from the config that
the source object holds, so a token that one refreshed must be in it, and in the file, before the next one starts.
"""

import json
import sys
from pathlib import Path
from typing import Any

import airbyte as ab
from airbyte.caches import DuckDBCache


def main(executable: str, config: str, database: str) -> None:
    file = Path(config)

    def keep(new: dict[str, Any]) -> None:
        saved = file.with_suffix(".new")
        saved.touch(mode=0o600)
        saved.write_text(json.dumps(new))
        saved.replace(file)
        source.set_config(new, validate=False)

    source = ab.get_source(
        "source-freshbooks",
        config=json.loads(file.read_text()),
        config_change_callback=keep,
        local_executable=executable,
    )
    source.check()
    source.select_all_streams()
    cache = DuckDBCache(db_path=database)
    result = source.read(cache=cache)
    print(json.dumps({stream: len(dataset) for stream, dataset in result.streams.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
