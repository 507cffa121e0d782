"""The files that a platform or a user hands over, and a sentence for the one that is not what it should be."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.source import Source

from source_freshbooks.components.errors import ConfigError

T = TypeVar("T")

# Those of `cursor_datetime_formats` in the manifest.
STAMPS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S%z")


def read_config(path: str) -> dict[str, Any]:
    config = _read_json(path, "config")
    if not isinstance(config, dict):
        raise _wrong("config", path, "it is not a JSON object", "Give the settings that `spec` describes.")
    return config


def read_catalog(path: str) -> ConfiguredAirbyteCatalog:
    remedy = "Make it from what `discover` prints."
    return _read(path, "catalog", Source.read_catalog, remedy)


def read_state(path: str) -> list[AirbyteStateMessage]:
    remedy = "Give the states of an earlier sync as they were printed, or none to read from the beginning."

    def read(path: str) -> list[AirbyteStateMessage]:
        messages = Source.read_state(path)
        for message in messages:
            if message.stream is not None and message.stream.stream_state is not None:
                for state in getattr(message.stream.stream_state, "states", None) or []:
                    _check(state)
        return messages

    return _read(path, "state", read, remedy)


def _check(state: Any) -> None:
    """Raises if `state` is not one business's: its id, and its cursor as a stamp."""
    int(state["partition"]["business_id"])
    for stamp in state["cursor"].values():
        if not any(_is(stamp, form) for form in STAMPS):
            raise ValueError(f"{str(stamp)[:50]!r} is no time such as 2026-01-31T00:00:00Z")


def is_time(text: Any) -> bool:
    """Whether `text` is a moment as the config has it; the 45th of a 13th month is none."""
    return _is(text, STAMPS[0])


def _is(text: Any, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except (TypeError, ValueError):
        return False
    return True


def _read(path: str, what: str, read: Callable[[str], T], remedy: str) -> T:
    _read_json(path, what)
    try:
        return read(path)
    except Exception as error:  # whatever the CDK's reader stumbles over
        reason = " ".join(str(error).split())[:200] if str(error) else "unreadable"
        raise _wrong(what, path, f"{type(error).__name__}: {reason}", remedy) from None


def _read_json(path: str, what: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"The {what} file {path} cannot be read as JSON: {error}. Give the path of a JSON file."
        ) from None


def _wrong(what: str, path: str, reason: str, remedy: str) -> ConfigError:
    return ConfigError(f"The {what} file {path} is not a {what} of this source ({reason}). {remedy}")
