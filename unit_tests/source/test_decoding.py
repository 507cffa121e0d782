"""Bytes that JSON or UTF-8 does not know cost the text that they are in, and no other row."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source_freshbooks.components.decoding import REPLACEMENT, decode


def page(name: bytes) -> bytes:
    rows = b'{"id":1,"name":"' + name + b'"},{"id":2,"name":"whole \\ud83d\\ude00"}'
    return b'{"clients":[' + rows + b'],"total":2}'


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (rb"Caf\ud83d", f"Caf{REPLACEMENT}"),
        (rb"\udc00 low alone", f"{REPLACEMENT} low alone"),
        (b"Caf\xe9", f"Caf{REPLACEMENT}"),
        (b"\xed\xa0\xbd", REPLACEMENT * 3),
        (b"bell\x07", f"bell{REPLACEMENT}"),
        (b"two\nlines", f"two{REPLACEMENT}lines"),
        (b'a \\" quote and \x00', f'a " quote and {REPLACEMENT}'),
    ],
)
def test_what_is_no_text_becomes_the_replacement_character(name: bytes, read: str) -> None:
    body, damaged = decode(page(name))
    assert damaged
    assert body["clients"] == [{"id": 1, "name": read}, {"id": 2, "name": "whole \U0001f600"}]
    orjson.dumps(body)


def test_good_bytes_are_taken_as_they_are() -> None:
    assert decode(page(b"Caf\xc3\xa9 \\n")) == (json.loads(page(b"Caf\xc3\xa9 \\n")), False)
    assert decode(b"\xef\xbb\xbf" + page(b"with a mark")) == (json.loads(page(b"with a mark")), False)


def test_numbers_without_end_come_as_text() -> None:
    body, damaged = decode(b'{"a":NaN,"b":-Infinity,"c":1e999,"d":2.5,"e":7,"f":100000000000000000000}')
    assert body == {"a": "NaN", "b": "-Infinity", "c": "1e999", "d": 2.5, "e": 7, "f": 1e20}
    assert not damaged


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    assert decode(b'{"a":1,"a":2,"b":"\x01"}')[0]["a"] == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"[" * 5000, b'{"a": "b}', b"\xff\xfe"])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(body)


@given(st.binary(max_size=12), st.integers(0, 30))
def test_any_bytes_in_a_text_leave_the_other_rows_alone(noise: bytes, at: int) -> None:
    """Unless they end the text: then it is no JSON, or another."""
    noise = noise.replace(b'"', b"").replace(b"\\", b"")
    body, _ = decode(page((b"x" * at) + noise))
    assert body["clients"][1] == {"id": 2, "name": "whole \U0001f600"}
    assert body["clients"][0]["name"].startswith("x" * at)
    orjson.dumps(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
@example([-(10**18) - 1, -(2**63), 2**63, 2**64 - 1])
def test_the_slow_way_reads_what_the_fast_way_reads(value: Any) -> None:
    good = orjson.dumps([value, "x"])
    assert decode(b"\xef\xbb\xbf" + good)[0] == orjson.loads(good)
