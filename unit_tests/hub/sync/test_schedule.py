"""When a group is due: for any frequency, any history and any clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.next_due import (
    JITTER,
    RETRY_CAP,
    WAKE_PAUSE,
    State,
    Trouble,
    next_due,
    retry_after,
)
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import (
    BY_NAME,
    LONGEST,
    SHORTEST,
    SYNC_GROUPS,
    format_frequency,
    parse_frequency,
)

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
frequencies = st.timedeltas(SHORTEST, LONGEST)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
jitters = st.floats(0, JITTER, exclude_max=True)
gaps = st.timedeltas(timedelta(seconds=1), timedelta(days=3))


@given(frequencies, instants, jitters)
def test_what_was_never_read_is_due_at_once(every: timedelta, now: datetime, jitter: float) -> None:
    assert next_due(every, State(), None, jitter, now) <= now


@given(frequencies, instants, instants, jitters)
def test_it_is_due_within_its_frequency_and_not_much_sooner(
    every: timedelta, last: datetime, now: datetime, jitter: float
) -> None:
    due = next_due(every, State(last), None, jitter, now)
    if last > now:  # written under a wrong clock
        assert due <= now
    else:
        assert last + every * (1 - JITTER) <= due <= last + every


@given(frequencies, st.lists(gaps, min_size=1, max_size=40), jitters)
def test_however_long_the_ticks_stopped_it_is_read_once(
    every: timedelta, waits: list[timedelta], jitter: float
) -> None:
    """Sleeping machine, pause, restart: a missed turn is not made up for."""
    now, last, reads = NOW, None, 0
    for wait in waits:
        now += wait
        before = last
        if next_due(every, State(last), None, jitter, now) <= now:
            last, reads = now, reads + 1
            assert before is None or now - before >= every * (1 - JITTER)
            assert next_due(every, State(last), None, jitter, now) > now
        else:
            assert before is not None
            assert now - before < every
    assert reads <= len(waits)


@given(frequencies, instants, gaps, jitters)
def test_a_wake_up_makes_it_due_soon_but_not_at_each_of_a_swarm(
    every: timedelta, last: datetime, wait: timedelta, jitter: float
) -> None:
    woken = last + wait
    due = next_due(every, State(last, woken_at=woken), None, jitter, now=woken)
    assert due <= max(woken, last + WAKE_PAUSE)
    assert due >= min(last + WAKE_PAUSE, last + every * (1 - JITTER))
    # Once read, the same wake-up counts no more.
    assert next_due(every, State(woken, woken_at=woken), None, jitter, woken) > woken


@given(frequencies, instants, st.integers(1, 10_000), st.integers(1, 10_000), jitters)
def test_failures_delay_it_but_never_for_long(
    every: timedelta, now: datetime, own: int, others: int, jitter: float
) -> None:
    cap = max(every, RETRY_CAP)
    trouble = Trouble(own, now + retry_after(own, cap), "down")
    connection = Trouble(others, now + retry_after(others, RETRY_CAP), "down")
    due = next_due(every, State(None, trouble=trouble), connection, jitter, now)
    assert due == max(trouble.retry_at, connection.retry_at)
    assert due <= now + cap


@given(instants, st.timedeltas(timedelta(hours=1), timedelta(days=4000)))
def test_a_next_try_in_the_far_future_was_a_wrong_clock(now: datetime, ahead: timedelta) -> None:
    trouble = Trouble(3, now + ahead, "down")
    assert next_due(timedelta(minutes=20), State(), trouble, 0.0, now) <= now


def test_the_waits_double_up_to_the_cap() -> None:
    minutes = [retry_after(n, RETRY_CAP).total_seconds() / 60 for n in range(1, 7)]
    assert minutes == [1, 2, 4, 8, 10, 10]


@given(st.integers(5, 31 * 24 * 60))
def test_a_frequency_is_read_as_it_is_shown(minutes: int) -> None:
    every = timedelta(minutes=minutes)
    assert parse_frequency(format_frequency(every)) == every


@pytest.mark.parametrize("text", ["", "20", "4m", "0h", "5w", "1.5h", "-20m", "20 parsecs", "99999999999d"])
def test_what_is_no_frequency_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(HubError, match="30m"):
        parse_frequency(text)


def test_the_defaults_are_those_promised() -> None:
    hours = {name: BY_NAME[name].frequency.total_seconds() / 3600 for name in BY_NAME}
    assert {name: hours[name] for name in ("clients", "expenses", "time_entries", "estimates")} == {
        "clients": 1,
        "expenses": 1,
        "time_entries": 2,
        "estimates": 6,
    }
    assert BY_NAME["invoices"].frequency == timedelta(minutes=20)
    assert BY_NAME["reports"].frequency == timedelta(days=1)
    assert BY_NAME["invoices_whole"].frequency == timedelta(days=7)


def test_what_rows_name_is_read_with_them() -> None:
    """An invoice of a client that is not there yet would fail the marts' tests."""
    assert "clients" in BY_NAME["invoices"].with_streams
    assert {"projects", "services"} <= set(BY_NAME["time_entries"].with_streams)
    assert all(set(group.with_streams).isdisjoint(group.streams) for group in SYNC_GROUPS)


def test_hourly_reads_meet_those_of_every_twenty_minutes(home: Home) -> None:
    """One jitter for a connection: its groups share runs; another connection has another."""
    schedule = Schedule(home)
    intervals = {
        e.name: next_due(e.frequency, State(NOW), None, schedule._jitter, NOW) - NOW
        for e in schedule.groups(NOW)
    }
    assert abs(intervals["clients"] - 3 * intervals["invoices"]) < timedelta(seconds=1)
    other = Schedule(Home(Path("/elsewhere")))
    assert other._jitter != schedule._jitter


def test_what_the_user_sets_stays_and_can_be_taken_back(home: Home) -> None:
    Schedule(home).set("invoices", timedelta(minutes=45))
    invoices = Schedule(home).groups(NOW)[0]
    assert (invoices.name, invoices.frequency) == ("invoices", timedelta(minutes=45))
    Schedule(home).reset("invoices")
    assert Schedule(home).groups(NOW)[0].frequency == timedelta(minutes=20)
    with pytest.raises(HubError, match="no data called 'invoice'"):
        Schedule(home).set("invoice", timedelta(hours=1))
