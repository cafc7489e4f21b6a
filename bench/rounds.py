"""The measuring itself: in blocks turn about, so that a drift of the machine hits both alike.

A block is long enough that a bot is timed with its own program in the processor's caches, as a
bot is that has the machine to itself, and short enough that both meet the same minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

LONG_CONVERSATIONS = 2
LONG_TURNS = 200
# Turns counted as late ones, first to last.
LATE = range(150, 201)
SHORT_TURNS = 5
# A block: so many turns of the long conversation, and so many short conversations.
BLOCK_TURNS = 10
BLOCK_SHORTS = 3
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


@dataclass(frozen=True)
class Block:
    """The texts both bots are asked before it is the other's turn."""

    first_turn: int
    long: list[str]
    shorts: list[list[str]]


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
    for done in range(0, every, BLOCK_TURNS):
        if done % LONG_TURNS == 0:
            long = {bot.name: bot.open() for bot in bots}
        block = Block(
            done % LONG_TURNS + 1,
            list(islice(texts, BLOCK_TURNS)),
            [list(islice(texts, SHORT_TURNS)) for _ in range(BLOCK_SHORTS)],
        )
        for bot in bots if done // BLOCK_TURNS % 2 == 0 else bots[::-1]:
            _ask_block(bot, long[bot.name], block, times[bot.name])
        progress(done + BLOCK_TURNS, every)
    return times


def _ask_block(bot: Bot, long: Conversation, block: Block, times: Times) -> None:
    for turn, text in enumerate(block.long, start=block.first_turn):
        kinds = [times.early] if turn <= 50 else [times.late] if turn in LATE else []
        times.add(long.ask(text), *kinds)
    for short in block.shorts:
        conversation = bot.open()
        for turn, text in enumerate(short, start=1):
            kinds = [times.new] if turn == 1 else [times.fifth] if turn == SHORT_TURNS else []
            times.add(conversation.ask(text), *kinds)
