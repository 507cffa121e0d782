"""What the published marts report about themselves, kept beside them until the next sync.

To open the marts is most of what `freshbooks status` would cost, and what they report does not change.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from freshbooks_hub.core.files import identity, write_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.gaps import Rejected, find_rejected
from freshbooks_hub.marts.reconciliation import Difference, find_differences


@dataclass(frozen=True)
class Findings:
    """Figures that differ from what they should equal, and rows that the marts leave out."""

    differences: list[Difference]
    rejected: list[Rejected]


def findings(home: Home) -> Findings:
    """Of the published marts, as kept where it was of these very ones. Raises MartsDamaged."""
    version = identity(home.marts)
    try:
        kept = json.loads(_file(home).read_text("utf-8"))
        if version and kept["version"] == list(version):
            return Findings(
                [Difference(**one) for one in kept["differences"]],
                [Rejected(**one | {"marts": frozenset(one["marts"])}) for one in kept["rejected"]],
            )
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing was kept, or by another version of the hub
    return _read(home.marts) if version else Findings([], [])


def keep_findings(home: Home) -> Findings:
    """The same, read from the marts, and kept. Raises MartsDamaged."""
    version = identity(home.marts)
    if version is None:
        return Findings([], [])
    found = _read(home.marts)
    kept = {
        "version": version,
        "differences": [asdict(one) for one in found.differences],
        "rejected": [asdict(one) | {"marts": sorted(one.marts)} for one in found.rejected],
    }
    with suppress(OSError):  # what is not kept is read from the marts again
        write_private(_file(home), json.dumps(kept).encode())
    return found


def _read(marts: Path) -> Findings:
    from freshbooks_hub.marts.open import ONE_LOOK, open_marts  # loads DuckDB

    with open_marts(marts, ONE_LOOK) as db:
        return Findings(find_differences(db), find_rejected(db))


def _file(home: Home) -> Path:
    return home.run / "findings.json"
