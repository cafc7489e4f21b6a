"""BM25 over the words and the characters of short texts, for the texts one asks about.

Every text keeps its own features with their weights, so that to compare a question with a few
hundred texts costs the same however many there are. The other way round, `holders` finds the
texts with the rarest features of a question.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge import standard_numbers
from knowledge.plain import plain
from knowledge.words import cut

# The usual values; on questions of ten to thirty characters they hardly matter.
_K1 = 1.2
_B = 0.75

Numbers = NDArray[np.int_]
Scores = NDArray[np.float32]


def features(text: str) -> list[str]:
    """Return what a text is searched by: its words, characters and pairs of characters.

    A standard number counts as written by us, without its year, so that
    `gbt19001` finds what speaks of GB/T 19001-2016.
    """
    codes = standard_numbers.find(text)
    rest = plain(text)
    for code in reversed(codes):
        rest = f"{rest[: code.start]} {rest[code.end :]}"
    letters = "".join(character if character.isalnum() else " " for character in rest)
    found = [standard_numbers.trunk(code.value) for code in codes]
    found += [f"w:{word}" for word in cut(letters) if len(word) > 1]
    for piece in letters.split():
        if piece.isascii():
            found.append(piece)
            continue
        found += piece
        found += [piece[i : i + 2] for i in range(len(piece) - 1)]
    return found


# An index is made anew whenever one entry changes; all its other texts were cut before.
@lru_cache(maxsize=30_000)
def _counted(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(features(text)).items())


def spans(starts: Numbers, ends: Numbers) -> Numbers:
    """Return the numbers of all spans, one after the other."""
    lengths = ends - starts
    places = np.cumsum(lengths) - lengths
    return np.repeat(starts - places, lengths) + np.arange(lengths.sum())


@dataclass(frozen=True)
class Wanted:
    """The features of a question: those that some text has, and how rare all are together."""

    known: Numbers
    total: float


class Postings:
    """Which texts hold which features, with BM25's weights worked out beforehand."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        counted = [_counted(text) for text in texts]
        self._numbers: dict[str, int] = {}
        numbers, times, sizes, lengths = [], [], [], []
        for features_of in counted:
            sizes.append(len(features_of))
            lengths.append(sum(count for _, count in features_of))
            for feature, count in features_of:
                numbers.append(self._numbers.setdefault(feature, len(self._numbers)))
                times.append(count)
        self._features = np.array(numbers, dtype=np.int32)
        self._ends = np.cumsum(sizes, dtype=np.int_)
        self._starts = self._ends - np.array(sizes, dtype=np.int_)
        held = np.bincount(self._features, minlength=len(self._numbers))
        self._rarity = np.log(1 + (self.size - held + 0.5) / (held + 0.5)).astype(np.float32)
        self._weights = self._weighed(
            np.array(times, np.int_), np.array(sizes, np.int_), np.array(lengths, np.int_)
        )
        # The rows by feature: those of feature n lie from _from[n] to _from[n + 1].
        order = np.argsort(self._features, kind="stable")
        self._holders = np.repeat(np.arange(self.size), np.array(sizes, np.int_))[order].astype(
            np.int32
        )
        self._from = np.concatenate([[0], np.cumsum(held)]).astype(np.int_)
        # A feature no text has is as rare as can be: it counts against coverage.
        self._unknown = math.log(1 + (self.size + 0.5) / 0.5)

    def _weighed(self, times: Numbers, sizes: Numbers, lengths: Numbers) -> Scores:
        usual = lengths.mean() if len(lengths) else 1.0
        damped = times + _K1 * (1 - _B + _B * np.repeat(lengths, sizes) / usual)
        weights = self._rarity[self._features] * times * (_K1 + 1) / damped
        weighed: Scores = weights.astype(np.float32)
        return weighed

    def wanted(self, text: str) -> Wanted:
        """Return what to look for in the texts for a question."""
        asked = dict.fromkeys(features(text))
        known = [self._numbers[feature] for feature in asked if feature in self._numbers]
        total = float(self._rarity[known].sum()) + self._unknown * (len(asked) - len(known))
        return Wanted(np.array(known, dtype=np.int_), total or 1.0)

    def scores(self, wanted: Wanted, rows: Numbers) -> tuple[Scores, Scores]:
        """Return two numbers for each of some texts.

        First BM25, as a share of how rare the question's features are together; second the
        share of the question that the text covers, each feature weighted by how rare it is.
        """
        starts, ends = self._starts[rows], self._ends[rows]
        places = spans(starts, ends)
        asked = np.zeros(len(self._numbers) + 1, dtype=bool)
        asked[wanted.known] = True
        hits = np.flatnonzero(asked[self._features[places]])
        at = places[hits]
        owners = np.repeat(np.arange(len(rows)), ends - starts)[hits]
        score = np.bincount(owners, self._weights[at], minlength=len(rows))
        covered = np.bincount(owners, self._rarity[self._features[at]], minlength=len(rows))
        return (
            (score / wanted.total).astype(np.float32),
            (covered / wanted.total).astype(np.float32),
        )

    def holders(self, wanted: Wanted, most: int) -> tuple[Numbers, Scores]:
        """Return the texts with the question's rarest features, and how rare these are.

        Args:
            wanted: The question.
            most: How many places may be looked at; common features are left out first.
        """
        lengths = self._from[wanted.known + 1] - self._from[wanted.known]
        order = np.argsort(lengths, kind="stable")
        rare = wanted.known[order[np.cumsum(lengths[order]) <= most]]
        starts, ends = self._from[rare], self._from[rare + 1]
        rows = self._holders[spans(starts, ends)].astype(np.int_)
        return rows, np.repeat(self._rarity[rare], ends - starts)
