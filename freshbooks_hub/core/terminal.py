"""Output for a terminal: no text can control the terminal, and no locale or closed pipe causes an error."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from typing import Any, TextIO

from freshbooks_hub.core.errors import HubError

# Control characters except the line feed, lone surrogates, and marks that reverse the direction of text, so that a
# name or an amount reads as another one.
_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def shown(text: object) -> str:
    r"""The text with what could steer a terminal written out: `\x1b`, `\r`, `\u202e`; line feeds stay."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), str(text))


def as_json(document: Any) -> str:
    """The document as JSON for standard output, with what is `shown` written out, and what its encoding lacks."""
    speaks_unicode = sys.stdout.encoding.lower().startswith("utf")
    text = json.dumps(document, indent=2, ensure_ascii=not speaks_unicode, allow_nan=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: object, to: TextIO | None = None) -> None:
    """Print lines for a person, on standard output by default."""
    print(shown(text), file=to)


def prepare() -> None:
    """Make standard output and standard error cope with any text, and with a reader that goes away."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # Closed by the shell (`>&-`): the next file opened, a database maybe, would get its number.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _robust(sys.stdout)
    sys.stderr = _robust(sys.stderr)


def finish() -> None:
    """Flush the output; raises HubError when it cannot be written."""
    sys.stdout.flush()
    sys.stderr.flush()


class _Output(io.FileIO):
    """A descriptor that becomes /dev/null when its reader is gone: `freshbooks sync | head` still syncs."""

    def write(self, content: Any) -> int:
        try:
            return super().write(content)
        except OSError as error:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            if error.errno == errno.EPIPE:
                return len(content)
            raise HubError(f"The output cannot be written: {error.strerror}.") from error


def _robust(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by the shell
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        # An encoding without a character of the books gets it written out.
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
