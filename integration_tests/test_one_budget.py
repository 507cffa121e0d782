"""Two syncs of one app on one machine, and a FreshBooks that counts requests for the app: it has none to refuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Fleet
from freshbooks_sandbox.backend import Backend
from integration_tests.connector import config_of
from integration_tests.fleets import FleetHub

BUSINESS = 439_000
LIMIT = 40  # a minute
CLIENTS = 2_300  # 23 pages


def many_clients(user: Backend) -> None:
    for number in range(CLIENTS):
        user.create("clients", BUSINESS, organization=f"Client {number}")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FleetHub]:
    with Fleet(3, rate_limit=LIMIT, prepare=many_clients) as fleet:
        yield FleetHub(tmp_path / "home", fleet)


@pytest.mark.long
def test_syncs_of_one_app_share_its_limit_and_a_small_one_is_not_starved(hub: FleetHub) -> None:
    """Two first reads that each need half of the limit and more, and a third connection with a single page."""
    for number, name in enumerate(("bakery", "florist", "studio")):
        home = Home(hub.home).named(name).ensure()
        ConnectionStore(home.connection).connect(config_of(hub.fleet.users[number]))
    studio = hub.fleet.users[2]
    for client in list(studio.books(BUSINESS)["clients"])[1:]:
        studio.books(BUSINESS).table("clients").remove(client)
    words = ("sync", "--stream", "clients", "--no-marts")
    syncs = [hub.start("--connection", name, *words) for name in ("bakery", "florist")]
    small = hub.start("--connection", "studio", *words)
    for sync in (*syncs, small):
        _, err = sync.communicate(timeout=240)
        assert sync.returncode == 0, err
    asked = [request for user in hub.fleet.users for request in user.requests]
    assert len(asked) > LIMIT
    # Without a common budget seven or more are refused. One may be where a busy machine sends it after its turn.
    assert len([request for request in asked if request.status == 429]) <= 1
    # The small one did not wait until the large ones had ended.
    ends = [max(request.at for request in user.requests) for user in hub.fleet.users]
    assert ends[2] < max(ends[:2])
