"""What a read of one list met that is odd: rows that cannot leave as a record, and text that cannot be read.

A row without its key could not be told from another, so it is set aside and listed in `stream_availability`; every
other row leaves.
"""

import logging
from collections import Counter
from typing import Any

import orjson

from source_freshbooks.components.availability import MOST_REJECTED, Rejected, rejected
from source_freshbooks.components.errors import FreshbooksError

logger = logging.getLogger("airbyte.freshbooks")

# So many rows of one read, and this share of them, are no odd rows: the API has changed.
MOST, MOST_SHARE = 20, 0.05
_NAMED = 20  # keys in a warning


class OddRows:
    """`rejected`: the first of the rows that were set aside. `damaged`: keys of the records whose text was replaced."""

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.damaged: set[Any] = set()
        self._met: set[int] = set()
        self._of_list: Counter[bytes] = Counter()

    def begin(self) -> None:
        """A list is read from its beginning. Rows that an earlier look at it had, or another list, are known."""
        self._of_list.clear()

    def reject(self, row: object, key: object, column: str, value: object, why: str) -> None:
        """Set `row` aside; `column` and its `value` are at fault."""
        try:
            text = orjson.dumps(row)
        except TypeError:  # nested too deeply
            text = b""
        self._of_list[text] += 1
        met = hash((text, self._of_list[text]))
        if met not in self._met and len(self.rejected) < MOST_REJECTED:
            self.rejected.append(rejected(key, column, value, why))
        self._met.add(met)

    def tell(self, label: str, rows: int) -> None:
        """Warn of what was odd among `rows`; FreshbooksError if so much cannot be read that the API has changed."""
        if self.damaged:
            logger.warning(
                "%s: FreshBooks sent bytes that are not text in the rows with the keys %s; they are U+FFFD in the "
                "records. Correct these texts in FreshBooks.",
                label,
                ", ".join(sorted(map(str, self.damaged))[:_NAMED])
                + (", …" if len(self.damaged) > _NAMED else ""),
            )
        count = len(self._met)
        if not count:
            return
        fault = f"{self.rejected[0]['column']}: {self.rejected[0]['why']}"
        if count >= MOST and count > MOST_SHARE * rows:
            raise FreshbooksError(
                f"{count} of {rows} rows of {label} cannot be read ({fault}), so FreshBooks has changed its API. "
                "The rows that were read before are kept; update the connector, or report this with this text."
            )
        logger.warning(
            "%s: %s without a readable key (%s); set aside, every other row is read.",
            label,
            "1 row" if count == 1 else f"{count} rows",
            fault,
        )
