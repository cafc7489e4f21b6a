"""One plain form of written text whose characters keep their positions."""

from __future__ import annotations

import unicodedata

from knowledge.simplified import simplified

_SLASHES = "∕⁄╱／\\"
_DASHES = "‐‑‒–—―─−－﹣"


class _Narrow(dict[int, str]):
    """A translation table that fills itself: most texts use the same few hundred characters."""

    def __missing__(self, code: int) -> str:
        character = simplified(chr(code))
        if character in _SLASHES:
            narrow = "/"
        elif character in _DASHES:
            narrow = "-"
        else:
            narrow = unicodedata.normalize("NFKC", character).upper()
        self[code] = narrow if len(narrow) == 1 else character
        return self[code]


_TABLE = _Narrow()


def plain(text: str) -> str:
    """Narrow, upper case, simplified: full-width forms, slashes and dashes become one kind.

    The result is exactly as long as the text, so that a position found in one
    is a position in the other; a character with no single-character plain form
    stays what it is.
    """
    return text.translate(_TABLE)
