"""What the hub asks for is what the source needs, no less and no more."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from freshbooks_api import scopes
from freshbooks_api.streams import AVAILABILITY, ENTITIES
from source_freshbooks.components.families import FAMILIES
from source_freshbooks.components.reports import ROOT

IDS = {"account_id": "xZNQ1X", "business_id": 439000, "business_uuid": "a-uuid"}


def streams() -> dict[str, dict[str, Any]]:
    """The source's streams, each with its parameters."""
    manifest = Path(__file__).parents[3] / "source_freshbooks" / "manifest.yaml"
    document = yaml.safe_load(manifest.read_text("utf-8"))
    found = {}
    for stream in document["streams"]:
        parameters = stream["$parameters"]
        shared = parameters.get("$ref", "").rpartition("/")[2]
        found[stream["name"]] = document["definitions"].get(shared, {}) | parameters
    return found


def token(**claims: Any) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{part}.signature"


def test_every_stream_of_the_source_is_probed_and_nothing_else() -> None:
    assert {entity.stream for entity in ENTITIES} | {AVAILABILITY} == set(streams())


@pytest.mark.parametrize("entity", ENTITIES[1:], ids=lambda entity: entity.stream)
def test_a_probe_asks_where_the_source_reads(entity: Any) -> None:
    parameters = streams()[entity.stream]
    if "report" in parameters:
        expected = f"{ROOT}/{parameters['report']}".format_map(IDS)
        assert entity.params == parameters.get("params", {})
    else:
        expected = FAMILIES[parameters["family"]].path(IDS, parameters["route"])
    assert entity.path.format_map(IDS) == expected


def test_each_read_scope_is_needed_by_an_entity() -> None:
    assert {entity.scope_name for entity in ENTITIES} == {scope.name for scope in scopes.READ}


def test_read_only_writes_nothing_and_actions_add_to_it() -> None:
    assert not [scope for scope in scopes.needed() if not scope.name.endswith(":read")]
    assert scopes.needed(actions=True) == scopes.READ + scopes.ACTIONS


@pytest.mark.parametrize(
    ("access_token", "names"),
    [
        (token(scope="user:taxes:read"), ["user:bills:read"]),
        (token(scope=["user:taxes:read", "user:bills:read"]), []),
        (token(scope="admin:all:legacy"), []),
        (token(sub="says nothing of scopes"), []),
        ("opaque", []),
        ("a.b.c", []),
    ],
)
def test_missing_scopes_are_read_from_the_token_if_it_tells(access_token: str, names: list[str]) -> None:
    wanted = [scope for scope in scopes.READ if scope.name in {"user:taxes:read", "user:bills:read"}]
    assert [scope.name for scope in scopes.missing(access_token, wanted)] == names
