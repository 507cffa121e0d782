"""A stream that the scopes, the plan or the role do not give.

FreshBooks answers it with 403 or 402, or with 200 and an error (freshbooks-api.md 3.6, 6.1). Where the stream never
gave a page, it is left out, and `stream_availability` says so. Where it did, it fails: a lost permission must not look
like an empty list, which an overwriting sync would write over the table.
"""

import logging
from collections.abc import Sequence

from airbyte_cdk.models import AirbyteStateMessage

from freshbooks_api.errors import PLAN
from source_freshbooks.components.availability import Status
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.timestamps import BEGINNING

logger = logging.getLogger("airbyte.freshbooks")

DENIED = 1003  # "access denied", anywhere


def is_gate(error: FreshbooksError) -> bool:
    return error.status in (402, 403) or error.errno in PLAN or error.errno == DENIED


class PreviouslyRead:
    """Which streams gave rows of which business before, by the state of the last sync and by the ids that are known.

    A cursor later than the epoch proves that the stream returned a row once. One at `beginning`, the start date, proves
    nothing either: earlier versions saved it for streams without rows.
    """

    def __init__(
        self, state: Sequence[AirbyteStateMessage], beginning: str, known_ids: KnownIds | None = None
    ) -> None:
        self._known_ids = known_ids or KnownIds()
        self._known: set[tuple[str, int]] = set()
        for message in state:
            if message.stream is None or message.stream.stream_state is None:
                continue
            name = message.stream.stream_descriptor.name
            for partition in getattr(message.stream.stream_state, "states", None) or []:
                if any(cursor not in (BEGINNING, beginning) for cursor in partition["cursor"].values()):
                    self._known.add((name, int(partition["partition"]["business_id"])))

    def __contains__(self, stream_of_business: tuple[str, int]) -> bool:
        return stream_of_business in self._known or self._known_ids.has(*stream_of_business)

    def businesses(self, stream: str) -> set[int]:
        """Those that gave rows of `stream`."""
        return {business for name, business in self._known if name == stream} | {
            business for business in self._known_ids.businesses(stream) if (stream, business) in self
        }


def refusal(error: FreshbooksError) -> Status:
    """Why a stream that never gave a row is refused."""
    if error.scopes is not None:
        return Status.not_granted
    if error.status == 404:
        return Status.not_applicable
    return Status.gated if error.errno in PLAN or error.status == 402 else Status.refused


def skip_or_raise(
    error: FreshbooksError,
    stream: str,
    business_id: int,
    previously_read: PreviouslyRead,
    read: bool,
    optional: bool = False,
) -> None:
    """Log and return, or raise, as the module says. `read`: a page of this stream and business came in this run.

    `optional`: not every account has such a list or report, so a 404 is not an error either.
    """
    left_out = is_gate(error) or (optional and error.status == 404)
    if read or not left_out or (stream, business_id) in previously_read:
        raise error
    logger.info(
        "%s of business %s is left out, since it never could be read. %s", stream, business_id, error.message
    )
