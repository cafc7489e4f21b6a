"""What the reply box offers after “/”: one's own phrases, the team's, and published entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.desk.models import TEAM, CannedReply
from bot.desk.spelling import match
from bot.desk.variables import filled
from knowledge.entries import Entry

MOST = 12
_Uses = Mapping[str, tuple[int, datetime]]


@dataclass(frozen=True)
class Offer:
    """Something that can be put into a reply."""

    key: str
    source: str  # own, team or faq
    shortcut: str
    title: str
    text: str
    id: int | None = None

    def view(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The offer as JSON; ``text`` with its variables filled in, ``template`` without."""
        return {
            "key": self.key,
            "id": self.id,
            "source": self.source,
            "shortcut": self.shortcut,
            "title": self.title,
            "text": filled(self.text, values),
            "template": self.text,
        }


def offers_of(phrases: Iterable[CannedReply], entries: Iterable[Entry]) -> list[Offer]:
    """Phrases and entries alike."""
    own = [
        Offer(
            key=f"canned:{each.id}",
            source="team" if each.owner == TEAM else "own",
            shortcut=each.shortcut,
            title=each.title,
            text=each.text,
            id=each.id,
        )
        for each in phrases
    ]
    return own + [entry_offer(each) for each in entries]


def entry_offer(entry: Entry) -> Offer:
    """A published entry, with what it rests on."""
    basis = f"\n依据：{'；'.join(entry.basis)}" if entry.basis else ""
    return Offer(f"faq:{entry.id}", "faq", "", entry.title, f"{entry.answer}{basis}")


def pick(asked: str, offers: Iterable[Offer], uses: _Uses) -> list[Offer]:
    """The offers that fit what was typed, best first; nothing typed: what was used last.

    Of equals the one that is used more often comes first, then phrases before entries.
    """
    words = asked.strip()
    if not words:
        recent = [each for each in offers if each.key in uses or each.source != "faq"]
        return sorted(recent, key=lambda each: _recency(each, uses))[:MOST]
    fitting = [(match(words, each.shortcut, each.title, each.text), each) for each in offers]
    found = sorted(
        ((score, each) for score, each in fitting if score > 0),
        key=lambda pair: (
            -pair[0],
            -uses.get(pair[1].key, (0, None))[0],
            pair[1].source == "faq",
            len(pair[1].title),
        ),
    )
    return [each for _, each in found[:MOST]]


def _recency(offer: Offer, uses: _Uses) -> tuple[float, bool, str]:
    used = uses.get(offer.key)
    return (-used[1].timestamp() if used else 0.0, offer.source == "team", offer.shortcut)
