"""What was found out about a user's own FreshBooks account, and what is read differently because of it.

`source-freshbooks verify` asks (freshbooks-api.md 9.2); its answer, as one JSON text, is the setting `assumptions`. An
account without findings, or a finding without a consequence, is read as if there were no such setting.
"""

import dataclasses
import json
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, ValidationError, convert, field

from freshbooks_api.verified import LAYOUT
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.components.paging import PER_PAGE


class Adaptations(Struct, frozen=True):
    """What to read differently in one business. By stream, unless said otherwise; `LINKS` is for drafts alone.

    page_sizes: rows that a page really holds, where the list counts as if it held more. zones: of the update stamp.
    unfiltered: the filter on that stamp is not to be trusted, so it is not sent. margin_days: how many days before the
    cursor's own `updated_min` starts. whole: rows change without their stamp, so all are read at each sync.
    single_pass: the filter on the visibility does nothing, so one list is read and not three. reconcile: deleted rows
    are in no list, so whoever knows the ids of rows hands them over at each sync. reports: by the name in the older
    path, "uuid" or "business": the id that the newer path takes.
    """

    page_sizes: dict[str, int] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    unfiltered: frozenset[str] = frozenset()
    margin_days: dict[str, int] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    single_pass: frozenset[str] = frozenset()
    reconcile: frozenset[str] = frozenset()
    reports: dict[str, str] = field(default_factory=dict)

    def page_size(self, stream: str) -> int:
        """Rows to ask for on a page."""
        return max(1, min(self.page_sizes.get(stream, PER_PAGE), PER_PAGE))

    def zone(self, stream: str, default: str) -> str:
        """A key of `timestamps.ZONES`."""
        return self.zones.get(stream, default)

    def first_day(self, stream: str, day: date) -> date:
        """What `updated_min` is set to, for a cursor on `day` in US/Eastern.

        A day early unless the day was proved: which zone's midnight FreshBooks means is unproven (freshbooks-api.md
        9). Eastern's day is never later than UTC's, so that one needs no margin either.
        """
        return day - timedelta(days=max(self.margin_days.get(stream, 1), 0))


@dataclasses.dataclass
class Changes:
    """What `verify` found, for `Adaptations` to read."""

    by_stream: dict[str, dict[str, Any]] = dataclasses.field(default_factory=lambda: defaultdict(dict))
    streams: dict[str, set[str]] = dataclasses.field(default_factory=lambda: defaultdict(set))

    def put(self, kind: str, name: str, value: Any) -> None:
        """`kind` is a mapping of Adaptations."""
        self.by_stream[kind][name] = value

    def add(self, kind: str, stream: str) -> None:
        """`kind` is a set of Adaptations."""
        self.streams[kind].add(stream)

    def zone(self, stream: str, default: str) -> str:
        """The zone of the stamps of `stream`, as far as it is known by now."""
        return str(self.by_stream["zones"].get(stream, default))

    def as_json(self) -> dict[str, Any]:
        """Without what is empty."""
        kinds: dict[str, Any] = {kind: dict(sorted(found.items())) for kind, found in self.by_stream.items()}
        kinds |= {kind: sorted(found) for kind, found in self.streams.items()}
        return {kind: found for kind, found in sorted(kinds.items()) if found}


class _Business(Struct):
    adapt: Adaptations = Adaptations()


class _Document(Struct):
    layout: int
    businesses: dict[str, _Business] = field(default_factory=dict)


NONE = Adaptations()


class Assumptions:
    """The findings of all businesses of a connection."""

    def __init__(self, text: str | None = None) -> None:
        """`text`: what `verify --json` printed; ConfigError if it is something else."""
        self._businesses: dict[str, _Business] = {}
        if not text or not text.strip():
            return
        try:
            document = json.loads(text)
            if not isinstance(document, dict) or document.get("layout") == LAYOUT:
                self._businesses = convert(document, _Document).businesses
        except (ValueError, RecursionError, ValidationError) as error:
            raise ConfigError(
                f"assumptions is not what `source-freshbooks verify --json` prints ({type(error).__name__}). "
                "Paste it again, whole, or leave it empty."
            ) from None

    def of(self, business_id: int | str) -> Adaptations:
        """Those of one business; nothing where it was not verified."""
        found = self._businesses.get(str(business_id))
        return found.adapt if found else NONE
