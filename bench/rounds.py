"""The measuring itself: turn about, so that a drift of the machine hits both bots alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LONG_CONVERSATIONS = 2
LONG_TURNS = 200
# Turns counted as late ones, first to last.
LATE = range(150, 201)
SHORT_CONVERSATIONS = 120
SHORT_TURNS = 5
WARM_UP_TURNS = 10


class Conversation(Protocol):
    """What is asked."""

    def ask(self, text: str) -> float | None:
        """Seconds until the answer; None when there was none."""


class Bot(Protocol):
    """What is compared."""

    name: str

    def open(self) -> Conversation:
        """A new conversation."""


@dataclass
class Times:
    """Seconds of one bot's turns, by what they show."""

    new: list[float] = field(default_factory=list)
    fifth: list[float] = field(default_factory=list)
    early: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    unanswered: int = 0

    def add(self, seconds: float | None, *kinds: list[float]) -> None:
        """Note a turn; one without an answer is counted and not timed."""
        if seconds is None:
            self.unanswered += 1
            return
        for kind in kinds:
            kind.append(seconds)


def measure(
    bots: Sequence[Bot], texts: Iterator[str], progress: Callable[[int, int], None]
) -> dict[str, Times]:
    """Time both bots on the same texts.

    Short conversations are spread evenly among the turns of the long ones, so that first, fifth
    and late turns are of the same minutes.
    """
    times = {bot.name: Times() for bot in bots}
    for bot in bots:
        for _ in range(WARM_UP_TURNS):
            bot.open().ask(next(texts))
    every = LONG_CONVERSATIONS * LONG_TURNS
    shorts_done = 0
    for number in range(every):
        if number % LONG_TURNS == 0:
            long = {bot.name: bot.open() for bot in bots}
        turn = number % LONG_TURNS + 1
        text = next(texts)
        for bot in _turn_about(bots, number):
            taken, mine = long[bot.name].ask(text), times[bot.name]
            kinds = [mine.early] if turn <= 50 else [mine.late] if turn in LATE else []
            mine.add(taken, *kinds)
        while shorts_done * every < SHORT_CONVERSATIONS * number:
            _short_conversation(_turn_about(bots, shorts_done), texts, times)
            shorts_done += 1
        progress(number + 1, every)
    return times


def _short_conversation(bots: Sequence[Bot], texts: Iterator[str], times: dict[str, Times]) -> None:
    opened = [(times[bot.name], bot.open()) for bot in bots]
    for turn in range(1, SHORT_TURNS + 1):
        text = next(texts)
        for mine, conversation in opened:
            taken = conversation.ask(text)
            kinds = [mine.new] if turn == 1 else [mine.fifth] if turn == SHORT_TURNS else []
            mine.add(taken, *kinds)


def _turn_about(bots: Sequence[Bot], number: int) -> Sequence[Bot]:
    return bots if number % 2 == 0 else bots[::-1]
