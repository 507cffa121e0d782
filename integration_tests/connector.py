"""What tests need to know of the connector: its streams and a config that is connected to a sandbox."""

import json
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
)
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from freshbooks_sandbox.backend import Backend
from integration_tests import warm
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.retriever_base import PerBusinessRetriever
from source_freshbooks.source import MANIFEST

# A history of some months, so that reports are not read for years. Items and tasks are older.
RECENT = "2026-09-01T00:00:00Z"


def config_of(sandbox: Backend, **settings: Any) -> dict[str, Any]:
    """A connection as the user has it right after the consent."""
    tokens = sandbox.grant()
    expiry = datetime.fromtimestamp(tokens["created_at"] + tokens["expires_in"], UTC)
    return {
        "credentials": {
            "auth_type": "oauth2.0",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "redirect_uri": sandbox.redirect_uri,
            "refresh_token": tokens["refresh_token"],
            "access_token": tokens["access_token"],
            "token_expiry_date": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        **settings,
    }


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """The manifest's streams, each with its `primary_key` and its parameters."""
    document = yaml.safe_load(MANIFEST.read_text("utf-8"))
    found = {}
    for stream in document["streams"]:
        parameters = dict(stream["$parameters"])
        shared = parameters.pop("$ref", "").rpartition("/")[2]
        found[stream["name"]] = {
            **document["definitions"].get(shared, {}),
            **parameters,
            "primary_key": stream["primary_key"],
        }
    return found


@cache
def discovered() -> tuple[AirbyteStream, ...]:
    source = SourceFreshbooks(config={"credentials": {}})
    return tuple(stream.as_airbyte_stream() for stream in source.streams(source._config))


def retrievers_of(source: SourceFreshbooks) -> dict[str, PerBusinessRetriever]:
    """What reads each stream, out of the CDK's wrappers; the streams of the user alone have others."""
    found = {
        stream.name: stream._stream_partition_generator._partition_factory._retriever  # type: ignore[attr-defined]
        for stream in source.streams(source._config)
    }
    return {name: one for name, one in found.items() if isinstance(one, PerBusinessRetriever)}


def lists() -> list[str]:
    """The names of all streams but the reports, which cost a request for each month and currency."""
    return [stream.name for stream in discovered() if not stream.name.startswith("report_")]


def catalog_of(*names: str) -> ConfiguredAirbyteCatalog:
    """The streams of these names (all by default), incremental where they can be."""
    return ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(stream, stream.supported_sync_modes[-1], DestinationSyncMode.append_dedup)
            for stream in discovered()
            if not names or stream.name in names
        ]
    )


def rows(output: EntrypointOutput, stream: str) -> list[dict[str, Any]]:
    return [message.record.data for message in output.records if message.record.stream == stream]


def states(output: EntrypointOutput) -> list[AirbyteStateMessage]:
    """The last state of each stream: what a platform hands to the next sync."""
    last: dict[str, AirbyteMessage] = {}
    for message in output.state_messages:
        last[message.state.stream.stream_descriptor.name] = message.state
    return list(last.values())


def error_text(output: EntrypointOutput) -> str:
    return "\n".join(message.trace.error.message for message in output.errors)


def run_source(folder: Path, command: str, **files: Any) -> subprocess.CompletedProcess[str]:
    """The source as a process, with what it is given (`config`, `catalog`, `state`) in files of `folder`."""
    line = [command]
    for kind, content in files.items():
        (folder / f"{kind}.json").write_text(json.dumps(content))
        line += [f"--{kind}", str(folder / f"{kind}.json")]
    return warm.source_freshbooks(*line)
