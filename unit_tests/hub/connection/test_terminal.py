"""A terminal that waits for typed lines and for a listener at once."""

from __future__ import annotations

import os
import threading

import pytest

from freshbooks_hub.connection.callback import Result
from freshbooks_hub.connection.terminal import TerminalEvents
from freshbooks_hub.core.errors import HubError


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_lines_and_results_come_in_turn(pipe: tuple[int, int]) -> None:
    events = TerminalEvents(pipe[0])
    os.write(pipe[1], b"one\ntw")
    assert events.next(5) == "one"
    assert events.next(0.01) is None
    result = Result(error=HubError("no"))
    threading.Timer(0.05, events.post, [result]).start()
    assert events.next(5) is result
    os.write(pipe[1], b"o\n 3 \n")
    assert events.next(5) == "two"
    assert events.line() == "3"


def test_the_end_of_the_input_leaves_the_listener(pipe: tuple[int, int]) -> None:
    events = TerminalEvents(pipe[0])
    os.write(pipe[1], b"last")
    os.close(pipe[1])
    assert events.next(5) == "last"
    assert events.next(0.05) is None
    assert events.line() == ""
    events.post(Result())
    assert events.next(5) == Result()
