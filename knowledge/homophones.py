"""Words that were typed by their sound, put right: 体系认正 is 体系认证, 有笑期 is 有效期.

Only what makes no sense as it stands is put right: a run of whole tokens that is no word, and
that sounds like a word our own answers use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

from knowledge.plain import plain
from knowledge.sounds import readings, relaxed
from knowledge.words import cut, how_common

_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
# jieba's count in its own corpus; a word this rare in general, which we never use, may be a slip.
_RARE = 20
_LONGEST = 4
_SHORTEST = 2
# A word of two characters has many twins: one that we use once is not taken for meant.
_OFTEN_ENOUGH = 2
# Characters that are words by themselves make sense beside anything: 换了 is not 换料.
_STANDING_ALONE = frozenset(
    "了有没过还就才应向未几多少前后先上下到去来说其被给跟和或不吗呢吧要能会可用换改买卖交付厂钱菜"
    "补扶达打加必移起做写看找问我你他它这那是在把让很太都也再又对从"
)
# After these stands any verb: 不盖 makes sense, although it is in no list, and is not 不改.
_BEFORE_A_VERB = tuple("不没未别")


class Homophones:
    """Knows how the words of some texts sound.

    Args:
        texts: Texts without slips, whose words are taken for right.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._seen: set[str] = set()
        for text in texts:
            for run in _CHINESE.findall(plain(text)):
                self._seen.update(_pieces(run))
            self._counts.update(word for word in _tokens(plain(text)) if _is_word(word))
        self._by_sound: dict[tuple[str, ...], list[str]] = {}
        for word, _ in self._counts.most_common():
            for sound in _sounds(word):
                self._by_sound.setdefault(sound, []).append(word)

    def corrected(self, text: str) -> str:
        """Return the text with its slips put right; its length stays the same."""
        readable = plain(text)
        tokens = _tokens(readable)
        if all(self._makes_sense(token) for token in tokens):
            return text
        right = list(text)
        place = 0
        start = 0
        while start < len(tokens):
            place = readable.index(tokens[start], place)
            word, taken = self._meant(tokens, start)
            if word is not None:
                right[place : place + len(word)] = word
            place += sum(len(token) for token in tokens[start : start + taken])
            start += taken
        return "".join(right)

    def _makes_sense(self, token: str) -> bool:
        return len(token) > 1 and (token in self._counts or how_common(token) >= _RARE)

    def _meant(self, tokens: Sequence[str], start: int) -> tuple[str | None, int]:
        """Return the word that is meant from a token on, if it is a slip, and how far it goes."""
        run = ""
        runs = []
        for end in range(start, len(tokens)):
            run += tokens[end]
            if len(run) > _LONGEST or self._makes_sense(tokens[end]):
                break
            runs.append((run, end + 1 - start))
        for run, taken in reversed(runs):
            if len(run) >= _SHORTEST and _CHINESE.fullmatch(run) and run not in self._seen:
                word = self._twin(run)
                if word is not None:
                    return word, taken
        return None, 1

    def _twin(self, run: str) -> str | None:
        """Return our commonest word that sounds like a run of characters."""
        enough = _OFTEN_ENOUGH if len(run) == _SHORTEST else 1
        for sound in _sounds(run):
            for word in self._by_sound.get(sound, ()):
                if self._counts[word] >= enough and _is_slip(run, word):
                    return word
        return None


# An index is made anew whenever one entry changes; all its other texts were cut before.
@lru_cache(maxsize=30_000)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(cut(text))


def _is_slip(run: str, word: str) -> bool:
    """Whether one may have been typed for the other: something is as meant, and the rest is odd."""
    if run.startswith(_BEFORE_A_VERB) and how_common(run[1:]) >= _RARE:
        return False
    wrong = [typed for typed, meant in zip(run, word, strict=True) if typed != meant]
    return len(wrong) < len(run) and not _STANDING_ALONE.intersection(wrong)


def _is_word(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and bool(_CHINESE.fullmatch(word))


def _pieces(run: str) -> Iterable[str]:
    """All that stands side by side somewhere."""
    for length in range(_SHORTEST, _LONGEST + 1):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]


def _sounds(word: str) -> list[tuple[str, ...]]:
    """Return the ways a word may sound: exactly first, then as half the country says it."""
    exact = list(product(*(readings(character) for character in word)))
    if len(word) == _SHORTEST:
        return exact
    return list(dict.fromkeys([*exact, *(tuple(map(relaxed, sound)) for sound in exact)]))
