"""Splits a long text where a reader would, never inside a character, a link or an emoji."""

from __future__ import annotations

import re

# Not documented; what everybody who sends to WeChat splits at.
MOST_BYTES = 2048

_ATOM = re.compile(
    r"<a\b[^>]*>.*?</a>"
    r"|https?://[^\s\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+"
    # A flag, or a character with whatever modifies it or is joined to it.
    r"|[\U0001f1e6-\U0001f1ff]{2}"
    r"|(?:.[\u0300-\u036f\ufe00-\ufe0f\u20d0-\u20ff\U0001f3fb-\U0001f3ff]*"
    r"(?:\u200d.[\u0300-\u036f\ufe00-\ufe0f\u20d0-\u20ff\U0001f3fb-\U0001f3ff]*)*)",
    re.DOTALL | re.IGNORECASE,
)
# Where a part may end, the best place first.
_ENDS = ("\n", "。！？；!?;…", "，、,：: ")


def size(text: str) -> int:
    """Bytes in UTF-8, which is what Tencent counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, most: int = MOST_BYTES) -> list[str]:
    """The parts of a text, each at most so many bytes; joined they are the text again."""
    parts: list[str] = []
    rest = _atoms(text, most)
    while rest:
        fitting = _fitting(rest, most)
        if fitting < len(rest):
            fitting = _best_end(rest, fitting)
        parts.append("".join(rest[:fitting]))
        rest = rest[fitting:]
    return parts


def shortened(text: str, most: int) -> str:
    """The beginning of a text, ending where a part would end."""
    return split(text, most)[0] if text else ""


def _atoms(text: str, most: int) -> list[str]:
    atoms: list[str] = []
    for found in _ATOM.finditer(text):
        # What is too long in itself has to be broken all the same.
        atoms += [found[0]] if size(found[0]) <= most else list(found[0])
    return atoms


def _fitting(atoms: list[str], most: int) -> int:
    used = 0
    for count, atom in enumerate(atoms):
        used += size(atom)
        if used > most:
            return max(count, 1)
    return len(atoms)


def _best_end(atoms: list[str], fitting: int) -> int:
    # A part that is hardly begun is worse than one that ends in the middle of a paragraph.
    earliest = fitting // 2
    for ends in _ENDS:
        for count in range(fitting, earliest, -1):
            if atoms[count - 1] in ends:
                return count
    return fitting
