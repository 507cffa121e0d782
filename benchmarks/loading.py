"""Loads the invoices among the messages of a file: as the hub does, or as DuckDB alone would.

python -m benchmarks.loading ours|duckdb MESSAGES FOLDER
python -m benchmarks.loading publish MARTS FOLDER
"""

import sys
from pathlib import Path

import duckdb

from benchmarks import books


def ours(file: Path, folder: Path) -> None:
    from freshbooks_hub.sync.extract import CHUNK
    from freshbooks_hub.sync.load import Loader
    from freshbooks_hub.sync.messages import Records, messages
    from freshbooks_hub.sync.raw import RawStore

    raw = RawStore(folder / "ours.duckdb", folder / "temp")
    loader = Loader(raw, folder)
    loader.start("invoices", books.table("invoices"), False)
    with file.open("rb") as stdout:
        for message in messages(iter(lambda: stdout.read1(CHUNK), b"")):
            if isinstance(message, Records):
                loader.records(message)
    loader.finish()
    raw.close()


def alone(file: Path, folder: Path) -> None:
    """One insert of what `read_json` makes of the same lines, in the same types."""
    columns = books.table("invoices").columns
    fields = ", ".join(f'"{column.key}" {column.type}' for column in columns)
    values = ", ".join(f'record.data."{column.key}" as "{column.name}"' for column in columns)
    with duckdb.connect(folder / "duckdb.duckdb", config={"threads": 2}) as db:
        db.execute(
            f"create table invoices as select {values} from read_json('{file}', "
            f"format = 'newline_delimited', records = true, "
            f"columns = {{type: 'VARCHAR', record: 'STRUCT(data STRUCT({fields}), emitted_at BIGINT)'}}) "
            "where type = 'RECORD'"
        )


def publish_marts(marts: Path, folder: Path) -> None:
    from freshbooks_hub.sync.refresh import publish

    publish(marts, folder / "published.duckdb")


if __name__ == "__main__":
    {"ours": ours, "duckdb": alone, "publish": publish_marts}[sys.argv[1]](
        Path(sys.argv[2]), Path(sys.argv[3])
    )
