"""Finds out, while the server runs, what became of actions whose answer from FreshBooks was lost."""

from __future__ import annotations

import logging

import anyio
import anyio.to_thread

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.core.errors import HubError

INTERVAL = 60.0
logger = logging.getLogger(__name__)


async def keep_settling(actions: ActionService, interval: float = INTERVAL) -> None:
    """Look every `interval` seconds, until cancelled; FreshBooks is asked only when something is open."""
    while True:
        await anyio.to_thread.run_sync(_settle, actions, abandon_on_cancel=True)
        await anyio.sleep(interval)


def _settle(actions: ActionService) -> None:
    try:
        actions.settle_open()
    except HubError as error:
        logger.warning("Actions cannot be settled now: %s", error)
