"""`python -m deploy.airbyte.set_up`: one connector, one source, one connection, however often it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit_tests.deploy.airbyte_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    DEFINITIONS,
    WORKSPACE,
    Airbyte,
    airbyte_server,
)

REFRESH_TOKEN = "a-refresh-token-of-freshbooks"
CONFIG = {"credentials": {"auth_type": "oauth2.0", "refresh_token": REFRESH_TOKEN}, "business_ids": [439000]}


@pytest.fixture
def airbyte() -> Iterator[Airbyte]:
    with airbyte_server() as server:
        yield server


def set_up(
    airbyte: Airbyte, folder: Path, destination: str = "d-1", tag: str = "0.1.0", secret: str = CLIENT_SECRET
) -> "subprocess.CompletedProcess[str]":
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    command = [sys.executable, "-m", "deploy.airbyte.set_up", "--airbyte", airbyte.url]
    command += ["--workspace", WORKSPACE, "--destination", destination, "--config", str(config)]
    command += ["--image", f"registry.example.com:5000/source-freshbooks:{tag}"]
    environment = {**os.environ, "AIRBYTE_CLIENT_ID": CLIENT_ID, "AIRBYTE_CLIENT_SECRET": secret}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert REFRESH_TOKEN not in result.stdout + result.stderr
    assert CLIENT_SECRET not in result.stdout + result.stderr
    return result


def test_an_empty_workspace_gets_all_three(airbyte: Airbyte, tmp_path: Path) -> None:
    result = set_up(airbyte, tmp_path)
    assert result.returncode == 0, result.stderr
    [definition], [source], [connection] = airbyte.rows.values()
    assert definition["dockerRepository"] == "registry.example.com:5000/source-freshbooks"
    assert definition["dockerImageTag"] == "0.1.0"
    assert (source["definitionId"], source["configuration"]) == (definition["id"], CONFIG)
    assert connection["sourceId"] == source["sourceId"]
    assert connection["schedule"] == {"scheduleType": "cron", "cronExpression": "0 0/20 * * * ? UTC"}
    assert connection["configurations"]["streams"] == [
        {"name": name, "syncMode": "incremental_deduped_history"} for name in ("clients", "invoices")
    ]


def test_a_second_run_makes_nothing_new_and_leaves_the_rotated_tokens_alone(
    airbyte: Airbyte, tmp_path: Path
) -> None:
    set_up(airbyte, tmp_path)
    airbyte.writes.clear()
    assert set_up(airbyte, tmp_path).returncode == 0
    assert airbyte.writes == ["PATCH /v1/connections/id-0"]


def test_a_new_image_becomes_the_connectors_tag(airbyte: Airbyte, tmp_path: Path) -> None:
    set_up(airbyte, tmp_path)
    assert set_up(airbyte, tmp_path, tag="0.2.0").returncode == 0
    assert [row["dockerImageTag"] for row in airbyte.rows[DEFINITIONS]] == ["0.2.0"]


def test_the_source_is_found_beyond_the_first_page(airbyte: Airbyte, tmp_path: Path) -> None:
    airbyte.rows["/v1/sources"] = [{"sourceId": f"s-{i}", "definitionId": "other"} for i in range(250)]
    set_up(airbyte, tmp_path)
    set_up(airbyte, tmp_path)
    assert sum(row["definitionId"] == "id-0" for row in airbyte.rows["/v1/sources"]) == 1


def test_a_second_connection_on_the_same_tokens_is_refused(airbyte: Airbyte, tmp_path: Path) -> None:
    set_up(airbyte, tmp_path)
    result = set_up(airbyte, tmp_path, destination="d-2")
    assert result.returncode == 1
    assert "refresh token works once" in result.stderr.replace("\n", " ")
    assert len(airbyte.rows["/v1/connections"]) == 1


def test_a_destination_that_can_only_append_is_refused(airbyte: Airbyte, tmp_path: Path) -> None:
    airbyte.sync_modes = ["full_refresh_append", "incremental_append"]
    result = set_up(airbyte, tmp_path)
    assert result.returncode == 1
    assert "neither deduplicate nor overwrite clients" in result.stderr
    assert airbyte.rows["/v1/connections"] == []


def test_wrong_credentials_are_told(airbyte: Airbyte, tmp_path: Path) -> None:
    result = set_up(airbyte, tmp_path, secret="wrong")
    assert result.returncode == 1
    assert "AIRBYTE_CLIENT_SECRET" in result.stderr
    assert "Traceback" not in result.stderr
