"""Eastern wall time to UTC, against an oracle that does not share our code: dateutil's zone database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from source_freshbooks.components.timestamps import eastern_day, format_utc, parse_utc, to_utc

NEW_YORK = tz.gettz("America/New_York")


@pytest.mark.parametrize(
    ("eastern", "utc"),
    [
        ("2020-11-16 21:27:03", "2020-11-17T02:27:03Z"),  # winter: the proof of freshbooks-api.md 3.4
        ("2019-05-08 15:25:29", "2019-05-08T19:25:29Z"),  # summer
        ("2026-06-29 12:52:44", "2026-06-29T16:52:44Z"),  # an account in Nairobi, Eastern all the same
        ("2026-11-01 01:30:00", "2026-11-01T05:30:00Z"),  # the hour that comes twice: its first pass
        ("2026-03-08 02:30:00", "2026-03-08T07:30:00Z"),  # the hour that does not exist
        ("2026-08-28 18:02:59.000000", "2026-08-28T22:02:59Z"),
        ("2026-08-28T18:02:59", "2026-08-28T22:02:59Z"),
        ("2026-08-28T22:02:59Z", "2026-08-28T22:02:59Z"),  # an offset of its own wins
    ],
)
def test_accounting_stamps_are_eastern(eastern: str, utc: str) -> None:
    assert to_utc(eastern, "eastern") == utc


def test_utc_fields_keep_their_wall_time() -> None:
    assert to_utc("2020-10-24T20:00:00", "utc") == "2020-10-24T20:00:00Z"


@pytest.mark.parametrize(
    "malformed",
    ["2019-09-13 08:16:74", "2020-11-219T13:22:04", "", "yesterday", None, 5, {}, "0000-00-00 00:00:00"],
)
def test_a_malformed_stamp_is_none(malformed: object) -> None:
    assert to_utc(malformed, "eastern") is None


def has_happened(wall: datetime) -> bool:
    """Not in the hour that is skipped each March, which no clock shows."""
    return tz.datetime_exists(wall, NEW_YORK)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31))
    .map(lambda d: d.replace(microsecond=0, fold=0))  # as text has it: without the fold
    .filter(has_happened)
)
def test_conversion_agrees_with_the_oracle(wall: datetime) -> None:
    expected = wall.replace(tzinfo=NEW_YORK).astimezone(tz.UTC)
    assert to_utc(wall.strftime("%Y-%m-%d %H:%M:%S"), "eastern") == expected.strftime("%Y-%m-%dT%H:%M:%SZ")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)))
def test_a_stamp_is_never_read_later_than_it_was(instant: datetime) -> None:
    """What FreshBooks writes for an instant reads back as that instant, or one hour early in the fold."""
    wall = instant.astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
    read = parse_utc(to_utc(wall, "eastern") or "")
    assert instant.replace(microsecond=0) - read in (timedelta(0), timedelta(hours=1))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)))
def test_the_server_filter_day_contains_the_instant(instant: datetime) -> None:
    day = eastern_day(instant)
    midnight = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    assert midnight <= instant < midnight + timedelta(days=1, hours=1)
    assert isinstance(day, date)


def test_utc_texts_round_trip() -> None:
    assert format_utc(parse_utc("2026-01-01T12:00:00Z")) == "2026-01-01T12:00:00Z"
