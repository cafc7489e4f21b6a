"""How well the knowledge base finds itself: its own questions, and those it must not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.evaluation.measures import share
from bot.faq.service import FaqService
from knowledge.encoders import Embedder
from knowledge.entries import Entry
from knowledge.search import FaqIndex

_SHOWN = 10


@dataclass(frozen=True)
class Weak:
    """An entry that is not found by its own questions."""

    id: str
    title: str
    found: int
    asked: int


@dataclass(frozen=True)
class LeaveOneOut:
    """Every question of every entry, asked while it alone is missing."""

    count: int
    rank_1: float | None
    entries: int
    weakest: list[Weak]


@dataclass(frozen=True)
class FalseAnswer:
    """A counterexample that its entry answered all the same."""

    id: str
    text: str
    score: float


@dataclass(frozen=True)
class Negatives:
    """Every counterexample of every entry: questions that look alike and belong elsewhere."""

    count: int
    false_answers: float | None
    shown: list[FalseAnswer]


def leave_one_out(entries: Sequence[Entry], embedder: Embedder, on: date) -> LeaveOneOut:
    """Ask every question of the entries in force while the index does not know it.

    All entries' first questions are left out together, then all second ones, and so on: as
    many indexes as an entry has questions, instead of one for each question.
    """
    entries = [entry for entry in entries if entry.in_force(on)]
    hits: dict[str, list[bool]] = {entry.id: [] for entry in entries}
    for number in range(max((len(entry.questions) for entry in entries), default=0)):
        index = FaqIndex.build([_without(entry, number) for entry in entries], embedder)
        asking = [entry for entry in entries if number < len(entry.questions)]
        texts = [entry.questions[number] for entry in asking]
        rows = embedder.matrix(texts)
        for place, (entry, text) in enumerate(zip(asking, texts, strict=True)):
            vectors = {name: matrix[place] for name, matrix in rows.items()}
            found = index.search(text, on=on, vectors=vectors, limit=1)
            hits[entry.id].append(bool(found) and found[0].id == entry.id)
    weak = [
        Weak(entry.id, entry.title, sum(hits[entry.id]), len(hits[entry.id]))
        for entry in entries
        if not all(hits[entry.id])
    ]
    weak.sort(key=lambda one: (one.found / one.asked, one.id))
    every = [hit for own in hits.values() for hit in own]
    return LeaveOneOut(len(every), share(every), len(entries), weak[:_SHOWN])


def _without(entry: Entry, number: int) -> Entry:
    kept = entry.questions[:number] + entry.questions[number + 1 :]
    return replace(entry, questions=kept)


def negatives(faq: FaqService, on: date) -> Negatives:
    """Ask each counterexample as a customer would."""
    entries = [entry for entry in faq.index.entries if entry.in_force(on)]
    wrong = [found for entry in entries for found in _false_answers(faq, entry, on)]
    count = sum(len(entry.negatives) for entry in entries)
    wrong.sort(key=lambda one: -one.score)
    return Negatives(count, len(wrong) / count if count else None, wrong[:_SHOWN])


def _false_answers(faq: FaqService, entry: Entry, on: date) -> Sequence[FalseAnswer]:
    found = []
    for text in entry.negatives:
        reply = faq.reply(faq.understand(text, on).candidates, on)
        if reply.kind == "answer" and reply.entry is not None and reply.entry.id == entry.id:
            found.append(FalseAnswer(entry.id, text, reply.score))
    return found
