"""A terminal that waits for typed lines and for a listener at once."""

from __future__ import annotations

import os
import threading

import pytest

from freshbooks_hub.connection.callback import Result
from freshbooks_hub.connection.terminal_events import TerminalEvents
from freshbooks_hub.core.errors import HubError


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_lines_and_results_come_in_turn(pipe: tuple[int, int]) -> None:
    inbox = TerminalEvents(pipe[0])
    os.write(pipe[1], b"one\ntw")
    assert inbox.next(5) == "one"
    assert inbox.next(0.01) is None
    result = Result(error=HubError("no"))
    threading.Timer(0.05, inbox.post, [result]).start()
    assert inbox.next(5) is result
    os.write(pipe[1], b"o\n 3 \n")
    assert inbox.next(5) == "two"
    assert inbox.line() == "3"


def test_the_end_of_the_input_leaves_the_listener(pipe: tuple[int, int]) -> None:
    inbox = TerminalEvents(pipe[0])
    os.write(pipe[1], b"last")
    os.close(pipe[1])
    assert inbox.next(5) == "last"
    assert inbox.next(0.05) is None
    assert inbox.line() == ""
    inbox.post(Result())
    assert inbox.next(5) == Result()
