"""The same questions as hasty, southern, overseas or terse people would write them.

Each perturbation is a function of the text alone: what is left to chance is drawn from the text
itself, so that every run asks the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import jieba

from bot.evaluation.slips import (
    ENGLISH,
    ENGLISH_ENDINGS,
    ENGLISH_OPENINGS,
    LEFT_OUT,
    LOOK_ALIKE,
    SAME_SOUND,
    SAME_SOUND_SINGLE,
)
from bot.evaluation.traditional import traditional

# About as often as a careless person slips; more would be a code, not a question.
_CHARACTERS_PER_SLIP = 15
_MOST_SLIPS = 3
_MOST_ENGLISH = 2
_FEWEST_LEFT = 2

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Between letters or digits a mark is part of a code, an amount or a date.
_MARK = re.compile(r"(?<![A-Za-z0-9])[^\w\s]|[^\w\s](?![A-Za-z0-9])")


@dataclass(frozen=True)
class Perturbation:
    """One way of writing differently."""

    name: str
    apply: Callable[[str], str]


def typos(text: str) -> str:
    """Mistake characters for others that look alike, swap, drop or double them."""
    draw, characters = _draw("typos", text), list(text)
    for place in _places(draw, text):
        character = characters[place]
        if character in LOOK_ALIKE and draw.random() < 0.7:
            characters[place] = LOOK_ALIKE[character]
            continue
        act = draw.choice(("swap", "drop", "double"))
        follows = place + 1 < len(text) and _CHINESE.match(text[place + 1])
        if act == "swap" and follows:
            characters[place], characters[place + 1] = characters[place + 1], character
        elif act == "drop" and len(text) > _CHARACTERS_PER_SLIP:
            characters[place] = ""
        else:
            characters[place] = character * 2
    return "".join(characters)


def homophones(text: str) -> str:
    """Take what the input method offers for the right sounds."""
    draw = _draw("homophones", text)
    words = [word for word in SAME_SOUND if word in text]
    if not words:
        return _replaced(text, SAME_SOUND_SINGLE, 1, draw)
    chosen = {word: draw.choice(SAME_SOUND[word]) for word in words}
    return _replaced(text, chosen, _slips(text), draw)


def full_width(text: str) -> str:
    """Write letters, digits and marks as wide as Chinese characters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def without_marks(text: str) -> str:
    """Leave out all punctuation, as on a phone, but for what belongs to a code."""
    return re.sub(r"\s+", " ", _MARK.sub("", text)).strip() or text


def mixed_english(text: str) -> str:
    """Say some words in English."""
    draw = _draw("english", text)
    spaced = {word: f" {english} " for word, english in ENGLISH.items()}
    mixed = re.sub(r" +", " ", _replaced(text, spaced, _MOST_ENGLISH, draw)).strip()
    if mixed != text:
        return mixed
    if draw.random() < 0.5:
        return draw.choice(ENGLISH_OPENINGS) + text
    return text.rstrip("？?。！!") + draw.choice(ENGLISH_ENDINGS)


def keywords(text: str) -> str:
    """Leave out all but the words that carry the meaning."""
    # What stays together in the text stays together; a gap becomes a space.
    kept = "".join(" " if _is_left_out(word) else word for word in jieba.lcut(text))
    left = " ".join(kept.split())
    return left if len(left) >= _FEWEST_LEFT else text


PERTURBATIONS = (
    Perturbation("typos", typos),
    Perturbation("homophones", homophones),
    Perturbation("traditional", traditional),
    Perturbation("full_width", full_width),
    Perturbation("without_marks", without_marks),
    Perturbation("mixed_english", mixed_english),
    Perturbation("keywords", keywords),
)


def _draw(kind: str, text: str) -> Random:
    return Random(f"{kind}:{text}")


def _slips(text: str) -> int:
    return min(_MOST_SLIPS, max(1, round(len(text) / _CHARACTERS_PER_SLIP)))


def _places(draw: Random, text: str) -> list[int]:
    """Choose characters that are not neighbours, so that slips do not meet."""
    free = [place for place, character in enumerate(text) if _CHINESE.match(character)]
    draw.shuffle(free)
    chosen: list[int] = []
    for place in free:
        if len(chosen) < _slips(text) and all(abs(place - other) > 1 for other in chosen):
            chosen.append(place)
    return chosen


def _replaced(text: str, words: Mapping[str, str], most: int, draw: Random) -> str:
    """Replace some of the words that occur; longer ones first, so that none is cut."""
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    found = list(pattern.finditer(text))
    for match in sorted(draw.sample(found, min(most, len(found))), key=lambda m: -m.start()):
        text = text[: match.start()] + words[match[0]] + text[match.end() :]
    return text


def _is_left_out(word: str) -> bool:
    return word in LEFT_OUT or all(unicodedata.category(c)[0] in "PZS" for c in word)
