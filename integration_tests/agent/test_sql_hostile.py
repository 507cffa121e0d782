"""Hostile SQL: nothing leaks, nothing is written, and every answer is back soon after its deadline."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.agent.sql import Limits, QueryRefused, client, run_query
from freshbooks_hub.agent.sql.worker import settings
from freshbooks_hub.marts.open import open_marts
from integration_tests.agent import hostile_sql

SECRET = "s3cr3t-refresh-token"
# Seconds that a new process may take to start, and this machine to do other things, on top of a deadline.
SLACK = 20.0


@dataclass
class Cage:
    """Marts beside a secret, in a folder with a name to be kept secret too."""

    marts: Path

    def filled(self, statement: str) -> str:
        folder = str(self.marts.parent)
        named = {"SECRET": f"{folder}/secret.csv", "MARTS": str(self.marts), "FOLDER": folder}
        for name, path in named.items():
            statement = statement.replace(f"<{name}>", path)
        return statement

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.marts.parent.iterdir()}

    def leaks(self, text: str) -> bool:
        return SECRET in text or self.marts.parent.name in text or os.environ["PATH"] in text


@pytest.fixture(scope="module")
def cage(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Cage:
    folder = tmp_path_factory.mktemp("home-of-somebody-private")
    shutil.copy(marts, folder / "freshbooks.duckdb")
    (folder / "secret.csv").write_text(f"token\n{SECRET}\n")
    return Cage(folder / "freshbooks.duckdb")


def test_there_are_enough_of_them_and_each_once() -> None:
    every = hostile_sql.REFUSED + hostile_sql.QUICK_BOMBS + hostile_sql.BOMBS
    assert len(set(every)) == len(every) >= 60


@pytest.mark.parametrize("kind", ["FILES", "NETWORK", "WRITES", "SETTINGS", "SYSTEM", "DISGUISED"])
def test_what_is_no_plain_question_to_the_marts_is_refused(cage: Cage, kind: str) -> None:
    before = cage.files()
    for statement in getattr(hostile_sql, kind):
        with pytest.raises(QueryRefused) as refused:
            run_query(cage.marts, cage.filled(statement), Limits(seconds=20))
        said = str(refused.value)
        assert not cage.leaks(said), statement
        assert len(said) < 400
        assert "\n" not in said
        assert not any(word in said for word in ("ran longer", "broke its process")), statement
    assert cage.files() == before


@pytest.mark.parametrize("kind", ["FILES", "NETWORK", "WRITES", "SETTINGS"])
def test_behind_the_guard_duckdb_itself_is_locked(cage: Cage, kind: str) -> None:
    """The same statements, should the guard ever let one through."""
    before = cage.files()
    with open_marts(cage.marts, settings(Limits())) as db:
        for statement in getattr(hostile_sql, kind):
            if statement not in hostile_sql.GUARDED_ONLY:
                with pytest.raises(duckdb.Error) as error:
                    db.execute(cage.filled(statement)).fetchall()
                assert SECRET not in str(error.value), statement
    assert cage.files() == before


def back_in_time(cage: Cage, statement: str, seconds: float) -> str:
    """What is said to the statement, which must be said soon after the deadline."""
    began = time.monotonic()
    try:
        said = str(run_query(cage.marts, statement, Limits(seconds=seconds)).rows)
    except QueryRefused as refused:
        said = str(refused)
    assert time.monotonic() - began < seconds + SLACK, statement
    assert len(said) < 300_000
    assert not cage.leaks(said)
    return said


def test_an_endless_query_is_killed_and_the_next_one_is_answered(cage: Cage) -> None:
    run_query(cage.marts, "SELECT 1")
    worker = client._idle[-1]
    said = back_in_time(cage, "SELECT count(*) FROM range(1000000000000)", 1.0)
    assert said.startswith("The query ran longer than 1 seconds and was stopped.")
    assert worker._process.returncode == -9
    assert run_query(cage.marts, "SELECT 7").rows == [[7]]


def test_a_process_that_died_between_two_queries_is_replaced(cage: Cage) -> None:
    run_query(cage.marts, "SELECT 1")
    for worker in client._idle:
        worker._process.kill()
        worker._process.wait()
    assert run_query(cage.marts, "SELECT 7").rows == [[7]]


@pytest.mark.parametrize("statement", hostile_sql.QUICK_BOMBS, ids=range(len(hostile_sql.QUICK_BOMBS)))
def test_a_bomb_is_defused(cage: Cage, statement: str) -> None:
    back_in_time(cage, statement, 1.0)


@pytest.mark.long
@pytest.mark.parametrize("statement", hostile_sql.BOMBS, ids=range(len(hostile_sql.BOMBS)))
def test_a_heavy_bomb_is_defused(cage: Cage, statement: str) -> None:
    back_in_time(cage, statement, 3.0)
    assert run_query(cage.marts, "SELECT 7").rows == [[7]]


CONFINED = """
import sys
from freshbooks_hub.agent.sql.worker import confine
from freshbooks_hub.marts.open import open_marts
heavy = {"dbt", "airbyte_cdk", "mcp", "pydantic", "typer", "rich"} & set(sys.modules)
assert not heavy, heavy
confine()
try:
    with open(sys.argv[1], "w") as file:
        file.write("x")
except OSError:
    print("no file")
try:
    bytearray(4 * 1024**3)
except MemoryError:
    print("no memory")
"""


def test_the_process_itself_writes_no_file_and_takes_no_more_memory(tmp_path: Path) -> None:
    target = tmp_path / "written"
    ran = subprocess.run([sys.executable, "-c", CONFINED, str(target)], capture_output=True, text=True)
    assert ran.stdout.split("\n")[:2] == ["no file", "no memory"], ran.stderr
    assert target.stat().st_size == 0


def test_the_process_has_nothing_of_our_environment(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(cage.marts.parent))
    worker = client._Worker()
    try:
        environment = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    finally:
        worker.kill()
    assert b"LANG=C.UTF-8" in environment
    assert not cage.leaks(environment.decode().replace("PATH=", ""))
