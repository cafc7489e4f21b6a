"""One plain form of written text whose characters keep their positions."""

from __future__ import annotations

import unicodedata

from knowledge.simplified import simplified

_SLASHES = "∕⁄╱／\\"
_DASHES = "‐‑‒–—―−－﹣"
_SAME_LENGTH = {ord(slash): "/" for slash in _SLASHES} | {ord(dash): "-" for dash in _DASHES}


def plain(text: str) -> str:
    """Narrow, upper case, simplified: full-width forms, slashes and dashes become one kind.

    The result is exactly as long as the text, so that a position found in one
    is a position in the other; a character with no single-character plain form
    stays what it is.
    """
    return "".join(_narrow(character) for character in simplified(text).translate(_SAME_LENGTH))


def _narrow(character: str) -> str:
    if character < "\x7f":
        return character.upper()
    narrow = unicodedata.normalize("NFKC", character).upper()
    return narrow if len(narrow) == 1 else character
