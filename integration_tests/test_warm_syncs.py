"""Syncs of a server that lives long: forked, apart from each other, and as safe against a kill as a command is."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core import forks
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone"),
]

STREAMS = ("--stream", "clients", "--stream", "invoices", "--no-marts")
# A process that lives as long as a sync that it started; it is what gets killed.
SERVER = """
import sys
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.warm_syncs import WarmSyncs
warm = WarmSyncs()
run = warm.start(Home.from_environment(), *sys.argv[1:])
print(type(run).__name__, run.pid, warm.hub.pid, warm.source.pid, flush=True)
sys.exit(run.wait())
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        hub = Hub(tmp_path / "home", sandbox)
        for name in ("FRESHBOOKS_HOME", "FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"):
            monkeypatch.setenv(name, hub.environment[name])
        hub.connect()
        yield hub


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def parent_of(pid: int) -> int | None:
    """None for a process that has ended."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(parent) if state != "Z" else None


def is_running(pid: int) -> bool:
    return parent_of(pid) is not None


def children(pid: int | None) -> list[int]:
    everybody = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [child for child in everybody if parent_of(child) == pid]


def reads(sandbox: Sandbox, path: str) -> int:
    return len(sandbox.requests.matching(path, "GET"))


def refreshes(sandbox: Sandbox) -> list[int | None]:
    return [request.status for request in sandbox.requests.matching("/auth/oauth/token", "POST")]


def log_of(home: Path) -> str:
    return "".join(path.read_text() for path in (home / "logs").glob("*.log"))


def test_a_forked_sync_reads_what_a_command_reads_and_shows_no_secret(hub: Hub) -> None:
    home = Home(hub.home)
    secrets = [text for name, text in credentials(home).items() if name.endswith(("token", "secret"))]
    hub.sandbox.faults.add(kind="slow", seconds=3.0, path="*/invoices/invoices")
    warm = WarmSyncs()
    try:
        run = warm.start(home, *STREAMS)
        assert isinstance(run, forks.Forked)
        until(lambda: reads(hub.sandbox, "*/invoices/invoices") > 0)
        [source] = children(warm.source.pid)
        assert children(warm.hub.pid) == [run.pid]
        for pid in (source, run.pid):
            shown = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            assert not [secret for secret in secrets if secret.encode() in shown]
            assert os.getsid(pid) == pid
        assert Path(f"/proc/{source}/cwd").readlink() == home.run
        assert run.wait(60) == 0, log_of(hub.home)
        assert not list(home.run.glob("*.json"))
        assert children(warm.source.pid) == []
        forked = hub.run("sync", "--json", *STREAMS)  # as a command
        assert json.loads(forked.stdout)["streams"][0]["inserted"] == 0
        assert warm.start(home, "--stream", "no-such-stream").wait(60) == 1
        assert "no-such-stream" in (home.logs / "background.log").read_text()
    finally:
        warm.close()
    servers = [pid for pid in (warm.hub.pid, warm.source.pid) if pid]
    until(lambda: not any(is_running(pid) for pid in servers))


def credentials(home: Home) -> dict[str, str]:
    return ConnectionStore(home.connection).load().credentials


def test_a_server_killed_during_a_read_twice_loses_no_token_and_spends_none_twice(hub: Hub) -> None:
    """The source refreshes in the middle; what it gets must be stored although whoever started it is gone."""
    home = Home(hub.home)
    for number in range(2):
        hub.sandbox.faults.add(kind="expire_token", path="*/users/clients")
        hub.sandbox.faults.add(kind="slow", seconds=2.0, path="*/invoices/invoices", page=1)
        seen = reads(hub.sandbox, "*/invoices/invoices")
        before = credentials(home)["refresh_token"]
        server, run, *others = started(hub)
        until(lambda: len(refreshes(hub.sandbox)) == number + 1)  # noqa: B023 - of this round
        until(lambda: reads(hub.sandbox, "*/invoices/invoices") > seen)  # noqa: B023
        os.kill(server.pid, signal.SIGKILL)
        server.communicate()
        assert is_running(run)
        assert sync_holder(home.root)
        busy = hub.run("sync", *STREAMS)
        assert busy.returncode == 1
        assert "Another sync is running" in busy.stderr
        until(lambda: not any(is_running(pid) for pid in (run, *others)))  # noqa: B023
        assert credentials(home)["refresh_token"] != before
        hub.sandbox.faults.clear()
    server, *_ = started(hub)
    assert server.wait(60) == 0, log_of(hub.home)
    assert refreshes(hub.sandbox) == [200, 200]


def test_a_sync_killed_with_its_server_leaves_no_source_that_goes_on(hub: Hub) -> None:
    hub.sandbox.faults.add(kind="slow", seconds=0.2, path="*", method="GET", times=None)
    server, run, hub_server, source_server = started(hub)
    until(lambda: bool(children(source_server)))
    [source] = children(source_server)
    for pid in (server.pid, run):
        os.kill(pid, signal.SIGKILL)
    server.communicate()
    until(lambda: not any(is_running(pid) for pid in (source, hub_server, source_server)))
    hub.sandbox.faults.clear()
    assert hub.run("sync", *STREAMS).returncode == 0
    assert refreshes(hub.sandbox) == []


def test_without_a_source_server_a_forked_sync_runs_the_source_as_a_command(hub: Hub) -> None:
    warm = WarmSyncs()
    try:
        warm.start(Home(hub.home), *STREAMS).wait(60)
        hub.sandbox.faults.add(kind="slow", seconds=2.0, path="/auth/api/v1/users/me")
        run = warm.start(Home(hub.home), *STREAMS)
        assert warm.source.pid
        assert isinstance(run, forks.Forked)
        os.kill(warm.source.pid, signal.SIGKILL)
        assert run.wait(60) in (0, 1)  # 1: its source was forked before, and how it ended is not known
        assert warm.start(Home(hub.home), *STREAMS).wait(60) == 0
    finally:
        warm.close()


def test_where_nothing_is_forked_a_sync_is_a_command(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "AVAILABLE", False)
    run = WarmSyncs().start(Home(hub.home), *STREAMS)
    assert isinstance(run, subprocess.Popen)
    assert run.wait(60) == 0


@pytest.mark.parametrize(
    "words", [("serve", "--port", "0", "--no-open"), ("worker",)], ids=lambda words: words[0]
)
def test_serve_and_worker_fork_their_syncs_and_end_with_them(hub: Hub, words: tuple[str, ...]) -> None:
    hub.sandbox.faults.add(kind="slow", seconds=20.0, path="*/invoices/invoices", times=None)
    server = hub.start(*words)
    try:
        until(lambda: reads(hub.sandbox, "*/invoices/invoices") > 0)
        servers = [
            pid for pid in children(server.pid) if b"fork_server" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        assert [len(children(pid)) for pid in servers] == [1, 1]
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
        until(lambda: not any(is_running(pid) for pid in servers))
    finally:
        server.kill()
        server.communicate()


def started(hub: Hub) -> tuple["subprocess.Popen[str]", int, int, int]:
    """A process with a running sync; the numbers of the sync and of the two fork servers."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *STREAMS], env=hub.environment, text=True, stdout=subprocess.PIPE
    )
    assert server.stdout
    ready, _, _ = select.select([server.stdout], [], [], 60)
    assert ready
    kind, *pids = server.stdout.readline().split()
    assert kind == "Forked"
    run, hub_server, source_server = map(int, pids)
    return server, run, hub_server, source_server
