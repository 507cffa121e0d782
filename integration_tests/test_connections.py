"""Several connections: handed over by another program, listed with their health, removed with their data."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_sandbox import Fleet
from integration_tests.connector import config_of
from integration_tests.fleets import FleetHub

MAIN, SECOND, GUEST = 439_000, 439_117, 512_340
LISTS = ("--stream", "clients", "--stream", "invoices", "--no-marts")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FleetHub]:
    with Fleet(3, rate_limit=None) as fleet:
        yield FleetHub(tmp_path / "home", fleet)


def until(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class TestHandedOver:
    def test_with_tokens_it_is_connected_and_tells_whose_it_is(self, hub: FleetHub) -> None:
        handed = config_of(hub.fleet.users[1], business_ids=[SECOND])
        done = hub.hand_over("bakery", handed)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["name"], told["user"]["name"], told["shared_with"]) == ("bakery", "Robin Achterberg", [])
        assert [one["id"] for one in told["businesses"]] == [SECOND]
        secrets = [text for name, text in handed["credentials"].items() if name.endswith(("token", "secret"))]
        assert not [text for text in secrets if text in done.stdout + done.stderr]
        assert hub.of("bakery", "sync", *LISTS).returncode == 0

    def test_with_a_code_its_tokens_are_asked_for(self, hub: FleetHub) -> None:
        user = hub.fleet.users[2]
        handed = config_of(user)
        del handed["credentials"]["refresh_token"], handed["credentials"]["access_token"]
        code = user.oauth.consent(None, user.redirect_uri)
        handed["credentials"]["code"] = code
        done = hub.hand_over("florist", handed, "--business", str(MAIN))
        assert done.returncode == 0, done.stderr
        assert [one["id"] for one in json.loads(done.stdout)["businesses"]] == [MAIN]
        stored = ConnectionStore(Home(hub.home).named("florist").connection).load()
        assert stored.credentials["refresh_token"] == user.oauth.refresh_token
        assert code not in json.dumps(stored.config)
        again = hub.hand_over("other", handed)
        assert again.returncode == 1
        assert "invalid_grant" in again.stderr
        assert not Home(hub.home).named("other").connection.exists()

    def test_a_living_connection_gives_way_only_where_that_is_said(self, hub: FleetHub) -> None:
        """What was handed over first may be spent by now: handed over again, it would end the connection."""
        handed = config_of(hub.fleet.users[1])
        home = hub.connected("bakery", 1)
        before = home.connection.read_bytes()
        refused = hub.hand_over("bakery", handed)
        assert refused.returncode == 1
        assert "exists already, and nothing was changed" in refused.stderr
        assert home.connection.read_bytes() == before
        fresh = config_of(hub.fleet.users[1])
        assert hub.hand_over("bakery", fresh, "--replace").returncode == 0
        hub.fleet.users[1].oauth.revoke_grant()
        assert hub.of("bakery", "sync", *LISTS).returncode == 1
        assert hub.connections()["bakery"]["state"] == "refused"
        # A dead one does at once.
        assert hub.hand_over("bakery", config_of(hub.fleet.users[1])).returncode == 0

    @pytest.mark.parametrize(
        ("handed", "said"),
        [
            ("s3cret", "not valid JSON"),
            ('["s3cret"]', 'needs an object "credentials"'),
            ('{"credentials": {"refresh_token": "s3cret"}}', "lacks credentials.client_id"),
            ('{"credentials": {"code": "s3cret"}}', "lacks credentials.client_id"),
            ('{"credentials": {"code": ["s3cret"]}}', "must be text"),
            ('{"credentials": {"code": "s3cret", "refresh_token": "s3cret"}}', "not both"),
        ],
    )
    def test_what_is_no_config_is_refused_and_not_quoted(self, hub: FleetHub, handed: str, said: str) -> None:
        done = hub.hand_over("bakery", handed)
        assert done.returncode == 1
        assert said in done.stderr
        assert "s3cret" not in done.stdout + done.stderr
        assert not Home(hub.home).named("bakery").root.exists()

    def test_while_freshbooks_is_down_it_is_kept_for_the_next_sync(self, hub: FleetHub) -> None:
        hub.fleet.users[1].faults.add(kind="status", path="/auth/api/v1/users/me", status=503, times=None)
        done = hub.hand_over("bakery", config_of(hub.fleet.users[1]))
        assert done.returncode == 1
        assert "Try again in a few minutes" in done.stderr
        assert hub.connections()["bakery"]["state"] == "connected"


def test_the_list_tells_the_health_of_each(hub: FleetHub) -> None:
    hub.connected("bakery", 1)
    hub.connected("florist", 2)
    assert hub.of("bakery", "sync", *LISTS).returncode == 0
    hub.of("bakery", "pause")
    hub.of("bakery", "schedule", "set", "invoices", "2h")
    hub.fleet.users[2].oauth.revoke_grant()
    assert hub.of("florist", "sync", "--due").returncode == 1
    rows = hub.connections()
    assert list(rows) == ["default", "bakery", "florist"]
    default, bakery, florist = rows.values()
    assert (default["state"], default["needs_attention"], default["approvals"]) == ("not connected", False, 0)
    assert (bakery["state"], bakery["last_sync"]["status"]) == ("connected", "succeeded")
    assert bakery["paused_since"]
    assert bakery["next_due"] is None
    assert not bakery["needs_attention"]
    assert (florist["state"], florist["needs_attention"]) == ("refused", True)
    [alarm] = florist["alarms"]
    assert "invalid_grant" in alarm["message"]
    table = hub.run("connections").stdout
    assert re.search(r"bakery +connected +20\d\d-\d\d-\d\d \d\d:\d\d +- +paused", table)
    assert re.search(r"florist +refused .*last sync failed, 1 alarm", table)
    # One whose files are damaged hides no other.
    Home(hub.home).named("bakery").history.write_bytes(b"damaged" * 1000)
    rows = hub.connections()
    assert "is damaged" in rows["bakery"]["error"]
    assert rows["bakery"]["needs_attention"]
    assert rows["florist"]["alarms"]


@pytest.mark.long
def test_removed_while_its_sync_runs_nothing_of_it_is_left(hub: FleetHub) -> None:
    home, other = hub.connected("bakery", 1), hub.connected("florist", 2)
    user = hub.fleet.users[1]
    user.faults.add(kind="slow", seconds=60.0, path="*/invoices/invoices", times=None)
    # It refreshes on its way: the token that is revoked must be the newest.
    user.faults.add(kind="expire_token", path="*/users/clients")
    sync = hub.start("--connection", "bakery", "sync", *LISTS)
    until(lambda: bool(user.requests.matching("*/invoices/invoices")))
    unsure = hub.of("bakery", "disconnect", "--delete-data")
    assert unsure.returncode == 1
    assert home.connection.exists()
    removed = hub.of("bakery", "disconnect", "--delete-data", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert "could not be revoked" not in removed.stderr + removed.stdout
    sync.communicate(timeout=10)
    # As by Ctrl-C, or ended where the machine is too busy for that to come in time.
    assert sync.returncode in (130, -signal.SIGKILL)
    assert user.oauth.refresh_token is None
    assert user.oauth.access == {}
    assert [path.name for path in home.root.parent.iterdir()] == ["florist"]
    assert ConnectionStore(other.connection).load()
    assert hub.fleet.users[2].oauth.refresh_token
    again = hub.of("bakery", "disconnect", "--delete-data", "--yes")
    assert again.returncode == 1
    assert "There is no connection bakery" in again.stderr


def test_the_default_connection_goes_with_its_data_and_leaves_what_others_share(hub: FleetHub) -> None:
    home = hub.connected("default", 0)
    hub.connected("bakery", 1)
    assert hub.run("sync", *LISTS).returncode == 0
    hub.run("mcp", "token")
    hub.run("actions", "allow", "draft")
    (home.root / "web.json").write_text("{}")
    (home.root / "mine.txt").write_text("not ours")
    assert hub.run("disconnect", "--delete-data", "--yes").returncode == 0
    left = {path.name for path in home.root.iterdir() if path.suffix != ".lock"}
    assert left == {"connections", "requests", "web.json", "mine.txt"}
    assert hub.connections()["bakery"]["state"] == "connected"


def test_what_a_killed_removal_left_the_next_one_deletes(hub: FleetHub) -> None:
    home = hub.connected("bakery", 1)
    home.root.rename(home.root.with_name(".removed-bakery-1a2b"))
    assert "bakery" not in hub.connections()
    assert hub.of("bakery", "disconnect", "--delete-data", "--yes").returncode == 0
    assert list(home.root.parent.iterdir()) == []


@pytest.mark.long
def test_connections_come_and_go_while_the_server_runs(hub: FleetHub) -> None:
    """Its syncs are forked; the removed one's ends, and the others go on."""
    server = hub.start("serve", "--port", "0", "--no-open")
    try:
        assert server.stdout
        server.stdout.readline()
        first, second = hub.fleet.users[1:]
        for user in (first, second):
            user.faults.add(kind="slow", seconds=60.0, path="*/invoices/invoices", times=None)
        home = hub.connected("bakery", 1)
        until(lambda: bool(first.requests.matching("*/invoices/invoices")))
        holder = sync_holder(home.root)
        assert holder
        assert hub.of("bakery", "disconnect", "--delete-data", "--yes").returncode == 0
        until(lambda: not Path(f"/proc/{holder.pid}").exists(), 10)
        assert first.oauth.refresh_token is None
        hub.connected("florist", 2)
        until(lambda: bool(second.requests.matching("*/invoices/invoices")))
        assert list(hub.connections()) == ["default", "florist"]
        assert server.poll() is None
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            raise
