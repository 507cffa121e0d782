"""All checks, in the order in which one explains the next."""

from __future__ import annotations

from collections.abc import Iterator

from freshbooks_hub.core.home import Home
from freshbooks_hub.doctor import files, grant, machine
from freshbooks_hub.doctor.finding import Check, Finding


def run(home: Home) -> list[Finding]:
    """Run every check. Calls FreshBooks, and refreshes the token when a sync would; changes nothing else."""
    return list(_checks(home))


def _checks(home: Home) -> Iterator[Finding]:
    yield from machine.check(home)
    connection = grant.stored(home)
    yield connection
    online = True
    for finding in machine.check_network():
        online = online and (finding.ok or finding.check is not Check.network)
        yield finding
    if not home.root.is_dir():
        return
    yield from machine.check_locks(home)
    if connection.ok and online:
        granted = grant.Grant(home)
        yield from granted.check()
        if granted.access_token and granted.businesses:
            yield from grant.check_access(home, granted.access_token, granted.businesses)
    yield from files.check(home)
