"""The command in the shells that people have: odd variables, odd folders, any locale, pipes that close."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import identify
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.hub import AS_OF, Books

pytestmark = pytest.mark.long

BUSINESS = 439000
ODD = {
    "DBT_EMPTY": "1",
    "DBT_TARGET": "nowhere",
    "DBT_PROFILES_DIR": "/nowhere",
    "DBT_PROJECT_DIR": "/nowhere",
    "DBT_VARS": "{}",
    "DBT_EXCLUDE": "*",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSTARTUP": "/nowhere",
    "PYTHONWARNINGS": "error",
    "LC_ALL": "C",
    "PYTHONIOENCODING": "ascii",
    "TERMINAL_WIDTH": "wide",
}
CODE = "import sys; from freshbooks_hub.cli.main import app\nsys.argv = ['freshbooks', *sys.argv[1:]]; app()"


def freshbooks(
    home: Path, *args: str, cwd: Path | None = None, shell: dict[str, str] | None = None, close: bool = False
) -> subprocess.CompletedProcess[str]:
    """The console script; with `close`, its output is read by nobody."""
    environment = os.environ | {"FRESHBOOKS_HOME": str(home), "COLUMNS": "200"} | (shell or {})
    output = subprocess.PIPE
    if close:
        reader, output = os.pipe()
        os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-P", "-c", CODE, *args],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    finally:
        if close:
            os.close(output)


def test_what_a_shell_and_a_folder_hold_does_not_reach_dbt_or_the_source(
    new_books: Callable[[], Books], tmp_path: Path
) -> None:
    books = new_books()
    home = books.home.root
    count = "select count(*) as n, sum(total_amount) as s from expense_categories"
    [before] = books.hub.query(count)
    expense = min(books.sandbox.books(BUSINESS)["expenses"])
    books.sandbox.edit("expenses", BUSINESS, expense, notes="seen again")
    work = tmp_path / "work"
    (work / "dbt").mkdir(parents=True)
    for name in ("dbt/__init__.py", "orjson.py", "duckdb.py", "json.py", "sitecustomize.py"):
        (work / name).write_text("raise SystemExit('the wrong module')")
    for name in ("dbt_project.yml", "profiles.yml", ".dbt/profiles.yml", ".env"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("DBT_EMPTY=1: [")
    shell = {
        **ODD,
        "HOME": str(work),
        "FRESHBOOKS_API_URL": books.sandbox.url,
        "FRESHBOOKS_AUTH_URL": books.sandbox.url,
    }
    (home / "raw.duckdb").chmod(0o644)
    run = freshbooks(home, "sync", "--stream", "expenses", "--json", "--as-of", AS_OF, cwd=work, shell=shell)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["published"]
    assert books.hub.query(count) == [before]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_a_sync_whose_reader_is_gone_still_syncs(new_books: Callable[[], Books], tmp_path: Path) -> None:
    """From a folder that is gone too."""
    books = new_books()
    work = tmp_path / "gone"
    work.mkdir()
    script = 'cd "$0" && rmdir "$0" && exec "$@"'
    reader, output = os.pipe()
    os.close(reader)
    command = [sys.executable, "-P", "-c", CODE, "sync", "--no-marts", "--stream", "taxes"]
    run = subprocess.run(
        ["sh", "-c", script, str(work), *command],
        env=os.environ
        | {
            "FRESHBOOKS_HOME": str(books.home.root),
            "FRESHBOOKS_API_URL": books.sandbox.url,
            "FRESHBOOKS_AUTH_URL": books.sandbox.url,
        },
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(output)
    assert (run.returncode, run.stderr) == (0, "")
    status = json.loads(freshbooks(books.home.root, "status", "--json").stdout)
    assert status["last_sync"]["status"] == "succeeded"


COMMANDS = {
    "table": ("query", "select chr(233) || chr(128512) || '[/]' as v from range(3000)"),
    "csv": ("query", "from range(20000)", "--format", "csv"),
    "json": ("query", "select chr(233) as v from range(3000)", "--format", "json"),
    "status": ("status",),
    "schedule": ("schedule",),
    "actions": ("actions", "policy"),
    "audit": ("audit", "log"),
    "connections": ("connections",),
    "help": ("-h",),
    "version": ("--version",),
    "usage": ("query", "--nothing"),
    "error": ("query", "selec"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_command_ends_in_a_traceback(synced_home: Path, command: tuple[str, ...]) -> None:
    """In a plain shell all of them are run elsewhere."""
    right = 2 if "--nothing" in command else 1 if "selec" in command else 0
    shells = [{"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}]
    shells += [{"LC_ALL": "C", "PYTHONUTF8": "0"}] if "query" in command else []
    for shell in shells:
        run = freshbooks(synced_home, *command, shell=shell)
        assert (run.returncode, "Traceback" in run.stderr) == (right, False), run.stderr
    run = freshbooks(synced_home, *command, close=True)
    assert run.returncode == right
    assert right or not run.stderr


def test_an_output_that_cannot_be_written_is_a_sentence(synced_home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-P", "-c", CODE, "query", "select 1"],
            env=os.environ | {"FRESHBOOKS_HOME": str(synced_home)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (run.returncode, run.stderr) == (
        1,
        "Error: The output cannot be written: No space left on device.\n",
    )


def test_words_that_are_no_utf8_are_a_sentence(synced_home: Path) -> None:
    run = freshbooks(synced_home, "query", os.fsdecode(b"select '\xff'"))
    assert (run.returncode, run.stderr) == (
        1,
        "Error: Argument 2 is not valid UTF-8. Write it again in UTF-8.\n",
    )
    secret = {"FRESHBOOKS_CLIENT_SECRET": os.fsdecode(b"very-secret\xff")}
    run = freshbooks(synced_home, "status", shell=secret)
    assert "FRESHBOOKS_CLIENT_SECRET is not valid UTF-8" in run.stderr
    assert "very-secret" not in run.stderr
    run = freshbooks(
        synced_home,
        *("query", "select 'é' as v", "--format", "json"),
        shell={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert json.loads(run.stdout) == [{"v": "é"}]


def test_a_refresh_that_keeps_created_at_is_spent_once_for_each_real_end(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.behaviours.refresh_keeps_created_at = True
    home = Home(tmp_path / "home").ensure()
    store = ConnectionStore(home.connection)
    store.connect(config_of(sandbox))
    for refreshes in (1, 2, 3):
        sandbox.clock.advance(hours=13)
        for _ in range(5):
            identify(home, store, sandbox.clock.now)
        assert len(sandbox.requests.matching("/auth/oauth/token", "POST")) == refreshes
