"""What becomes of an action whose answer was lost, by what FreshBooks shows of it."""

from datetime import timedelta

import pytest

from freshbooks_hub.agent.actions.action_kind import Candidates
from freshbooks_hub.agent.actions.models import Status, Timing
from freshbooks_hub.agent.actions.verdict import EMPTY_READS, verdict

TIMING = Timing()
LONG = TIMING.absent_after
NOTHING = Candidates()


def test_of_several_equal_records_a_person_says_at_once_which_is_it() -> None:
    ended = verdict(Candidates((7, 8)), 1, timedelta(0), TIMING, leaves_trace=True)
    assert ended is not None
    assert ended[:2] == (Status.needs_person, "several_matches")
    assert "(7, 8)" in ended[2]


@pytest.mark.parametrize("found", [NOTHING, Candidates((7,)), Candidates(similar=(7,))])
def test_one_look_or_a_short_wait_is_never_enough(found: Candidates) -> None:
    assert verdict(found, EMPTY_READS - 1, LONG, TIMING, leaves_trace=True) is None
    assert verdict(found, EMPTY_READS, LONG - timedelta(seconds=1), TIMING, leaves_trace=True) is None


@pytest.mark.parametrize(
    ("found", "leaves_trace", "status", "code"),
    [
        (NOTHING, True, Status.absent, "absent"),
        (NOTHING, False, Status.needs_person, "no_trace"),
        (Candidates((7,)), True, Status.needs_person, "near_match"),
        (Candidates(similar=(7,)), False, Status.needs_person, "near_match"),
    ],
)
def test_after_enough_looks_it_is_absent_unless_something_like_it_is_there_or_nothing_would_show(
    found: Candidates, leaves_trace: bool, status: Status, code: str
) -> None:
    ended = verdict(found, EMPTY_READS, LONG, TIMING, leaves_trace)
    assert ended is not None
    assert ended[:2] == (status, code)
