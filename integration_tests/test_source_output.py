"""Standard output is whole lines of the protocol, whoever writes beside the records."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, ConfiguredAirbyteCatalogSerializer

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import catalog_of, config_of, discovered, rows, run_source
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.inputs import read_catalog, read_config, read_state


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_every_line_is_a_message_while_a_slow_reader_makes_it_wait(
    sandbox: Sandbox, tmp_path: Path, unbuffered: str
) -> None:
    """A full pipe takes a write in pieces; log lines of other threads must not come between them."""
    streams = ("invoices", "payments", "time_entries", "journal_entry_accounts")
    (tmp_path / "config.json").write_text(json.dumps(config_of(sandbox)))
    catalog = json.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of(*streams)))
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
    assert kinds["RECORD"] > 1500
    assert kinds["STATE"] >= len(streams)


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
    content = {
        "config": config_of(sandbox),
        "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog_of("clients")),
    }
    partitions = state[0]["stream"]["stream_state"]["states"]
    for _ in range(2):  # what we were given, then what we wrote ourselves
        code, messages = _run(tmp_path, "read", state=state, **content)
        assert code == 0
        assert "RECORD" not in [message["type"] for message in messages]
        written = [message["state"] for message in messages if message["type"] == "STATE"][-1]
        assert written["stream"]["stream_state"]["states"] == partitions
        assert written["stream"]["stream_descriptor"] == {"name": "clients"}
        assert written["type"] == "STREAM"
        state = [{"type": written["type"], "stream": written["stream"]}]


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


def _run(tmp_path: Path, command: str, **files: Any) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the messages of the process."""
    done = run_source(tmp_path, command, **files)
    assert not done.stderr
    return done.returncode, [json.loads(text) for text in done.stdout.splitlines()]


def _errors(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [m["trace"]["error"] for m in messages if m["type"] == "TRACE" and m["trace"].get("error")]


CONFIG = {
    "credentials": {"client_id": "a", "client_secret": "b", "redirect_uri": "https://c", "refresh_token": "d"}
}


def _state(**state: Any) -> list[dict[str, Any]]:
    stream = {"stream_descriptor": {"name": "taxes"}, "stream_state": {"states": [state]}}
    return [{"type": "STREAM", "stream": stream}]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("config", []),
        ("catalog", {}),
        ("catalog", {"streams": [{}]}),
        ("state", {"taxes": {"updated_at_utc": "2026-01-01T00:00:00Z"}}),
        ("state", _state(partition={"business_id": 439000})),
        ("state", _state(partition={"business_id": 439000}, cursor={"updated_at_utc": "yesterday"})),
        ("state", _state(partition={}, cursor={})),
    ],
)
def test_a_file_of_another_shape_is_a_sentence(tmp_path: Path, kind: str, content: Any) -> None:
    path = tmp_path / f"{kind}.json"
    path.write_text(json.dumps(content))
    read = {"config": read_config, "catalog": read_catalog, "state": read_state}[kind]
    with pytest.raises(ConfigError, match=rf"{kind}.json is not a {kind} of this source \("):
        read(str(path))


def test_a_state_of_another_shape_ends_the_process_with_that_sentence(tmp_path: Path) -> None:
    state = _state(partition={"business_id": 439000})
    code, messages = _run(tmp_path, "read", config=CONFIG, catalog={"streams": []}, state=state)
    assert code == 1
    (error,) = _errors(messages)
    assert error["failure_type"] == "config_error"
    assert "state.json is not a state of this source (KeyError: 'cursor')" in error["message"]


