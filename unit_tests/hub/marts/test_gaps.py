"""How a sync and the status tell rejected rows and differences: once, with numbers, and where to see them."""

from __future__ import annotations

from freshbooks_hub.marts.gaps import Gap, Rejected, missing, set_aside
from freshbooks_hub.marts.reconciliation import Difference, attention


def rejected(stream: str, rows: int, incomplete: int = 0, business: int = 1) -> Rejected:
    return Rejected(business, stream, rows, incomplete, frozenset({stream}))


def test_rows_set_aside_are_told_in_one_sentence_for_all_streams_and_businesses() -> None:
    told = set_aside([rejected("invoices", 2), rejected("invoices", 1, business=2), rejected("bills", 1, 4)])
    assert told == (
        "4 rows were set aside, so no figure counts them (Invoices 3, Bills 1). "
        "4 rows lack a value that could not be used. "
        'See them: freshbooks query "from fb_rejected_rows"'
    )


def test_one_row_is_told_in_the_singular_and_none_not_at_all() -> None:
    one = set_aside([rejected("invoices", 1)])
    assert one.startswith("1 row was set aside, so no figure counts it (Invoices 1).")
    assert set_aside([rejected("invoices", 0, 1)]).startswith("1 row lacks a value")
    assert set_aside([]) == ""


def test_what_is_not_complete_is_not_missing() -> None:
    codes = {"clients": "short", "bills": "bill_pay", "taxes": "lost"}
    gaps = [Gap(1, None, stream, code, "R.", "E.", "D.", frozenset()) for stream, code in codes.items()]
    assert missing(gaps) == {(1, "taxes")}


def difference(kind: str) -> Difference:
    return Difference(kind, "invoice amount", "Maple", "USD", None, "10.00", "12.00", "-2.00", None)


def test_arithmetic_that_does_not_hold_is_no_difference_to_a_report() -> None:
    own = difference("own_arithmetic")
    report, arithmetic = attention([], [own, difference("freshbooks_report"), own])
    assert report.startswith("Attention: 1 figure differs from FreshBooks' own reports;")
    assert "12.00 at FreshBooks (USD)" in report
    assert arithmetic.startswith("Attention: 2 figures do not add up as expected;")
    assert "12.00 expected (USD)" in arithmetic
