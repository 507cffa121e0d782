"""A window of requests that syncs and the hub share, here as several objects over one file."""

import logging
import os
import struct
from pathlib import Path

import pytest

from freshbooks_api import request_window
from freshbooks_api.request_window import PLACES, RequestWindow


class Clock:
    now = 1000.0
    booted = 1_700_000_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(request_window.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(request_window.time, "time", lambda: clock.booted + clock.now)
    return clock


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app")


def test_all_that_share_a_file_stay_within_one_limit(clock: Clock, path: str) -> None:
    windows = [RequestWindow(10, path) for _ in range(3)]
    times = sorted(windows[number % 3].take() for number in range(35))
    assert times[:10] == [1000.0] * 10
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[10:], strict=False))


def test_who_has_few_requests_waits_for_those_before_it_alone(clock: Clock, path: str) -> None:
    """As with a first sync whose eight pages in flight ask again at once, whenever one of them may be sent."""
    many, few = RequestWindow(10, path), RequestWindow(10, path)
    for _ in range(10 + 8):
        many.take()
    own = few.take()
    later = [many.take() for _ in range(30)]
    assert own == 1060.0
    assert sum(at <= own for at in later) == 1  # of the ten places of that minute, nine were taken


def test_what_one_is_told_all_obey_and_remember(clock: Clock, path: str) -> None:
    one, other = RequestWindow(600, path), RequestWindow(600, path)
    one.keep_limit(2, clock.now + 17)
    assert (other.limit(), other.resume_at()) == (2, 1017.0)
    assert [RequestWindow(600, path).take() for _ in range(3)] == [1017.0, 1017.0, 1077.0]


def test_a_place_is_free_again_after_a_minute(clock: Clock, path: str) -> None:
    window = RequestWindow(2, path)
    for _ in range(3 * PLACES // 2):
        clock.now += 30
        assert window.take() == clock.now


def test_a_limit_beyond_what_is_remembered_is_none(clock: Clock) -> None:
    window = RequestWindow(PLACES + 1)
    assert {window.take() for _ in range(2 * PLACES)} == {1000.0}


def test_after_the_machine_was_started_again_it_begins_anew(clock: Clock, path: str) -> None:
    window = RequestWindow(1, path)
    window.take()
    window.keep_limit(1, clock.now + 100)
    clock.booted, clock.now = clock.booted + 86_400, 50.0
    assert RequestWindow(1, path).take() == 50.0


@pytest.mark.parametrize("content", [b"s", b"fbwindo1", b"fbwindo1" + bytes(1000)], ids=len)
def test_one_that_was_cut_off_is_made_anew(clock: Clock, path: str, content: bytes) -> None:
    if not content.startswith(b"fb"):
        content = b""
    Path(path).write_bytes(content)
    windows = [RequestWindow(1, path) for _ in range(2)]
    assert [window.take() for window in windows] == [1000.0, 1060.0]


def test_a_file_of_another_kind_is_left_alone_and_the_sync_goes_on(
    clock: Clock, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    Path(path).write_bytes(b"my own notes")
    with caplog.at_level(logging.WARNING):
        window = RequestWindow(1, path)
    assert [window.take(), window.take()] == [1000.0, 1060.0]
    assert Path(path).read_bytes() == b"my own notes"
    assert "is of another kind" in caplog.text


def test_a_disk_that_fails_meanwhile_stops_nobody(
    clock: Clock, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = RequestWindow(1, path)
    window.take()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert [window.take(), window.take()] == [1000.0, 1060.0]


def test_it_is_its_owners_alone_and_holds_instants_alone(clock: Clock, path: str) -> None:
    RequestWindow(600, path).take()
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert struct.unpack_from("<QQd", Path(path).read_bytes(), 16) == (1, 0, 0.0)


def test_many_windows_keep_no_files_open(tmp_path: Path) -> None:
    """A server makes one for each action."""
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(50):
        RequestWindow(600, str(tmp_path / "app")).take()
    assert len(list(Path("/dev/fd").iterdir())) == before
