"""The Airbyte protocol on the source's stdout, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from freshbooks_api.errors import code_of

RECORD_PREFIX = b'{"type":"RECORD","record":{"stream":"'
DATA_KEY = b'","data":{'


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one stream, each as the line it came on, without the line feed: `{"type":"RECORD","record":…}`."""

    stream: str
    lines: list[bytes]


@dataclass(frozen=True)
class State:
    """A stream's state; `message` is what `--state` takes back."""

    stream: str
    message: dict[str, Any]


@dataclass(frozen=True)
class Estimate:
    """How many rows the source expects for a stream."""

    stream: str
    rows: int


@dataclass(frozen=True)
class Status:
    """STARTED, RUNNING, COMPLETE or INCOMPLETE of a stream."""

    stream: str
    status: str


@dataclass(frozen=True)
class Failure:
    """An error trace; `message` is meant for the user, `internal` for the log.

    `needs_person`: the source is sure that trying again will not help (a `config_error`). `code`: what kind of
    failure it is, one of `freshbooks_api.errors`, where the source says.
    """

    stream: str | None
    message: str
    internal: str | None
    needs_person: bool = False
    code: str | None = None


@dataclass(frozen=True)
class NewConfig:
    """A control message: the source rotated its tokens."""

    config: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Log:
    """A line for the log file: a log message, or anything that is not protocol."""

    text: str


@dataclass(frozen=True)
class Warned:
    """A warning of the source, meant for the user."""

    text: str


@dataclass(frozen=True)
class Answer:
    """The answer of `check` (CONNECTION_STATUS), `discover` (CATALOG) or `verify` (VERIFIED): that part of it."""

    body: dict[str, Any]


Message = Records | State | Estimate | Status | Failure | NewConfig | Log | Warned | Answer


def messages(chunks: Iterable[bytes]) -> Iterator[Message]:
    """The messages in pieces of stdout, in order; records of a stream that follow each other come together."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from _together(lines)
    if rest:
        yield parse(rest)


def _together(lines: list[bytes]) -> Iterator[Message]:
    found, usual = None, b""
    for line in lines:
        if found and line.startswith(usual):
            found.lines.append(line)
            continue
        if found:
            yield found
            found = None
        message = parse(line)
        if isinstance(message, Records):
            found, usual = message, RECORD_PREFIX + message.stream.encode() + DATA_KEY
        else:
            yield message
    if found:
        yield found


def parse(line: bytes) -> Message:
    """One line of stdout. A record in the usual key order is routed without parsing it."""
    if line.startswith(RECORD_PREFIX):
        end = line.find(b'"', len(RECORD_PREFIX))
        if line.startswith(DATA_KEY, end):
            return Records(line[len(RECORD_PREFIX) : end].decode(), [line])
    try:
        message = orjson.loads(line)
        return _typed(message)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Log(line.decode("utf-8", "replace").rstrip())


def _typed(message: dict[str, Any]) -> Message:
    match message["type"]:
        case "RECORD":
            return Records(message["record"]["stream"], [orjson.dumps(message)])
        case "STATE":
            stream = message["state"]["stream"]
            return State(stream["stream_descriptor"]["name"], {"type": "STREAM", "stream": stream})
        case "TRACE":
            return _trace(message["trace"])
        case "CONTROL":
            return NewConfig(message["control"]["connectorConfig"]["config"])
        case "CONNECTION_STATUS":
            return Answer(message["connectionStatus"])
        case "VERIFIED":
            return Answer(message["verified"])
        case "CATALOG":
            return Answer(message["catalog"])
        case "LOG" if message["log"]["level"] == "WARN":
            return Warned(message["log"]["message"])
        case "LOG":
            return Log(f"{message['log']['level']} {message['log']['message']}")
        case kind:
            return Log(f"{kind} message ignored")


def _trace(trace: dict[str, Any]) -> Message:
    match trace["type"]:
        case "ERROR":
            error = trace["error"]
            stream = (error.get("stream_descriptor") or {}).get("name")
            internal = error.get("internal_message")
            return Failure(
                stream,
                error["message"],
                "\n".join(filter(None, [internal, error.get("stack_trace")])) or None,
                needs_person=error.get("failure_type") == "config_error",
                code=code_of(internal),
            )
        case "STREAM_STATUS":
            status = trace["stream_status"]
            return Status(status["stream_descriptor"]["name"], status["status"])
        case "ESTIMATE":
            estimate = trace["estimate"]
            return Estimate(estimate["name"], int(estimate.get("row_estimate") or 0))
        case "ANALYTICS":
            return Log(f"{trace['analytics']['type']} {trace['analytics'].get('value')}")
        case kind:
            return Log(f"{kind} trace ignored")
