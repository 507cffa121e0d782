"""Airbyte protocol messages, as short calls."""

from __future__ import annotations

from typing import Any

EMITTED_AT = 1_767_225_600_000  # 2026-01-01T00:00:00Z

PROPERTIES: dict[str, Any] = {
    "account_id": {"type": "string"},
    "business_id": {"type": "integer"},
    "id": {"type": "integer"},
    "updated_at_utc": {"type": "string", "format": "date-time"},
    "name": {"type": ["null", "string"]},
}


def stream(name: str = "invoices", incremental: bool = True, **properties: Any) -> dict[str, Any]:
    """A catalog stream keyed by account, business and id, with `properties` added."""
    modes = ["full_refresh", "incremental"] if incremental else ["full_refresh"]
    return {
        "name": name,
        "json_schema": {"type": "object", "properties": PROPERTIES | properties},
        "supported_sync_modes": modes,
        "source_defined_primary_key": [["account_id"], ["business_id"], ["id"]],
        "default_cursor_field": ["updated_at_utc"] if incremental else [],
    }


def catalog(*streams: dict[str, Any]) -> dict[str, Any]:
    return {"type": "CATALOG", "catalog": {"streams": list(streams)}}


def row(id: int | None, updated: str = "2026-01-01T00:00:00Z", **values: Any) -> dict[str, Any]:
    return {"account_id": "aB1", "business_id": 439000, "id": id, "updated_at_utc": updated} | values


def record(data: dict[str, Any], name: str = "invoices") -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": name, "data": data, "emitted_at": EMITTED_AT}}


def state(value: Any, name: str = "invoices") -> dict[str, Any]:
    stream_state = {"stream_descriptor": {"name": name}, "stream_state": {"cursor": value}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": stream_state}}


def status(value: str, name: str = "invoices") -> dict[str, Any]:
    described = {"stream_descriptor": {"name": name}, "status": value}
    trace = {"type": "STREAM_STATUS", "emitted_at": EMITTED_AT, "stream_status": described}
    return {"type": "TRACE", "trace": trace}


def complete(name: str = "invoices") -> dict[str, Any]:
    return status("COMPLETE", name)


def error(message: str, name: str | None = None) -> dict[str, Any]:
    body = {"message": message, "internal_message": "inner detail", "failure_type": "config_error"}
    if name:
        body["stream_descriptor"] = {"name": name}
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": EMITTED_AT, "error": body}}


def control(config: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "CONNECTOR_CONFIG", "emitted_at": EMITTED_AT, "connectorConfig": {"config": config}}
    return {"type": "CONTROL", "control": body}
