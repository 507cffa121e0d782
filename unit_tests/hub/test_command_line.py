"""The command line beside the work it does: errors for programs, a stop, topics of help, the SQL shell."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.cli import help as help_command
from freshbooks_hub.cli import main
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.status.summary import as_text, status
from freshbooks_hub.sync.history import History

PROGRAM = [sys.executable, "-m", "freshbooks_hub.cli.main"]


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home, *words: str
) -> tuple[object, str, str]:
    """Exit code, standard output and standard error of the console script, in this process."""
    monkeypatch.setenv("FRESHBOOKS_HOME", str(home.root))
    monkeypatch.setattr(sys, "argv", ["freshbooks", *words])
    monkeypatch.setattr(main.terminal, "prepare", lambda: None)
    code: object = 0
    try:
        main.app()
    except SystemExit as ended:
        code = ended.code
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["query", "select 1", "--format", "json"], 1, "no_marts"),
        (["export", "crm_contacts", "--format=json"], 2, "usage"),
        (["sync", "--due", "--full-refresh", "--json"], 2, "usage"),
        (["build", "--json"], 1, "failed"),
        (["webhooks", "test", "wh_1", "--json"], 1, "webhook_unknown"),
    ],
)
def test_where_json_was_asked_for_an_error_is_json_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: Home,
    words: list[str],
    exit_code: int,
    code: str,
) -> None:
    ended, out, err = run(monkeypatch, capsys, home, *words)
    assert (ended, json.loads(out)["error"]["code"]) == (exit_code, code)
    assert err  # for people


def test_a_stop_says_so_and_what_stands_and_the_status_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home
) -> None:
    def stopped(*_: object, **__: object) -> None:
        history = History(home.history)
        history.stopped(history.start())
        raise KeyboardInterrupt

    monkeypatch.setattr("freshbooks_hub.sync.run.sync", stopped)
    code, out, err = run(monkeypatch, capsys, home, "sync")
    assert (code, out) == (130, "")
    assert err.startswith("Stopped. What was read so far is kept")
    text = as_text(status(home))
    assert "Last sync   stopped, started" in text
    assert text.splitlines()[0] == "Health      needs attention"


def test_help_has_the_pages_of_the_documentation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home
) -> None:
    assert "troubleshooting" in run(monkeypatch, capsys, home, "help")[1]
    page = help_command.topics()["troubleshooting"].read_text("utf-8")
    assert run(monkeypatch, capsys, home, "help", "Troubleshooting.md")[1] == page
    assert "There are: " in run(monkeypatch, capsys, home, "help", "nothing")[2]


def test_no_text_of_the_program_names_a_file_that_an_installed_user_lacks() -> None:
    root = Path(main.__file__).parents[1]
    told = re.compile(r"[\"'`][^\"'`]*(docs/\w+\.md|secrets\.example)[^\"'`]*[\"'`]")
    found = []
    for path in root.rglob("*.py"):
        code = re.sub(r'"""(?!\{).*?"""|#.*', "", path.read_text("utf-8"), flags=re.DOTALL)
        found += [f"{path.name}: {hit[0]}" for hit in told.finditer(code)]
    assert found == []


def test_an_error_has_a_code_of_its_own() -> None:
    class DiskOnFire(HubError):
        pass

    assert (DiskOnFire.code, HubError("x").code) == ("disk_on_fire", "failed")


def test_the_shell_reads_statements_of_several_lines_and_stays_after_an_error(home: Home) -> None:
    with duckdb.connect(home.marts) as db:
        db.execute("CREATE SCHEMA marts; CREATE TABLE marts.clients AS SELECT 7 AS id FROM range(3)")
    leader, follower = pty.openpty()
    typed = "select count(*) as number,\n 6 * 7 as product from clients;\nselec;\n.limit 2\nfrom clients;\n"
    os.write(leader, f"{typed}.nothing\n.quit\n".encode())
    shell = subprocess.run(
        [*PROGRAM, "query", "--vertical"],
        env=os.environ | {"FRESHBOOKS_HOME": str(home.root)},
        stdin=follower,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    os.close(leader)
    os.close(follower)
    assert "number   3\nproduct  42\n" in shell.stdout
    assert "The query failed: Parser Error: syntax error" in shell.stdout
    assert shell.stdout.count("id  7") == 2
    assert "There is no .nothing" in shell.stdout
    assert "the first 2 rows" in shell.stderr.lower()
