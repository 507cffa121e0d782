"""Sets up FreshBooks in an Airbyte workspace: the connector, one source, one connection. Safe to run again.

Airbyte's own client (`airbyte-api` 1.0.1) reads a source's configuration as one of the 600 connectors that it
knows and fails on any other, so this speaks the same API with `requests`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import requests

NAME = "FreshBooks"
EVERY_20_MINUTES = "0 0/20 * * * ? UTC"  # Quartz, with its zone; Airbyte's own intervals begin at an hour
PREFERRED_MODES = ("incremental_deduped_history", "full_refresh_overwrite")
PAGE = 100
TIMEOUT = (10, 300)  # seconds; Airbyte runs the connector for `discover`


class SetUpFailed(Exception):
    """Says what happened and what to do next."""


class Airbyte:
    """Airbyte's public API (https://reference.airbyte.com); `url` ends in `/api/public/v1` or is the Cloud's."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        credentials = {"client_id": client_id, "client_secret": client_secret}
        answer = self.call("POST", "/applications/token", json=credentials)
        self._session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The answer's JSON object; raises SetUpFailed."""
        try:
            response = self._session.request(method, self._url + path, timeout=TIMEOUT, **request)
        except requests.RequestException as error:
            raise SetUpFailed(
                f"Airbyte cannot be reached at {self._url} ({type(error).__name__}). Check --airbyte and the network."
            ) from None
        if response.status_code in (401, 403):
            raise SetUpFailed(
                f"Airbyte refused {method} {path} ({response.status_code}). Check AIRBYTE_CLIENT_ID and "
                "AIRBYTE_CLIENT_SECRET: an application of a user who may edit the workspace."
            )
        if not response.ok:
            raise SetUpFailed(
                f"Airbyte refused {method} {path} ({response.status_code}): {response.text[:300]}"
            )
        body = response.json()
        if isinstance(body, list):  # /streams
            return {"data": body}
        return dict(body)

    def listed(self, path: str, **params: str) -> list[dict[str, Any]]:
        """Every row of a paged list (Airbyte's pages have 20 rows by default)."""
        found: list[dict[str, Any]] = []
        while page := self.call("GET", path, params={**params, "limit": PAGE, "offset": len(found)})["data"]:
            found += page
        return found

    def streams(self, source: str, destination: str) -> list[dict[str, Any]]:
        """What the source offers to this destination."""
        params = {"sourceId": source, "destinationId": destination}
        found: list[dict[str, Any]] = self.call("GET", "/streams", params=params)["data"]
        return found


def set_up(
    airbyte: Airbyte, workspace: str, destination: str, image: str, config: dict[str, Any], cron: str
) -> str:
    """The id of the connection."""
    definition = _definition(airbyte, workspace, *image.rsplit(":", 1))
    source = _source(airbyte, workspace, definition, config)
    return _connection(airbyte, workspace, source, destination, cron)


def _definition(airbyte: Airbyte, workspace: str, repository: str, tag: str) -> str:
    path = f"/workspaces/{workspace}/definitions/sources"
    wanted = {"name": NAME, "dockerRepository": repository, "dockerImageTag": tag}
    for known in airbyte.call("GET", path)["data"]:
        if known["dockerRepository"] == repository:
            if known["dockerImageTag"] != tag:
                airbyte.call(
                    "PUT", f"{path}/{known['id']}", json={"name": known["name"], "dockerImageTag": tag}
                )
            return str(known["id"])
    return str(airbyte.call("POST", path, json=wanted)["id"])


def _source(airbyte: Airbyte, workspace: str, definition: str, config: dict[str, Any]) -> str:
    for known in airbyte.listed("/sources", workspaceIds=workspace):
        if known["definitionId"] == definition:
            # Its tokens have rotated since: those of the file are spent, so nothing is sent.
            return str(known["sourceId"])
    wanted = {
        "name": NAME,
        "workspaceId": workspace,
        "definitionId": definition,
        "configuration": config,
    }
    return str(airbyte.call("POST", "/sources", json=wanted)["sourceId"])


def _connection(airbyte: Airbyte, workspace: str, source: str, destination: str, cron: str) -> str:
    connections = [
        known
        for known in airbyte.listed("/connections", workspaceIds=workspace)
        if known["sourceId"] == source and known["status"] != "deprecated"
    ]
    others = [known["name"] for known in connections if known["destinationId"] != destination]
    if others or len(connections) > 1:
        raise SetUpFailed(
            f"The source already has the connection {(others or [connections[0]['name']])[0]!r}. FreshBooks' refresh "
            "token works once: two connections on it take it from each other and both stop. Delete the other "
            "connection, or give the second destination a FreshBooks app and a source of its own."
        )
    streams = airbyte.streams(source, destination)
    wanted: dict[str, Any] = {
        "name": NAME,
        "schedule": {"scheduleType": "cron", "cronExpression": cron},
        "configurations": {"streams": [_stream(stream) for stream in streams]},
        "nonBreakingSchemaUpdatesBehavior": "propagate_columns",
    }
    if connections:
        found = str(connections[0]["connectionId"])
        airbyte.call("PATCH", f"/connections/{found}", json=wanted)
        return found
    new = wanted | {"sourceId": source, "destinationId": destination, "status": "active"}
    return str(airbyte.call("POST", "/connections", json=new)["connectionId"])


def _stream(stream: dict[str, Any]) -> dict[str, Any]:
    """Cursor and key are the source's own, so the mode is all there is to say."""
    mode = next((mode for mode in PREFERRED_MODES if mode in stream["syncModes"]), None)
    if mode is None:
        raise SetUpFailed(
            f"The destination can neither deduplicate nor overwrite {stream['streamName']}. Choose another one."
        )
    return {"name": stream["streamName"], "syncMode": mode}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.airbyte.set_up", description=__doc__)
    parser.add_argument(
        "--airbyte", default="https://api.airbyte.com/v1", help="API address; your own: …/api/public/v1"
    )
    parser.add_argument("--workspace", required=True, help="workspace id")
    parser.add_argument("--destination", required=True, help="id of an existing destination")
    parser.add_argument("--image", required=True, help="the connector's image, with its tag")
    parser.add_argument("--config", type=Path, required=True, help="see secrets.example.json")
    parser.add_argument("--cron", default=EVERY_20_MINUTES, help=f"default: {EVERY_20_MINUTES}")
    args = parser.parse_args()
    try:
        secrets = [os.environ.get(name, "") for name in ("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET")]
        if not all(secrets):
            raise SetUpFailed(
                "Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (Airbyte: Settings → Applications)."
            )
        if ":" not in args.image.rpartition("/")[2]:
            raise SetUpFailed(
                "Give --image with a tag, for example registry.example.com/source-freshbooks:0.1.0."
            )
        try:
            config = json.loads(args.config.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SetUpFailed(f"{args.config} cannot be read as JSON: {error}.") from None
        airbyte = Airbyte(args.airbyte, *secrets)
        connection = set_up(airbyte, args.workspace, args.destination, args.image, config, args.cron)
    except SetUpFailed as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"Connection {connection} is set up ({args.cron}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
