"""The figures, as plain functions of what was right and what was said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What was right, what was said.
Pair = tuple[str, str | None]
# A confidence, and whether it was justified.
Bet = tuple[float, bool]

BINS = 10


@dataclass(frozen=True)
class LabelScore:
    """How well one label is told from all others."""

    label: str
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Bin:
    """The predictions whose confidence lies between two tenths."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def share(cases: Iterable[bool]) -> float | None:
    """The share that holds; None of nothing."""
    made = list(cases)
    return sum(made) / len(made) if made else None


def mean(values: Sequence[float]) -> float | None:
    """The average; None of nothing."""
    return sum(values) / len(values) if values else None


def label_scores(pairs: Sequence[Pair]) -> list[LabelScore]:
    """Precision, recall and F1 of every label that is right or said somewhere, by name."""
    right = Counter(truth for truth, _ in pairs)
    said = Counter(guess for _, guess in pairs if guess is not None)
    both = Counter(truth for truth, guess in pairs if truth == guess)
    scores = []
    for label in sorted({*right, *said}):
        precision = both[label] / said[label] if said[label] else 0.0
        recall = both[label] / right[label] if right[label] else 0.0
        # Twice the hits over all that is right and all that is said.
        f1 = 2 * both[label] / (right[label] + said[label])
        scores.append(LabelScore(label, precision, recall, f1, right[label]))
    return scores


def macro_f1(pairs: Sequence[Pair]) -> float | None:
    """The labels' F1, each counting the same however often it occurs."""
    return mean([score.f1 for score in label_scores(pairs)])


def confusion(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    """How often each label was said for each right one."""
    table: dict[str, Counter[str]] = {}
    for truth, guess in pairs:
        table.setdefault(truth, Counter())[guess or ""] += 1
    return {truth: dict(row) for truth, row in table.items()}


def reliability(bets: Sequence[Bet]) -> list[Bin]:
    """Confidence against accuracy, in ten bins of equal width; empty ones are left out."""
    binned: dict[int, list[Bet]] = {}
    for confidence, right in bets:
        binned.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    return [
        Bin(
            number / BINS,
            (number + 1) / BINS,
            len(inside),
            sum(confidence for confidence, _ in inside) / len(inside),
            sum(right for _, right in inside) / len(inside),
        )
        for number, inside in sorted(binned.items())
    ]


def expected_calibration_error(bets: Sequence[Bet]) -> float | None:
    """By how much confidence and accuracy differ, averaged over all predictions."""
    if not bets:
        return None
    gaps = (one.count * abs(one.confidence - one.accuracy) for one in reliability(bets))
    return sum(gaps) / len(bets)


def reciprocal_ranks(ranks: Sequence[int | None]) -> float | None:
    """The mean of 1 / rank, nothing for what was not found."""
    return mean([1 / rank if rank else 0.0 for rank in ranks])


def recall_at(ranks: Sequence[int | None], places: int) -> float | None:
    """The share found among the first places."""
    return share(rank is not None and rank <= places for rank in ranks)


def percentile(seconds: Sequence[float], part: float) -> float | None:
    """The time that this part did not exceed (nearest rank)."""
    if not seconds:
        return None
    return sorted(seconds)[max(0, math.ceil(part * len(seconds)) - 1)]
