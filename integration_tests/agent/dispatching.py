"""A process of its own that sends one approved action: `python -m … HOME ID NOW`."""

import sys
from datetime import datetime
from pathlib import Path

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home


class At(SystemClock):
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


if __name__ == "__main__":
    root, action_id, now = sys.argv[1:]
    ActionService(Home(Path(root)), At(datetime.fromisoformat(now))).dispatch(action_id)
