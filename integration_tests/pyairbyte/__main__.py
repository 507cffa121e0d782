"""PyAirbyte reads every stream of a sandbox into DuckDB; the tables must hold each key once, and all of them.

python -m integration_tests.pyairbyte

PyAirbyte pins a DuckDB of its own, so it gets an environment of its own: build/pyairbyte, made once.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "build" / "pyairbyte"
PYAIRBYTE = "airbyte==0.71.3"
EXECUTABLE = Path(sys.executable).with_name("source-freshbooks")
CLIENT = Path(__file__).with_name("client.py")


def main() -> int:
    started = time.monotonic()
    python = installed()
    say(started, f"{PYAIRBYTE} is installed")
    with tempfile.TemporaryDirectory() as folder, Sandbox(rate_limit=None) as sandbox:
        path = Path(folder)
        environment = {
            **os.environ,
            "FRESHBOOKS_API_URL": sandbox.url,
            "AIRBYTE_OFFLINE_MODE": "1",  # its registry of connectors is not needed for a local executable
            "DO_NOT_TRACK": "1",
        }
        (path / "config.json").write_text(json.dumps(config_of(sandbox)))
        expected = keys_read(path, environment)
        say(started, f"the source alone reads {sum(expected.values())} keys of {len(expected)} streams")
        # The access token has expired, so the check refreshes it: the read must go on with what that gave.
        config = config_of(sandbox)
        config["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00Z"
        (path / "config.json").write_text(json.dumps(config))
        sandbox.requests.clear()
        command = [
            str(python),
            str(CLIENT),
            str(EXECUTABLE),
            str(path / "config.json"),
            str(path / "raw.duckdb"),
        ]
        result = subprocess.run(command, env=environment, cwd=path, stdout=subprocess.PIPE, text=True)
        if result.returncode:
            say(started, f"FAILED: PyAirbyte ended with code {result.returncode}; its own words are above")
            return 1
        refreshed = [request.status for request in sandbox.requests.matching("/auth/oauth/token", "POST")]
        kept = json.loads((path / "config.json").read_text())["credentials"]["refresh_token"]
        if refreshed != [200] or kept == config["credentials"]["refresh_token"]:
            say(started, f"FAILED: token refreshes {refreshed}; the file must hold the newest refresh token")
            return 1
        say(started, "the check refreshed the expired token once, and the read went on with the new one")
    loaded = json.loads(result.stdout.splitlines()[-1])
    wrong = [
        f"{stream}: {loaded.get(stream)} rows in DuckDB, {count} keys read"
        for stream, count in expected.items()
        if loaded.get(stream) != count
    ]
    if wrong or not expected.get("invoices"):
        say(started, "FAILED: " + ("; ".join(wrong) or "the sandbox gave no invoices"))
        return 1
    say(
        started,
        f"PyAirbyte loaded {sum(loaded.values())} rows of {len(loaded)} streams into DuckDB: the same",
    )
    return 0


def installed() -> Path:
    """The Python of an environment that has PyAirbyte; made if it isn't there."""
    python, mark = ENVIRONMENT / "bin" / "python", ENVIRONMENT / PYAIRBYTE
    if not mark.exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, PYAIRBYTE], check=True)
        mark.touch()
    return python


def keys_read(path: Path, environment: dict[str, str]) -> dict[str, int]:
    """Distinct primary keys per stream, as the source writes them without any client."""
    catalog = catalog_of()
    keys = {s.stream.name: s.stream.source_defined_primary_key or [] for s in catalog.streams}
    (path / "catalog.json").write_text(json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog)))
    files = ["--config", str(path / "config.json"), "--catalog", str(path / "catalog.json")]
    output = subprocess.run(
        [str(EXECUTABLE), "read", *files], env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    seen: dict[str, set[tuple[object, ...]]] = {stream: set() for stream in keys}
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            stream, row = message["record"]["stream"], message["record"]["data"]
            seen[stream].add(tuple(row[field] for (field,) in keys[stream]))
    return {stream: len(found) for stream, found in seen.items()}


def say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:4.0f} s] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
