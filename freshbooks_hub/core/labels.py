"""Names for people: a stream as FreshBooks' own pages call it, a count with its noun, a day."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

REPORT = "report_"
# Where the name of the stream is not what FreshBooks calls it.
NAMES = {
    "systems": "Business settings",
    "invoice_profiles": "Recurring invoices",
}
SHOWN = 5


def stream_label(stream: str) -> str:
    """`Bill payments`, `Profit and loss report`."""
    if stream.startswith(REPORT):
        return f"{_words(stream.removeprefix(REPORT))} report"
    return NAMES.get(stream) or _words(stream)


def stream_labels(streams: Iterable[str]) -> str:
    """`Bills, Taxes`; of a long list the first, and the number of kinds of data in all."""
    names = [stream_label(stream) for stream in streams]
    if len(names) <= SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: SHOWN - 1])}, … ({len(names)} kinds of data)"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 invoice`, `2 invoices`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ascii_words(text: str) -> str:
    """`maple-pine-studio`: letters and digits that every file system and header takes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))


def day_text(day: date) -> str:
    """`31 Oct 2026`"""
    return f"{day.day} {day:%b %Y}"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
