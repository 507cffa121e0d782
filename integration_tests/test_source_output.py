"""Standard output is whole lines of the protocol, whoever writes beside the records."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, ConfiguredAirbyteCatalogSerializer

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_every_line_is_a_message_while_a_slow_reader_makes_it_wait(
    sandbox: Sandbox, tmp_path: Path, unbuffered: str
) -> None:
    """A full pipe takes a write in pieces; log lines of other threads must not come between them."""
    (tmp_path / "config.json").write_text(json.dumps(config_of(sandbox)))
    catalog = json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of()))
    (tmp_path / "catalog.json").write_text(catalog)
    command = [sys.executable, "-m", "source_freshbooks.run", "read"]
    files = ["--config", str(tmp_path / "config.json"), "--catalog", str(tmp_path / "catalog.json")]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen([*command, *files], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    kinds: dict[str, int] = {}
    for number, line in enumerate(process.stdout):
        if number % 50 == 0:
            time.sleep(0.01)
        kind = json.loads(line)["type"]
        kinds[kind] = kinds.get(kind, 0) + 1
    assert process.wait() == 0
    assert kinds["RECORD"] > 2000
    assert kinds["STATE"] >= len(catalog_of().streams)


def test_it_ends_when_nobody_reads_any_more(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config_of(sandbox)))
    catalog = json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of()))
    (tmp_path / "catalog.json").write_text(catalog)
    command = [sys.executable, "-m", "source_freshbooks.run", "read"]
    files = ["--config", str(tmp_path / "config.json"), "--catalog", str(tmp_path / "catalog.json")]
    process = subprocess.Popen([*command, *files], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=120) == 1


def test_two_threads_share_the_way_out(capfd: pytest.CaptureFixture[str]) -> None:
    from airbyte_cdk.logger import PRINT_BUFFER

    from source_freshbooks.output import _write

    def log() -> None:
        for _ in range(200):
            PRINT_BUFFER.write("log " * 10 + "\n")
            PRINT_BUFFER.flush()

    other = threading.Thread(target=log)
    other.start()
    for _ in range(200):
        _write(bytearray(b"record " * 2000 + b"\n"))
    other.join()
    assert {line.split()[0] for line in capfd.readouterr().out.splitlines()} <= {"log", "record"}


def test_a_state_is_read_back_as_it_was_written(sandbox: Sandbox, tmp_path: Path) -> None:
    state = [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": "clients"},
                "stream_state": {
                    "use_global_cursor": False,
                    "states": [
                        {
                            "partition": {"business_id": b},
                            "cursor": {"updated_at_utc": "2026-11-01T00:00:00Z"},
                        }
                        for b in (439000, 439117)
                    ],
                },
            },
        }
    ]
    AirbyteStateMessageSerializer.load(state[0])
    for name, content in {
        "config": config_of(sandbox),
        "state": state,
        "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog_of("clients")),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    command = [sys.executable, "-m", "source_freshbooks.run", "read"]
    files = [
        arg
        for name in ("config", "state", "catalog")
        for arg in (f"--{name}", str(tmp_path / f"{name}.json"))
    ]
    lines = subprocess.run([*command, *files], capture_output=True, text=True, check=True).stdout.splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert "RECORD" not in kinds
    assert "STATE" in kinds


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("config", "{not json", "cannot be read as JSON"), ("config", None, "No such file")],
)
def test_a_broken_file_is_told_in_one_message(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    path = tmp_path / f"{name}.json"
    if content is not None:
        path.write_text(content)
    command = [sys.executable, "-m", "source_freshbooks.run", "check", "--config", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert said in result.stdout
    assert "Traceback" not in result.stdout.split('"stack_trace"')[0] + result.stderr
