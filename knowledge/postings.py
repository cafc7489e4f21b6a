"""BM25 over the words and the characters of short texts, fast enough for every message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge import standard_numbers
from knowledge.plain import plain
from knowledge.words import cut

# The usual values; on questions of ten to thirty characters they hardly matter.
_K1 = 1.2
_B = 0.75


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


class Postings:
    """Which texts hold which features, with BM25's weights worked out beforehand."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(features(text)) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
        usual = lengths.mean() if len(lengths) else 1.0
        rows: dict[str, list[int]] = {}
        for row, count in enumerate(counts):
            for feature in count:
                rows.setdefault(feature, []).append(row)
        self.size = len(texts)
        self._rows: dict[str, NDArray[np.int32]] = {}
        self._weights: dict[str, NDArray[np.float32]] = {}
        self._rarity: dict[str, float] = {}
        for feature, places in rows.items():
            rarity = math.log(1 + (self.size - len(places) + 0.5) / (len(places) + 0.5))
            times = np.array([counts[row][feature] for row in places], dtype=np.float64)
            damped = times + _K1 * (1 - _B + _B * lengths[places] / usual)
            self._rows[feature] = np.array(places, dtype=np.int32)
            self._weights[feature] = (rarity * times * (_K1 + 1) / damped).astype(np.float32)
            self._rarity[feature] = rarity
        # A feature no text has is as rare as can be: it counts against coverage.
        self._unknown = math.log(1 + (self.size + 0.5) / 0.5)

    def scores(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return two numbers for each text.

        First BM25; second the share of the question that the text covers,
        each feature weighted by how rare it is.
        """
        wanted = list(dict.fromkeys(features(text)))
        known = [feature for feature in wanted if feature in self._rows]
        total = sum(self._rarity.get(feature, self._unknown) for feature in wanted)
        if not known:
            return np.zeros(self.size, np.float32), np.zeros(self.size, np.float32)
        rows = np.concatenate([self._rows[feature] for feature in known])
        weights = np.concatenate([self._weights[feature] for feature in known])
        rarities = np.repeat(
            [self._rarity[feature] for feature in known],
            [len(self._rows[feature]) for feature in known],
        )
        score = np.bincount(rows, weights, minlength=self.size)
        covered = np.bincount(rows, rarities, minlength=self.size) / total
        return score.astype(np.float32), covered.astype(np.float32)
