"""The files that a platform or a user hands over, and a sentence for the one that is not what it should be."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateType,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
)
from airbyte_cdk.sources.source import Source
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for

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
            kind = message.type
            if kind is not None and kind is not AirbyteStateType.STREAM:
                raise ValueError(
                    f"it is of the type {kind.value}, and this source keeps one STREAM state each"
                )
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


def check_config(config: Mapping[str, Any], spec: ConnectorSpecification) -> None:
    """Raise ConfigError for the first field that does not fit the spec. It names no value: that may be a credential."""
    schema = spec.connectionSpecification
    error = best_match(validator_for(schema)(schema).iter_errors(config))
    if error is None:
        return
    name = ".".join(str(part) for part in error.absolute_path) or "The config"
    if error.validator == "required":
        missing = [field for field in error.validator_value if field not in error.instance]
        reason = f"lacks {', '.join(missing)}"
    elif error.validator == "type":
        kinds = error.validator_value
        reason = f"must be of the type {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
    elif error.validator == "pattern":
        reason = f"must be written as {error.schema.get('pattern_descriptor', error.validator_value)}"
    else:
        reason = f"does not fit the specification ({error.validator}: {error.validator_value})"
    raise ConfigError(f"{name} {reason}. Correct it in the settings of the connection.")


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
