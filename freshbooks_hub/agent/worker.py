"""`freshbooks worker`: the background work of `freshbooks serve`, without listening on any port.

For containers, service managers and machines whose pages nobody opens. Whether a server or timers look too does not
matter: one sync of a connection runs at a time.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.core.home import Home
from freshbooks_hub.events.deliveries import deliver
from freshbooks_hub.sync import ticker
from freshbooks_hub.sync.warm_syncs import WarmSyncs


def work(notify: Callable[[Home], None]) -> None:
    """Keep all connections up to date until SIGINT or SIGTERM; what running syncs committed stays. Raises HomeError.

    `notify` tells people what needs them.
    """
    Home.from_environment().base.ensure()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    warm = WarmSyncs()
    working = ticker.start(settle=settle, tell=tell, start_sync=warm.start, notify=notify)
    print("FreshBooks worker: keeps the books up to date (stop with Ctrl-C)", flush=True)
    stopped.wait()
    working.stop()
    warm.close()
    print("Stopped.")


def settle(home: Home) -> None:
    """Find out what became of agents' actions whose answer was lost. Raises HubError."""
    if home.connection.exists() and home.history.exists():
        ActionService(home).settle_open()


def tell(home: Home) -> None:
    """Deliver webhooks that wait; a sync tells its own news at once. Raises HubError."""
    deliver(home)
