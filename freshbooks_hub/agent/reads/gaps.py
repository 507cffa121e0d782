"""Gaps as sentences for a model: short, without names from the books, each said once."""

from __future__ import annotations

from collections.abc import Iterable

from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.core.stream_labels import stream_label
from freshbooks_hub.marts.gaps import Gap, Rejected

_MOST = 12
_LONGEST = 400


def told(gaps: Iterable[Gap], rejected: Iterable[Rejected], alone: bool) -> list[str]:
    """A sentence or two for each gap and each stream with rejected rows; `alone`: all are of the one business."""
    businesses: dict[str, list[int]] = {}
    for gap in gaps:
        businesses.setdefault(clean(str(gap), _LONGEST), []).append(gap.business_id)
    sentences = [text if alone else f"{_of(ids)}{text}" for text, ids in businesses.items()]
    rows: dict[str, int] = {}
    for one in rejected:
        rows[one.stream] = rows.get(one.stream, 0) + one.rows
    sentences += [
        f"{stream_label(stream)}: {number:,} {'row' if number == 1 else 'rows'} could not be read, so no figure "
        f"counts {'it' if number == 1 else 'them'} (mart fb_rejected_rows)."
        for stream, number in rows.items()
        if number
    ]
    if len(sentences) > _MOST:
        more = len(sentences) - _MOST + 1
        sentences = [*sentences[: _MOST - 1], f"{more} more: see marts fb_gaps and fb_rejected_rows."]
    return sentences


def _of(ids: list[int]) -> str:
    return f"{'Business' if len(ids) == 1 else 'Businesses'} {', '.join(map(str, ids))}: "
