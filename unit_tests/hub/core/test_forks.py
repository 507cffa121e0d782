"""Forked processes: what they get, how they end, and what is left when somebody is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.core.forks import Channel, Forked, ForkServer, Request, Unavailable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")

CHILDREN = """
import json, os, sys, threading, time

loaded = time.monotonic_ns()

def tell():
    print(json.dumps({
        "loaded": loaded,
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": os.umask(0),
        "leads": os.getsid(0) == os.getpid(),
        "input": sys.stdin.read(),
        "sockets": sum("socket" in os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                       if os.path.exists(f"/proc/self/fd/{n}")),
    }))
    print("said", file=sys.stderr)
    sys.exit(3)

def fail():
    raise RuntimeError("in the child")

def wait():
    print("waiting", flush=True)
    time.sleep(600)

def fork_another():
    from freshbooks_hub.core import forks
    print(forks.inherited.fork(forks.Request("children:tell"), 1, 2).wait())

def start_a_thread():
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "children.py").write_text(CHILDREN)
    return tmp_path


def server_of(folder: Path, *preload: str) -> ForkServer:
    path = os.pathsep.join([str(folder), *sys.path])
    return ForkServer(preload, ["freshbooks_hub.core"], lambda: os.environ | {"PYTHONPATH": path})


class Asking:
    """Asks a fork server, with the output in files."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server = server
        self.out, self.err = folder / "out", folder / "err"

    def channel(self) -> Channel:
        with self.err.open("ab") as err:
            return self.server.channel(err.fileno())

    def fork(self, target: str, *arguments: str, handed_on: Channel | None = None, **more: Any) -> Forked:
        request = Request(f"children:{target}", arguments, **more)
        with self.out.open("wb") as out, self.err.open("ab") as err:
            return self.channel().fork(request, out.fileno(), err.fileno(), handed_on)

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out.read_text().splitlines()[0])
        return found


@pytest.fixture
def asking(folder: Path) -> Iterator[Asking]:
    server = server_of(folder, "children")
    yield Asking(server, folder)
    server.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_gets_what_it_is_given_and_nothing_of_others(
    asking: Asking, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    first = asking.fork("wait")
    child = asking.fork("tell", "a", "b", environment={"ONE": "1"}, folder=str(folder))
    assert child.wait(30) == 3
    told = asking.told()
    assert told["arguments"] == ["a", "b"]
    assert told["environment"] == {"ONE": "1"}
    assert told["folder"] == str(folder)
    assert told["umask"] == 0o077
    assert told["leads"]
    assert told["input"] == ""
    assert told["sockets"] == 1  # the one on which it is known
    assert "said" in asking.err.read_text()
    assert first.poll() is None
    loaded = told["loaded"]
    asking.fork("tell").wait(30)
    assert asking.told()["loaded"] == loaded  # imported once
    first.kill()
    assert first.wait(30) == -signal.SIGKILL


def test_an_error_is_written_and_the_next_child_is_well(asking: Asking) -> None:
    assert asking.fork("fail").wait(30) == 1
    assert "RuntimeError: in the child" in asking.err.read_text()
    assert asking.fork("tell").wait(30) == 3


def test_a_child_that_still_runs_is_waited_for_in_vain(asking: Asking) -> None:
    child = asking.fork("wait")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == -signal.SIGTERM
    child.send_signal(signal.SIGTERM)  # nobody


def test_a_child_asks_for_further_ones_by_the_channel_that_it_was_handed(asking: Asking) -> None:
    handed = asking.channel().another()
    child = asking.fork("fork_another", handed_on=handed, environment=dict(os.environ))
    handed.close()
    assert child.wait(30) == 0
    assert asking.told()["leads"]
    assert asking.out.read_text().splitlines()[1] == "3"


def test_the_server_ends_with_its_last_child_and_that_with_nobody(asking: Asking) -> None:
    child = asking.fork("wait")
    pid = asking.server.pid
    assert pid
    asking.server.close()
    time.sleep(0.2)
    assert is_running(pid)
    child.kill()
    until(lambda: not is_running(pid))


def test_a_server_that_was_killed_is_started_again_and_its_child_goes_on(asking: Asking) -> None:
    child = asking.fork("wait")
    first = asking.server.pid
    assert first
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_running(first))
    assert asking.fork("tell").wait(30) == 3
    assert asking.server.pid != first
    assert child.poll() is None
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait(30) == -signal.SIGKILL


def test_where_the_import_fails_or_starts_a_thread_nothing_is_forked(folder: Path) -> None:
    for preload in ("no_such_module", "children:start_a_thread"):
        asking = Asking(server_of(folder, preload), folder)
        for _ in range(2):
            with pytest.raises(Unavailable):
                asking.fork("tell")
        first = asking.server.pid
        assert first
        until(lambda: not is_running(first))  # noqa: B023 - of this round
        with pytest.raises(Unavailable):
            asking.fork("tell")
        assert asking.server.pid == first  # it is not tried again and again
        asking.server.close()


def test_a_newer_package_is_imported_by_a_new_server(asking: Asking, folder: Path) -> None:
    asking.server._packages = ["children_package"]
    package = folder / "children_package"
    package.mkdir()
    (package / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    try:
        asking.fork("tell").wait(30)
        first = asking.server.pid
        asking.fork("tell").wait(30)
        assert asking.server.pid == first
        (package / "more.py").touch()
        asking.fork("tell").wait(30)
        assert asking.server.pid != first
    finally:
        sys.path.remove(str(folder))


def test_whoever_started_a_server_may_end_it(asking: Asking) -> None:
    assert asking.fork("tell").wait(30) == 3
    pid = asking.server.pid
    assert pid
    asking.server.end()
    assert not is_running(pid)
