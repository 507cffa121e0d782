"""What is wrong, and how to fix it: checks of the home, the machine, the connection, the files and the locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbooks_hub.doctor.finding import Check, Finding

if TYPE_CHECKING:
    from freshbooks_hub.core.home import Home

__all__ = ["Check", "Finding", "run"]


def run(home: Home) -> list[Finding]:
    """See `checkup.run`; imported late, since the command line loads this package for its commands."""
    from freshbooks_hub.doctor.checkup import run as check_up

    return check_up(home)
