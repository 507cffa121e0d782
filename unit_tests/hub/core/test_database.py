"""hub.sqlite when several open it at once; what its layout is: test_migrations.py."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from freshbooks_hub.core.database import transaction

AT_ONCE = 4


def test_a_new_file_is_opened_by_several_at_once(tmp_path: Path) -> None:
    start = Barrier(AT_ONCE)

    def read(path: Path) -> str:
        start.wait()
        with transaction(path) as db:
            return str(db.execute("PRAGMA journal_mode").fetchone()[0])

    for number in range(20):
        path = tmp_path / f"{number}.sqlite"
        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert list(pool.map(read, [path] * AT_ONCE)) == ["wal"] * AT_ONCE
