"""An expense booked once, with its receipt."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.kinds.create_expense.request import (
    CreateExpensePreview,
    CreateExpenseRequest,
)
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from integration_tests.agent.acting import PNG, Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def propose(firm: Firm, **fields: Any) -> Action:
    given = {
        "vendor": "Dell",
        "date": "2026-10-30",
        "amount": "54.00",
        "currency": "USD",
        "category": "Hardware",
        **fields,
    }
    return firm.actions.propose(CreateExpenseRequest(**given), "agent")


def refusal(firm: Firm, **fields: Any) -> ActionRefused:
    with pytest.raises(ActionRefused) as caught:
        propose(firm, **fields)
    return caught.value


def as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_books_what_was_approved_with_its_receipt(firm: Firm) -> None:
    client = firm.client()
    project = firm.project(client["id"], complete=False)
    action = propose(
        firm,
        taxes=[{"name": "HST", "amount": "6.21"}],
        client_id="acme ltd",
        project_id="Website",
        billable=True,
        notes="A new screen",
        receipt_base64=as_base64(PNG),
        receipt_name="../../screen.exe",
    )
    assert isinstance(action.preview, CreateExpensePreview)
    assert action.preview.category == "Office Expenses & Postage > Hardware"
    assert action.preview.receipt is not None
    assert action.preview.receipt.filename == "screen.png"
    assert firm.sandbox.store.files == {}

    done = firm.done(action)
    assert done.status is Status.confirmed
    assert done.result is not None
    assert done.result.differences == ()
    row = firm.rows("expenses")[done.result.record_id]
    assert row["amount"] == {"amount": "54.00", "code": "USD"}
    assert row["taxAmount1"] == {"amount": "6.21", "code": "USD"}
    assert (row["clientid"], row["modern_projectid"], row["billable"]) == (client["id"], project["id"], True)
    (file,) = firm.sandbox.store.files.values()
    assert file["content"] == PNG
    assert file["media_type"] == "image/png"
    assert firm.sandbox.store.files[row["attachment"]["jwt"]]["content"] == PNG


def test_the_uploads_key_is_neither_shown_nor_kept_and_the_file_is_removed(firm: Firm) -> None:
    done = firm.done(propose(firm, receipt_base64=as_base64(PNG)))
    (key,) = firm.sandbox.store.files
    assert key not in done.model_dump_json()
    assert list((firm.home.root / "receipts").iterdir()) == []
    for path in firm.home.root.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


def test_the_approved_bytes_change_in_one_place_only(firm: Firm) -> None:
    # Text that imitates the place of the key stays text.
    action = propose(firm, notes='"jwt":"receipt sha256 x"', receipt_base64=as_base64(PNG))
    stored = firm.actions._store.having(Status.proposed)[0].step("create").body or ""
    firm.done(action)
    (request,) = firm.sandbox.requests.matching("*/expenses/expenses", "POST")
    assert isinstance(action.preview, CreateExpensePreview)
    assert action.preview.receipt is not None
    (key,) = firm.sandbox.store.files
    assert request.body.decode() == stored.replace(f"receipt sha256 {action.preview.receipt.sha256}", key)


def test_a_category_must_exist_and_near_names_are_suggested(firm: Firm) -> None:
    asked = refusal(firm, category="Hardwear")
    assert asked.code == "category_unknown"
    assert asked.detail["near"][0]["path"] == "Office Expenses & Postage > Hardware"
    assert refusal(firm, category="999").code == "category_unknown"
    # Also a name of the cost-of-goods-sold copy; the standard one is meant.
    action = propose(firm, category="packaging")
    assert isinstance(action.preview, CreateExpensePreview)
    assert action.preview.category == "Office Expenses & Postage > Packaging"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": "-1.00"}, "invalid_amount"),
        ({"amount": "1e3"}, "invalid_amount"),
        ({"amount": "NaN"}, "invalid_amount"),
        ({"amount": "0"}, "invalid_amount"),
        ({"amount": "1.005"}, "invalid_amount"),
        ({"currency": "usd"}, "invalid_currency"),
        ({"date": "30/10/2026"}, "invalid_date"),
        ({"vendor": "\u200b\u202e"}, "vendor_missing"),
        ({"taxes": [{"name": "HST", "amount": "60.00"}]}, "invalid_tax"),
        ({"taxes": [{"name": "\u200b", "amount": "1.00"}]}, "invalid_tax"),
        ({"taxes": [{"name": str(n), "amount": "1"} for n in range(3)]}, "too_many_taxes"),
        ({"billable": True}, "no_client"),
        ({"client_id": "Nobody"}, "client_unknown"),
        ({"receipt_base64": "%%%"}, "invalid_receipt"),
        ({"receipt_base64": "aGVsbG8="}, "invalid_receipt"),
        ({"receipt_path": "a.png", "receipt_base64": ""}, "two_receipts"),
    ],
    ids=str,
)
def test_says_what_is_wrong(firm: Firm, fields: dict[str, Any], code: str) -> None:
    assert refusal(firm, **fields).code == code
    assert firm.actions.list() == []


# -- once


def test_an_equal_expense_is_asked_about_and_another_purchase_shows_both(firm: Firm) -> None:
    there = firm.expense(vendor="DELL ", date="2026-10-30", amount={"amount": "54.00", "code": "USD"})
    asked = refusal(firm)
    assert asked.code == "look_alike"
    assert asked.detail["look_alikes"][0]["expense_id"] == there["id"]
    propose(firm, currency="EUR")  # another currency is another purchase
    action = propose(firm, another_purchase=True)
    assert isinstance(action.preview, CreateExpensePreview)
    assert [twin.expense_id for twin in action.preview.look_alikes] == [there["id"]]
    assert any("another purchase" in warning for warning in action.preview.warnings)


def test_the_same_purchase_proposed_again_waits_or_is_done(firm: Firm) -> None:
    first = propose(firm)
    assert propose(firm).id == first.id
    assert refusal(firm, notes="again", vendor="dell").code == "already_proposed"
    firm.done(first)
    assert refusal(firm).code == "look_alike"
    firm.sandbox.delete("expenses", 439_000, max(firm.rows("expenses")))
    assert refusal(firm).code == "already_done"
    assert len(firm.rows("expenses")) == 1


def test_a_receipt_is_booked_once_whatever_is_said_of_it(firm: Firm) -> None:
    receipt = as_base64(PNG)
    firm.done(propose(firm, receipt_base64=receipt))
    for fields in ({}, {"amount": "55.00"}, {"vendor": "Shell", "another_purchase": True}):
        assert refusal(firm, receipt_base64=receipt, **fields).code == "already_done"


def test_an_equal_expense_booked_by_hand_after_the_approval_voids_it(firm: Firm) -> None:
    action = firm.approve(propose(firm))
    firm.expense(vendor="Dell", date="2026-10-30", amount={"amount": "54.00", "code": "USD"})
    assert firm.actions.dispatch(action.id).status is Status.failed
    assert len(firm.rows("expenses")) == 1


# -- receipt files


@pytest.fixture
def folder(firm: Firm, tmp_path: Path) -> Path:
    folder = tmp_path / "receipts"
    folder.mkdir()
    firm.actions.policy.set_receipts_folder(folder, "owner", "terminal")
    return folder


def test_a_file_is_read_under_the_owners_folder_only(firm: Firm, folder: Path, tmp_path: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "r.png").write_bytes(PNG)
    assert propose(firm, receipt_path="sub/r.png").status is Status.proposed
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    (folder / "link.png").symlink_to(secret)
    (folder / "out").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    os.link(secret, folder / "hard.png")
    (folder / "sub" / "in").symlink_to(folder / "sub")
    (tmp_path / "receipts-not").mkdir()
    (tmp_path / "receipts-not" / "r.png").write_bytes(PNG)
    for path in (
        str(secret),
        "../secret.png",
        "link.png",
        "out/secret.png",
        "pipe.png",
        "hard.png",
        "sub/in/r.png",
        "sub/../sub/r.png",
        "sub",
        ".",
        "",
        str(folder),
        "folder.png",
        "../receipts-not/r.png",
        "none.png",
        "a\0b",
        "/dev/zero",
        "/proc/self/environ",
    ):
        asked = refusal(firm, vendor="Else", receipt_path=path)
        assert asked.code == "receipt_unknown", path
        assert str(asked) == "There is no such file in the owner's receipts folder."


def test_a_receipt_may_be_named_by_its_whole_path(firm: Firm, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "r.png").write_bytes(PNG)
    assert propose(firm, receipt_path=str(folder / "sub" / "r.png")).status is Status.proposed


@pytest.mark.parametrize("step", [0, 1, 2], ids=["before the folder", "before the way", "before the file"])
def test_a_swap_on_the_way_to_a_receipt_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A part of the way is replaced by a link to a secret: the file that was meant is read, or none is."""
    inside, secret = tmp_path / "receipts", tmp_path / "elsewhere"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub" / "r.png").write_bytes(PNG)
    secret.mkdir()
    (secret / "r.png").write_bytes(PNG + b"secret")
    really, opened = os.open, 0

    def swapping(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        nonlocal opened
        if opened == step:
            (inside / "sub").rename(inside / "gone")
            (inside / "sub").symlink_to(secret)
        opened += 1
        return really(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", swapping)
    if step == 2:
        assert receipts.from_path("sub/r.png", str(inside)).content == PNG
    else:
        with pytest.raises(ActionRefused, match="no such file"):
            receipts.from_path("sub/r.png", str(inside))
    assert opened > step


def test_without_a_folder_no_file_is_read(firm: Firm, tmp_path: Path) -> None:
    (tmp_path / "r.png").write_bytes(PNG)
    assert refusal(firm, receipt_path=str(tmp_path / "r.png")).code == "no_receipts_folder"


@pytest.mark.parametrize(
    ("content", "ok"),
    [
        (b"\xff\xd8\xff\xe0 jpeg", True),
        (b"GIF89a gif", True),
        (b"%PDF-1.7 pdf", True),
        (b"<html>%PDF-", False),
        (b"", False),
        (PNG + b"\0" * (10 * 1024 * 1024), False),
    ],
    ids=["jpeg", "gif", "pdf", "html", "empty", "too big"],
)
def test_only_pictures_and_pdfs_of_up_to_10_mb(firm: Firm, folder: Path, content: bytes, ok: bool) -> None:
    (folder / "r.png").write_bytes(content)
    if ok:
        assert propose(firm, receipt_path="r.png").status is Status.proposed
    else:
        assert refusal(firm, receipt_path="r.png").code == "invalid_receipt"


def test_the_file_that_was_shown_is_the_one_that_is_uploaded(firm: Firm, folder: Path) -> None:
    file = folder / "r.png"
    file.write_bytes(PNG)
    action = firm.approve(propose(firm, receipt_path="r.png"))
    file.write_bytes(PNG + b"something else")
    assert firm.actions.dispatch(action.id).status is Status.confirmed
    (uploaded,) = firm.sandbox.store.files.values()
    assert uploaded["content"] == PNG


def test_a_kept_receipt_that_was_changed_is_not_sent(firm: Firm) -> None:
    action = firm.approve(propose(firm, receipt_base64=as_base64(PNG)))
    (kept,) = (firm.home.root / "receipts").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_bytes(b"%PDF-something else")
    done = firm.actions.dispatch(action.id)
    assert done.result is not None
    assert (done.status, done.result.code) == (Status.failed, "receipt_lost")
    assert firm.rows("expenses") == {}


def test_a_receipt_stays_for_the_proposal_that_waits_with_it(firm: Firm) -> None:
    propose(firm, receipt_base64=as_base64(PNG))
    firm.clock.advance(hours=25)
    again = propose(firm, receipt_base64=as_base64(PNG))
    firm.actions.settle()  # clears what the expired one left
    assert firm.done(again).status is Status.confirmed
    assert list((firm.home.root / "receipts").iterdir()) == []


def test_the_receipt_of_an_expired_proposal_is_removed_without_asking_freshbooks(firm: Firm) -> None:
    propose(firm, receipt_base64=as_base64(PNG))
    firm.clock.advance(hours=25)
    asked = len(firm.sandbox.requests.matching("*"))
    firm.actions.settle_open()
    assert list((firm.home.root / "receipts").iterdir()) == []
    assert len(firm.sandbox.requests.matching("*")) == asked > 0


def test_an_upload_may_repeat_and_when_it_fails_nothing_is_booked(firm: Firm) -> None:
    firm.sandbox.faults.add(kind="drop_after", path="/uploads/*", times=2)
    assert firm.done(propose(firm, receipt_base64=as_base64(PNG))).status is Status.confirmed
    assert len(firm.rows("expenses")) == 1
    firm.sandbox.faults.add(kind="status", path="/uploads/*", times=None, status=502)
    done = firm.done(propose(firm, vendor="Shell", receipt_base64=as_base64(PNG + b"2")))
    assert done.result is not None
    assert (done.status, done.result.code) == (Status.failed, "receipt_not_uploaded")
    assert len(firm.rows("expenses")) == 1