def test_a_start_date_that_is_in_no_calendar_is_told_by_check_and_by_read(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, start_date="2024-13-45T00:00:00Z")
    _, checked = _run(tmp_path, "check", config=config)
    (status,) = [m["connectionStatus"] for m in checked if m["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "FAILED"
    assert "start date 2024-13-45T00:00:00Z" in status["message"]
    catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of("taxes"))
    code, messages = _run(tmp_path, "read", config=config, catalog=catalog)
    assert code == 1
    assert {e["failure_type"] for e in _errors(messages)} == {"config_error"}
    assert "start date 2024-13-45T00:00:00Z" in _errors(messages)[0]["message"]


def test_a_stream_that_the_source_lacks_fails_with_a_sentence_and_the_others_are_read(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of("taxes", "tasks"))
    catalog["streams"][0]["stream"]["name"] = "tazes"
    (other,) = [s["stream"]["name"] for s in catalog["streams"][1:]]
    code, messages = _run(tmp_path, "read", config=config_of(sandbox), catalog=catalog)
    assert code == 1
    assert {m["record"]["stream"] for m in messages if m["type"] == "RECORD"} == {other}
    assert {error["failure_type"] for error in _errors(messages)} == {"config_error"}
    assert "The catalog names tazes, which this source does not have" in _errors(messages)[0]["message"]


REQUIRED = "The request requires higher privileges. Required: ['user:invoices:read']."


@pytest.mark.parametrize(
    "body",
    [
        {"error": "insufficient_scope", "error_description": REQUIRED},
        {"response": {"errors": [{"errno": 1003, "message": f"insufficient_scope: {REQUIRED}"}]}},
        {
            "code": 7,
            "message": f"insufficient_scope: {REQUIRED}",
            "details": [{"reason": "1003", "metadata": {"message": "denied"}}],
        },
        {"message": f"insufficient_scope: {REQUIRED}", "status": 403},
    ],
)
def test_a_missing_scope_is_named_wherever_the_body_tells_it(sandbox: Sandbox, read: Read, body: Any) -> None:
    sandbox.faults.add(kind="status", status=403, path="*/invoices/invoices", times=None, body=body)
    output = read("invoices", "stream_availability")
    told = [m.log.message for m in output.logs]
    assert any("lacks user:invoices:read" in text for text in told)
    assert not any("administrator" in text for text in told)
    found = [r for r in rows(output, "stream_availability") if r["business_id"] == 439000]
    assert [(r["status"], r["missing_scopes"]) for r in found] == [("not_granted", "user:invoices:read")]


def test_what_is_only_sent_when_it_is_asked_for_comes(sandbox: Sandbox, read: Read) -> None:
    output = read("projects", "clients")
    truth = sandbox.books(439000)["time_entries"].values()
    logged = {record["id"]: record["logged_duration"] for record in rows(output, "projects")}
    assert any(seconds for seconds in logged.values())
    assert {entry["project_id"] for entry in truth if entry["project_id"]} <= {
        project for project, seconds in logged.items() if seconds is not None
    }
    asked = [value for request in sandbox.requests.matching("*/users/clients") for _, value in request.query]
    assert {"late_fee", "late_reminders"} <= set(asked)


def test_nested_parts_of_reports_and_lines_are_typed() -> None:
    """Deep enough that a destination which makes columns of objects knows what they hold."""
    schemas = {stream.name: stream.json_schema["properties"] for stream in discovered()}
    assert schemas["bills"]["lines"]["items"]["properties"]["category"]["type"] == ["null", "string"]
    assert {"late_fee", "late_reminders"} <= schemas["clients"].keys()
    money = schemas["report_accounts_aging"]["totals"]["properties"]["0-30"]["properties"]
    assert money["amount"]["type"] == ["null", "string"]
    for stream, key in [
        ("report_profit_and_loss", "income"),
        ("report_balance_sheet", "data"),
        ("report_trial_balance", "data"),
        ("report_tax_summary", "taxes"),
        ("report_payments_collected", "payments"),
        ("report_accounts_aging", "accounts"),
        ("report_invoice_details", "clients"),
        ("report_expense_details", "data"),
        ("report_item_sales", "items"),
    ]:
        assert schemas[stream][key]["items"]["properties"], stream
