"""A list whose total falls while it is read may have lost rows, also when the counts end up equal."""

import pytest

from source_freshbooks.components.paging import Drift


@pytest.mark.parametrize(
    ("first", "pages", "short", "suspected"),
    [
        (3, [(2, 3), (1, 3)], False, False),
        (3, [(2, 3), (1, 2)], True, True),  # as many rows as at first, though one was deleted
        (3, [(2, 4), (2, 3)], True, True),  # grew, then fell back to where it was
        (3, [(2, 4), (2, 4)], False, True),  # grew alone: rows come twice, none is missed
        (3, [(2, 3), (0, 3)], True, True),
        (3, [(2, 3), (2, 3)], False, True),
        (0, [(0, 0)], False, False),
    ],
)
def test_what_the_counts_say(first: int, pages: list[tuple[int, int]], short: bool, suspected: bool) -> None:
    drift = Drift(first)
    for rows, total in pages:
        drift.see(rows, total)
    assert (drift.short, drift.suspected) == (short, suspected)
    assert str(drift) == f"{sum(rows for rows, _ in pages)} rows read, {first} counted by FreshBooks"
