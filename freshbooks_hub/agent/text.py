"""Text typed by people: names compared regardless of spelling variants, and text made safe to show.

Case, accents (in either Unicode form), kinds of apostrophes, dashes and blanks, runs of blanks, invisible
characters and a few letters that keyboards lack (`ß`, `ø`, `ł`) are folded on both sides of a comparison, in
Python and in DuckDB alike.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

SUGGESTED = 5
CUTOFF = 0.6

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u2032\u2035\u0060\u00b4\uff07\u055a\ua78c"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d"
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02"
_SINGLE = dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-") | dict.fromkeys(_QUOTES, '"')
_SINGLE |= {"\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0131": "i"}
_SEVERAL = {"\u00df": "ss", "\u00e6": "ae", "\u0153": "oe", "\u2026": "...", "\ufb01": "fi", "\ufb02": "fl"}
_TABLE = {ord(letter): plain for letter, plain in (_SINGLE | _SEVERAL).items()}
_BLANKS = r"[\x09-\x0d\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_INVISIBLE = r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]+"


def folded(text: str) -> str:
    """`text` with everything folded that people leave out or type differently."""
    text = re.sub(_INVISIBLE, "", text).lower()
    marked = unicodedata.normalize("NFD", text)
    text = "".join(letter for letter in marked if unicodedata.category(letter) != "Mn")
    text = unicodedata.normalize("NFC", text).translate(_TABLE)
    return re.sub(_BLANKS, " ", text).strip(" ")


def nearest(text: str, names: Iterable[str], limit: int = SUGGESTED) -> list[str]:
    """Those of `names` that look most like `text`, nearest first, and those that contain it or are part of it."""
    by_fold: dict[str, str] = {}
    for name in names:
        by_fold.setdefault(folded(name), name)
    wanted = folded(text)
    close = difflib.get_close_matches(wanted, by_fold, n=limit, cutoff=CUTOFF)
    parts = [name for name in by_fold if wanted and name and (wanted in name or name in wanted)]
    return [by_fold[name] for name in dict.fromkeys([*close, *parts])][:limit]


def macro() -> str:
    """The SQL that defines `folded(text)` for a connection."""
    single = "".join(_SINGLE).replace("'", "''")
    plain = "".join(_SINGLE.values()).replace("'", "''")
    text = f"strip_accents(lower(regexp_replace(value, '{_re2(_INVISIBLE)}', '', 'g')))"
    text = f"translate({text}, '{single}', '{plain}')"
    for letter, letters in _SEVERAL.items():
        text = f"replace({text}, '{letter}', '{letters}')"
    text = f"trim(regexp_replace({text}, '{_re2(_BLANKS)}', ' ', 'g'))"
    return f"CREATE OR REPLACE TEMP MACRO folded(value) AS {text}"


def _re2(pattern: str) -> str:
    """The same pattern for DuckDB, whose escapes are `\\x{…}`."""
    return re.sub(r"\\[xu]([0-9a-f]{2,4})", r"\\x{\1}", pattern)


# Not of category C, yet they show nothing: fillers, the grapheme joiner, the blank Braille pattern, and the
# variation selectors, which can carry whole hidden messages behind one letter.
_UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0} | {
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}


def clean(text: str, limit: int = 200) -> str:
    """One line of at most `limit` visible characters; what was cut off shows as `…` at the end.

    Control, zero-width, bidi, tag, private-use and unassigned characters are dropped; each run of white
    space, line breaks included, becomes one space. Letters and their accents stay as they were written.
    """
    line = " ".join("".join(_visible(character) for character in text).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character).startswith("C") or ord(character) in _UNSEEN
    return "" if hidden else character
