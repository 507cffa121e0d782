"""What a shell full of odd variables hands on to dbt and the source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from freshbooks_hub.core.processes import dbt_environment, source_environment

ODD = {
    "DBT_EMPTY": "1",
    "DBT_ENGINE_EMPTY": "1",
    "DBT_TARGET": "nowhere",
    "DBT_PROFILES_DIR": "/nowhere",
    "DO_NOT_TRACK": "0",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONSTARTUP": "/nowhere/startup.py",
    "PYTHONINSPECT": "1",
    "PYTHONIOENCODING": "ascii",
    "LD_PRELOAD": "",
    "FRESHBOOKS_CLIENT_SECRET": "very-secret-word",
    "FRESHBOOKS_WEB_PASSWORD": "very-secret-word",
    "AIRBYTE_ENABLE_UNSAFE_CODE": "true",
}
KEPT = {
    "PATH": "/bin:/usr/bin",
    "HOME": "/home/robin",
    "TMPDIR": "/var/tmp",
    "TZ": "Asia/Tokyo",
    "LANG": "C",
    "LC_ALL": "de_DE.ISO-8859-1",
}
NETWORK = {
    "FRESHBOOKS_API_URL": "http://127.0.0.1:8400",
    "FRESHBOOKS_AUTH_URL": "http://127.0.0.1:8400",
    "https_proxy": "http://proxy:3128",
    "NO_PROXY": "localhost",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/ours.pem",
    "SSL_CERT_FILE": "/etc/ssl/ours.pem",
}
OURS = {"PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in (ODD | KEPT | NETWORK).items():
        monkeypatch.setenv(name, value)


def test_the_source_gets_the_network_and_nothing_odd() -> None:
    assert source_environment() == KEPT | NETWORK | OURS


def test_dbt_gets_our_own_settings_and_nothing_odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHBOOKS_DBT_MEMORY", "4GB")
    monkeypatch.setenv("FRESHBOOKS_DBT_RAW", "/elsewhere/raw.duckdb")
    told = dbt_environment({"FRESHBOOKS_DBT_RAW": "/home/robin/.freshbooks/raw.duckdb"})
    assert told == KEPT | OURS | {
        "FRESHBOOKS_DBT_MEMORY": "4GB",
        "FRESHBOOKS_DBT_RAW": "/home/robin/.freshbooks/raw.duckdb",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def test_packages_are_found_where_this_process_finds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"here:/opt/packages{os.pathsep}")
    assert source_environment()["PYTHONPATH"] == f"{tmp_path / 'here'}:/opt/packages"


def test_a_module_of_the_working_folder_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "orjson.py").write_text("raise SystemExit('the wrong one')")
    code = ["-m", "source_freshbooks.run", "spec"]
    run = subprocess.run(
        [sys.executable, *code], env=source_environment(), cwd=tmp_path, capture_output=True, text=True
    )
    assert (run.returncode, '"SPEC"' in run.stdout) == (0, True), run.stderr
