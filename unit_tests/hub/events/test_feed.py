"""`freshbooks export`: what changed since a token, from any place, also after a stop in the middle."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.events.changes import NoSuchMart
from freshbooks_hub.events.feed import TokenTooOld, TokenUnknown, changed_rows
from freshbooks_hub.events.vcard import vcard
from unit_tests.hub.events.conftest import CONTACTS, DAY, Publish, contact, invoice

Row = tuple[str, str, str]


def export(home: Home, since: str | None = None, at: datetime = DAY) -> tuple[list[Row], str]:
    """Change, key and token of each row, and the token to go on from."""
    with changed_rows(home, "crm_contacts", since, at) as feed:
        key = feed.columns.index("contact_key")
        return [(row[0], row[key], row[1]) for row in feed.rows], feed.token


def test_after_all_rows_come_those_that_changed_or_were_removed_and_then_none(
    home: Home, publish: Publish
) -> None:
    publish(crm_contacts=[contact("ann"), contact("bob"), contact("cid")])
    rows, token = export(home)
    assert sorted(row[:2] for row in rows) == [("changed", "ann"), ("changed", "bob"), ("changed", "cid")]
    assert rows[-1][2] == token
    publish(crm_contacts=[contact("ann"), contact("bob", city="Lyon"), contact("dan")])
    rows, later = export(home, token)
    assert sorted(row[:2] for row in rows) == [("changed", "bob"), ("changed", "dan"), ("removed", "cid")]
    # A stop in the middle: the token of any row goes on behind it. And an old one gives it all again.
    assert export(home, rows[0][2])[0] == rows[1:]
    assert export(home, token)[0] == rows
    publish(crm_contacts=[contact("ann"), contact("bob", city="Lyon"), contact("dan")])
    assert export(home, later) == ([], later)
    publish(crm_contacts=[contact("ann"), contact("bob", city="Lyon"), contact("cid"), contact("dan")])
    assert [row[:2] for row in export(home, later)[0]] == [("changed", "cid")]


def test_a_token_that_cannot_be_continued_says_how_to_start_again(home: Home, publish: Publish) -> None:
    publish(crm_contacts=[contact("ann"), contact("bob")], invoices=[invoice(1, "paid")])
    _, token = export(home)
    publish(crm_contacts=[contact("ann")], invoices=[])
    rows, _ = export(home, token)
    for wrong in ("x", token.replace(".", "0."), token.replace("crm_contacts", "invoices"), f"{token}999"):
        with pytest.raises(TokenUnknown, match="Start again without --since"):
            export(home, wrong)
    late = DAY + timedelta(days=91)
    publish(crm_contacts=[contact("ann", city="Nice")])
    assert [row[:2] for row in export(home, rows[-1][2], late)[0]] == [("changed", "ann")]
    with pytest.raises(TokenTooOld) as old:
        export(home, token, late)
    assert old.value.code == "token_too_old"
    home.events.unlink()
    with pytest.raises(TokenUnknown):
        export(home, token)


def test_a_mart_that_is_not_there_is_named(home: Home, publish: Publish) -> None:
    publish(invoices=[])
    with pytest.raises(NoSuchMart, match="was not synced"):
        export(home)
    with (
        pytest.raises(NoSuchMart, match="There are: crm_contacts, invoices"),
        changed_rows(home, "x\"'", None, DAY),
    ):
        pass


def test_a_card_holds_odd_names_and_says_nothing_that_is_not_known() -> None:
    empty: dict[str, Any] = dict.fromkeys((*CONTACTS, "updated_at"))
    assert "FN:Unknown\r\n" in vcard(empty)
    assert "EMAIL" not in vcard(empty)
    odd = empty | {"full_name": "Ink; & Co,\nEND:VCARD" + "é" * 80, "email": "a@b.example"}
    lines = vcard(odd).encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert lines.count(b"END:VCARD") == 1
    assert b"FN:Ink\\; & Co\\,\\nEND:VCARD" in lines[3]
