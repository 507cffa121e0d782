"""What the hub asks for is what the source needs, no less and no more; test_streams.py has the streams."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from freshbooks_api import scopes
from freshbooks_api.streams import STREAMS


def token(**claims: Any) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{part}.signature"


def test_each_read_scope_is_needed_by_an_entity() -> None:
    read = {scope.name for scope in (*scopes.READ, scopes.RETAINERS)}
    assert {stream.scope_name for stream in STREAMS} == read


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
