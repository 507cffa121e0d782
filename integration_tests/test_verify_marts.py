"""Several differences at once, in the hub: verified after the first sync, read anew, and the marts are the books."""

from pathlib import Path

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub
from integration_tests.test_verify import HARMFUL, MAIN, SWITCHES, _change_everything
from integration_tests.truth import agree

# Without `vis_state` nobody ever shows the clients that were deleted before the first sync, so no mart has them.
TOGETHER = [name for name in HARMFUL if name != "vis_state ignored"]
ALSO = ["page caps untold", "taxes rounded by line", "three decimals"]


@pytest.fixture
def hub(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.delenv("FRESHBOOKS_VERIFY")
    for name in (*TOGETHER, *ALSO):
        SWITCHES[name][0](sandbox)
    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    return hub


@pytest.mark.long
def test_marts_are_true_on_an_account_that_differs_in_many_ways(hub: Hub) -> None:
    hub.sync()
    agree(hub)
    hub.sync()
    _change_everything(hub.sandbox)
    hub.sync()
    agree(hub)
    told = hub.run("status").stdout
    assert told.count(f"Not as assumed in business {MAIN}") >= len(TOGETHER)
