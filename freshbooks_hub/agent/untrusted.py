"""Text written by strangers (client names, notes, vendors), made fit to show to a model or a person."""

from __future__ import annotations

import unicodedata

# Not of category C, yet they show nothing: fillers, the grapheme joiner, the blank Braille pattern, and the
# variation selectors, which can carry whole hidden messages behind one letter.
_INVISIBLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0} | {
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}


def clean(text: str, limit: int = 200) -> str:
    """One line of at most `limit` visible characters; what was cut off shows as `…` at the end.

    Control, zero-width, bidi, tag, private-use and unassigned characters are dropped; each run of white
    space, line breaks included, becomes one space. Letters and their accents stay as they were written.
    """
    line = " ".join("".join(_kept(character) for character in text).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)].rstrip() + "…"


def _kept(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character).startswith("C") or ord(character) in _INVISIBLE
    return "" if hidden else character
