"""Finding a phrase by what one types in a hurry: its short-cut, its initials, or some words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from knowledge.plain import plain
from knowledge.sounds import readings

# What a match says, best first; further down ties are broken by how often a phrase is used.
_SHORTCUT, _SHORTCUT_BEGINS, _BEGINS, _HOLDS, _INITIALS_BEGIN, _INITIALS, _SOUNDS, _TEXT = (
    1.0, 0.95, 0.9, 0.8, 0.75, 0.6, 0.55, 0.3,
)  # fmt: skip
# One letter is the initial of half of everything.
_SHORTEST_INSIDE = 2


@lru_cache(maxsize=8192)
def _letters(title: str) -> tuple[tuple[frozenset[str], ...], str]:
    """Per character the letters it may begin with, and the whole in Pinyin without spaces."""
    initials, sounds = [], []
    for character in plain(title):
        known = readings(character)
        if known:
            initials.append(frozenset(sound[0] for sound in known))
            sounds.append(known[0])
        elif character.isalnum():
            initials.append(frozenset(character.lower()))
            sounds.append(character.lower())
    return tuple(initials), "".join(sounds)


def match(asked: str, shortcut: str, title: str, text: str = "") -> float:
    """How well a phrase fits what was typed, from 0 (not at all) to 1 (its short-cut).

    Several words, parted by spaces, must all fit.
    """
    words = plain(asked).lower().split()
    if not words:
        return 0.0
    return min(_of_word(word, shortcut.lower(), plain(title).lower(), text) for word in words)


def _of_word(word: str, shortcut: str, title: str, text: str) -> float:
    if word == shortcut:
        return _SHORTCUT
    if shortcut.startswith(word):
        return _SHORTCUT_BEGINS
    if title.startswith(word):
        return _BEGINS
    if word in title:
        return _HOLDS
    if word.isascii() and word.isalnum():
        return _of_letters(word, title)
    return _TEXT if word in plain(text).lower() else 0.0


def _of_letters(word: str, title: str) -> float:
    initials, sounds = _letters(title)
    if _fits(word, initials, 0):
        return _INITIALS_BEGIN
    if len(word) < _SHORTEST_INSIDE:
        return 0.0
    if any(_fits(word, initials, start) for start in range(1, len(initials) - len(word) + 1)):
        return _INITIALS
    return _SOUNDS if word in sounds else 0.0


def _fits(word: str, initials: Sequence[frozenset[str]], start: int) -> bool:
    part = initials[start : start + len(word)]
    return len(part) == len(word) and all(
        letter in possible for letter, possible in zip(word, part, strict=True)
    )
