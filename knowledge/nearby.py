"""The entries worth comparing with a question, so that a search need not read all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from knowledge.packaged import Matrix, unit
from knowledge.postings import Numbers, Postings, Wanted

# Of the directions in which entries differ, as many as make up most of the difference.
_DIRECTIONS = 64
# What the directions are made from; more entries do not turn them any more.
_SAMPLE = 4_000
# Places in the lists of rare features that are looked at: a fraction of a millisecond.
_PLACES = 20_000


class Nearby:
    """Finds entries by a sketch of their meaning and by the rare words they share.

    Args:
        centres: One row for each entry and encoder: what its texts mean, taken together.
        words: The features of all questions.
        owners: The entry of each question.
    """

    def __init__(
        self, centres: Mapping[str, Matrix], words: Postings, owners: NDArray[np.int_]
    ) -> None:
        self._words = words
        self._owners = owners
        self._axes: dict[str, Matrix] = {}
        self._sketches: dict[str, Matrix] = {}
        for name, rows in centres.items():
            sample = rows[:: max(1, len(rows) // _SAMPLE)]
            _, turns = np.linalg.eigh(sample.T @ sample)
            self._axes[name] = np.ascontiguousarray(turns[:, -_DIRECTIONS:], dtype=np.float32)
            self._sketches[name] = unit(rows @ self._axes[name])

    def find(
        self,
        vectors: Mapping[str, NDArray[np.float32]],
        wanted: Wanted,
        allowed: NDArray[np.bool_],
        most: int,
    ) -> Numbers:
        """Return the numbers of at most `most` entries among the allowed ones, in their order."""
        if int(allowed.sum()) <= most:
            return np.flatnonzero(allowed)
        alike = np.zeros(len(allowed), dtype=np.float32)
        for name, vector in vectors.items():
            alike += self._sketches[name] @ unit(vector @ self._axes[name])
        alike[~allowed] = -np.inf
        by_meaning = np.argpartition(-alike, most // 2)[: most // 2]
        rows, rarity = self._words.holders(wanted, _PLACES)
        shared = np.bincount(self._owners[rows], rarity, minlength=len(allowed))
        shared[~allowed] = 0
        shared[by_meaning] = 0
        by_words = np.argpartition(-shared, most // 2)[: most - most // 2]
        return np.sort(np.concatenate([by_meaning, by_words[shared[by_words] > 0]]))
