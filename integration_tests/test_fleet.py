"""A fleet on one machine: many connections with grants of their own in one `freshbooks serve`, for an hour.

20 of them among the long tests, beside others; `make test-fleet` has 200 and the machine to itself, so it may look at
the clock too: there each group is read within its frequency and a tenth of it.

The hour is compressed: a first part finds out how long a sync takes on this machine, and the frequencies, the tick and
the time after which a slow sync is overtaken are all divided so that the fleet uses about half of it. What cannot be
compressed is a start of the server after a kill: what is late because of one is told apart.

Each home is a copy of one that was synced, its tables and marts included: that many first syncs would take an hour.
From then on everything is real: grants that expire and are renewed, reads, two kills, one user whose FreshBooks is slow
and one whose FreshBooks fails, one user who changes an invoice.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs

import duckdb
import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import HOUR, SYNC_GROUPS
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_sandbox import Fleet
from freshbooks_sandbox.backend import Backend
from integration_tests.connector import config_of
from integration_tests.fleets import FleetHub

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")

CONNECTIONS = int(os.environ.get("FLEET", "20"))
LATEST = 1.1 if "FLEET" in os.environ else 3.0  # of the frequency; beside other tests, not starved
BUSINESS = 439_000
SLOW, FAILING, EDITED = 1, 2, 4
SHORTEST = 120.0  # seconds of the hour
SHARE = 0.5  # of the machine
MOST_MEMORY = 300.0  # MB
FREQUENT = [group for group in SYNC_GROUPS if group.frequency <= 2 * HOUR]
# `freshbooks serve` whose own times are those of the compressed hour.
SERVE = """
import sys
from freshbooks_hub.sync import ticker
factor = float(sys.argv[1])
ticker.TICK /= factor
ticker.OVERTAKEN /= factor
sys.argv = ["freshbooks", "serve", "--port", "0", "--no-open"]
from freshbooks_hub.cli.main import app
app()
"""


def small_books(user: Backend) -> None:
    """A few clients and invoices, at a business where it is not midnight soon: a new day builds all marts."""
    if datetime.now(UTC).hour in (3, 4, 5):
        user.edit("businesses", BUSINESS, BUSINESS, timezone="Asia/Tokyo")
    for number in range(5):
        client = user.create("clients", BUSINESS, organization=f"Client {number}")
        line = {"name": "Work", "qty": "1", "unit_cost": {"amount": "100.00", "code": "CAD"}}
        user.create("invoices", BUSINESS, customerid=client["id"], create_date="2026-10-01", lines=[line])


@dataclass
class Server:
    """`freshbooks serve` on the fleet, started anew after a kill."""

    hub: FleetHub
    factor: float
    kills: list[datetime] = field(default_factory=list)

    def start(self) -> None:
        command = [sys.executable, "-c", SERVE, str(self.factor)]
        self.process = subprocess.Popen(
            command, env=self.hub.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout
        assert "FreshBooks hub" in self.process.stdout.readline()

    def kill(self) -> None:
        self.kills.append(datetime.now(UTC))
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        self.start()

    def servers(self) -> list[int]:
        """It, and what it forks from."""
        mine = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(pid) for task in mine for pid in task.read_text().split())]

    def memory(self) -> float:
        """MB at rest: what these processes hold, shared pages counted once."""
        total = 0
        for pid in self.servers():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


Outages = list[tuple[datetime, datetime]]  # from a kill to the first sync after it


class TheFleet:
    """The homes, their FreshBooks, and what became of them."""

    def __init__(self, hub: FleetHub, template: Path) -> None:
        self.hub = hub
        self.homes = [self._copy(template, number) for number in range(CONNECTIONS)]

    def _copy(self, template: Path, number: int) -> Home:
        home = Home(self.hub.home).named(f"fleet-{number:03d}").ensure()
        for name in ("raw.duckdb", "hub.sqlite", "assumptions.json", "catalog.json"):
            if (template / name).exists():
                shutil.copy(template / name, home.root / name)
        # Replaced by a rename, never written to.
        os.link(template / "freshbooks.duckdb", home.root / "freshbooks.duckdb")
        return home

    def begin(self, hour: float) -> None:
        """Frequencies of the compressed hour; the connections evenly spread over them, and so the ends of tokens."""
        factor, now = 3600 / hour, datetime.now(UTC)
        names = [stream for group in SYNC_GROUPS for stream in group.streams]
        for number, home in enumerate(self.homes):
            part = number / len(self.homes)
            config = config_of(self.hub.fleet.users[number], business_ids=[BUSINESS])
            ends = now + timedelta(hours=1, seconds=part * hour)
            config["credentials"]["token_expiry_date"] = ends.isoformat(timespec="seconds")
            ConnectionStore(home.connection).connect(config)
            for group in FREQUENT:
                Schedule(home).set(group.name, group.frequency / factor)
            read = stamp(now - part * timedelta(minutes=20) / factor)
            with closing(sqlite3.connect(home.history)) as db, db:
                db.execute("DELETE FROM stream_read_businesses")
                db.executemany(
                    "INSERT OR REPLACE INTO stream_reads VALUES (?, ?, ?)",
                    [(name, read, stamp(now)) for name in names],
                )

    def reads(self, number: int, stream: str, since: datetime) -> list[datetime]:
        """When a sync that read the stream to its end began."""
        query = (
            "SELECT started_at FROM sync_runs JOIN sync_run_streams ON run_id = id "
            "WHERE stream = ? AND completed AND started_at >= ? ORDER BY id"
        )
        with closing(sqlite3.connect(self.homes[number].history)) as db:
            rows = db.execute(query, [stream, stamp(since)]).fetchall()
        return [datetime.fromisoformat(row[0]) for row in rows]

    def first_sync_after(self, at: datetime) -> datetime:
        """When the first of all syncs after this instant began."""
        query = "SELECT min(started_at) FROM sync_runs WHERE started_at > ?"
        found = []
        for home in self.homes:
            with closing(sqlite3.connect(home.history)) as db:
                found += [row[0] for row in db.execute(query, [stamp(at)]).fetchall() if row[0]]
        return datetime.fromisoformat(min(found))


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[TheFleet]:
    with Fleet(CONNECTIONS, rate_limit=None, prepare=small_books) as users:
        first = FleetHub(tmp_path / "template", users)
        home = Home(first.home).ensure()
        ConnectionStore(home.connection).connect(config_of(users.users[0], business_ids=[BUSINESS]))
        done = first.run("sync")
        assert done.returncode == 0, done.stderr
        fleet = TheFleet(FleetHub(tmp_path / "home", users), first.home)
        yield fleet
        for home in fleet.homes:  # what a killed server started goes on, as long as its FreshBooks is tried
            if holder := sync_holder(home.root):
                os.kill(holder.pid, signal.SIGKILL)


def seconds_of_a_sync(fleet: TheFleet, monkeypatch: pytest.MonkeyPatch) -> float:
    """Wall seconds of the machine for each, as many side by side as `freshbooks serve` runs."""
    for name in ("FRESHBOOKS_HOME", "FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"):
        monkeypatch.setenv(name, fleet.hub.environment[name])
    fleet.begin(3600)
    streams = [word for name in ("invoices", "payments", "clients") for word in ("--stream", name)]
    warm, tried = WarmSyncs(), fleet.homes[:8]
    try:
        assert warm.start(fleet.homes[0], *streams).wait(120) == 0  # imports
        started, waiting, running = time.monotonic(), list(tried), []
        while waiting or running:
            running = [run for run in running if run.poll() is None]
            while waiting and len(running) < (os.cpu_count() or 1):
                running.append(warm.start(waiting.pop(), *streams))
            time.sleep(0.01)
        return (time.monotonic() - started) / len(tried)
    finally:
        warm.close()


@pytest.mark.long
def test_an_hour_of_a_fleet(fleet: TheFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    users = fleet.hub.fleet.users
    one = seconds_of_a_sync(fleet, monkeypatch)
    hour = max(SHORTEST, 3 * CONNECTIONS * one / SHARE)
    for user in users:
        user.requests.clear()
    fleet.begin(hour)
    server = Server(fleet.hub, 3600 / hour)
    began = datetime.now(UTC)
    server.start()
    samples: list[tuple[float, int]] = []
    try:
        users[SLOW].faults.add(kind="slow", seconds=hour / 60, path="*", times=None)
        users[FAILING].faults.add(kind="status", status=503, path="/accounting/*", times=None)
        until = time.monotonic() + hour
        for part in (0.25, 0.2):
            time.sleep(part * hour)
            server.kill()
        [invoice, *_] = users[EDITED].books(BUSINESS)["invoices"]
        users[EDITED].edit("invoices", BUSINESS, invoice, notes="of this user")
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, hour / 40))
            samples.append((server.memory(), server.open_files()))
    finally:
        ended = datetime.now(UTC)
        server.process.send_signal(signal.SIGINT)
        _, errors = server.process.communicate(timeout=120)
    outages = [(at, fleet.first_sync_after(at)) for at in server.kills]
    report(one, hour, outages, samples, users)
    check_lag(fleet, began, ended, hour, outages)
    check_tokens(users)
    check_resources(samples)
    check_books(fleet)
    assert "Traceback" not in errors  # that a tick outlasts a compressed interval is told there


def report(
    one: float, hour: float, outages: Outages, samples: list[tuple[float, int]], users: list[Backend]
) -> None:
    requests = sum(len(user.requests) for user in users)
    gone = ", ".join(f"{(back - at).total_seconds():.0f} s" for at, back in outages)
    print(
        f"\n{len(users)} connections, an hour in {hour:.0f} s ({one:.2f} s a sync), {requests:,} requests, no sync "
        f"began for {gone} after the kills; memory {samples[-1][0]:.0f} MB, {samples[-1][1]} open files"
    )


def check_lag(fleet: TheFleet, began: datetime, ended: datetime, hour: float, outages: Outages) -> None:
    """Each group within its frequency and LATEST; a gap around a kill is longer by the outage and its queue.

    Not of the two users in trouble, who hold up nobody else.
    """
    worst: dict[str, tuple[float, str]] = {}
    for number in range(CONNECTIONS):
        # Nor of who changed something: a build of marts takes as long as ever, a compressed interval and more.
        if number in (SLOW, FAILING, EDITED):
            continue
        for stream, minutes in (("invoices", 20), ("clients", 20), ("expenses", 60)):
            every = timedelta(seconds=hour * minutes / 60)
            first = began - number / CONNECTIONS * timedelta(seconds=hour / 3)
            times = [first, *fleet.reads(number, stream, began - timedelta(seconds=1)), ended]
            for before, after in pairwise(times):
                # Twice: at half of the machine, the queue that an outage leaves takes as long to drain.
                excused = sum(
                    (2 * (back - at) for at, back in outages if before <= back and at <= after), timedelta()
                )
                late = (after - before - excused) / every
                worst[stream] = max(worst.get(stream, (0.0, "")), (late, fleet.homes[number].name))
    print("longest gaps, of the frequency:", {name: f"{late:.2f}" for name, (late, _) in worst.items()})
    assert all(late <= LATEST for late, _ in worst.values()), worst


def check_tokens(users: list[Backend]) -> None:
    """Every grant was renewed, and no token was ever sent twice."""
    posts = [post for user in users for post in user.requests.matching("/auth/oauth/token", "POST")]
    spent = [parse_qs(post.body.decode())["refresh_token"][0] for post in posts]
    assert len(spent) == len(set(spent))
    assert {post.status for post in posts} == {200}
    assert len(posts) >= len(users) // 2


def check_resources(samples: list[tuple[float, int]]) -> None:
    """Flat, once all modules are loaded."""
    early, late = samples[len(samples) // 4 : len(samples) // 2], samples[-len(samples) // 4 :]
    assert max(memory for memory, _ in late) <= 1.1 * max(memory for memory, _ in early)
    assert max(files for _, files in late) <= max(files for _, files in early) + 8
    assert min(memory for memory, _ in late) <= MOST_MEMORY


def check_books(fleet: TheFleet) -> None:
    """What a user changed is in the marts of that connection, and of no other."""
    for number in (EDITED, EDITED + 1):
        with duckdb.connect(fleet.homes[number].raw, read_only=True) as db:
            notes = {row[0] for row in db.execute("SELECT notes FROM freshbooks.invoices").fetchall()}
        assert ("of this user" in notes) is (number == EDITED)
