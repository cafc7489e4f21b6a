"""The vectors of texts that belong to entries, compared with a question entry by entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.packaged import Matrix
from knowledge.postings import Numbers, Scores, spans

# Far below any score.
NOTHING = np.float32(-99)
# Directions of meaning turn no further with more texts than this.
_SAMPLE = 20_000


class Layout:
    """Where the texts of each entry lie: side by side, in the order of the entries."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.ends: Numbers = np.cumsum(counts, dtype=np.int_)
        self.starts: Numbers = self.ends - np.array(counts, dtype=np.int_)
        self.owners: Numbers = np.repeat(np.arange(len(counts)), counts)

    def of(self, entries: Numbers) -> Rows:
        """Return the rows of some entries."""
        return Rows(self.starts[entries], self.ends[entries])


class Rows:
    """The rows of a few entries, and ways to make one number for each entry of one for each row.

    Every entry has at least one row.
    """

    def __init__(self, starts: Numbers, ends: Numbers, hidden: NDArray[np.bool_] | None = None):
        self.numbers = spans(starts, ends)
        lengths = ends - starts
        self._starts = np.cumsum(lengths) - lengths
        self._shown = None if hidden is None else ~hidden[self.numbers]
        self._counts = (
            lengths
            if self._shown is None
            else np.add.reduceat(self._shown, self._starts, dtype=int)
        )

    def without(self, hidden: NDArray[np.bool_]) -> Rows:
        """Return the same rows with some out of sight."""
        lengths = np.diff([*self._starts, len(self.numbers)])
        starts = self.numbers[self._starts]
        return Rows(starts, starts + lengths, hidden)

    def best(self, values: Scores) -> Scores:
        """Return each entry's highest value."""
        seen = values if self._shown is None else np.where(self._shown, values, NOTHING)
        best: Scores = np.maximum.reduceat(seen, self._starts)
        return best

    def average(self, values: Scores) -> Scores:
        """Return each entry's mean value."""
        seen = values if self._shown is None else np.where(self._shown, values, 0)
        sums = np.add.reduceat(seen, self._starts)
        average: Scores = (sums / np.maximum(1, self._counts)).astype(np.float32)
        return average

    def first(self, values: Scores) -> Scores:
        """Return the value of each entry's first row."""
        first: Scores = values[self._starts]
        return first


class Field:
    """The vectors of one kind of text, from one encoder or several.

    A likeness says little by itself: some questions are close to everything. So it is also given
    in deviations from the mean over all texts, which follow from the texts' mean and covariance.
    """

    def __init__(self, matrices: Mapping[str, Matrix]) -> None:
        self._matrices = dict(matrices)
        self._usual: dict[str, tuple[Matrix, Matrix]] = {}
        for name, matrix in matrices.items():
            sample = matrix[:: max(1, len(matrix) // _SAMPLE)]
            mean = sample.mean(axis=0) if len(sample) else np.zeros(matrix.shape[1], np.float32)
            apart = sample - mean
            self._usual[name] = (mean, (apart.T @ apart / max(1, len(sample))).astype(np.float32))

    def likeness(self, name: str, vector: NDArray[np.float32], rows: Numbers) -> Scores:
        """Return the cosine of the question and each of some rows."""
        matrix = self._matrices[name]
        # To copy every row only to multiply it takes longer than the product.
        likeness: Scores = (
            (matrix @ vector)[rows] if 2 * len(rows) > len(matrix) else matrix[rows] @ vector
        )
        return likeness

    def usual(self, name: str, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Return the mean cosine of the question and all texts, and the deviation from it."""
        mean, covariance = self._usual[name]
        variance = float(vector @ covariance @ vector)
        return float(mean @ vector), float(np.sqrt(max(variance, 1e-9)))
