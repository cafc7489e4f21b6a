"""What a customer in the queue was told, as it is kept with the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Pace(StrEnum):
    """What else is to be said of a wait."""

    LONG = "long"  # it already lasts longer than any of the recent ones
    CLOSED = "closed"  # nobody works now


@dataclass(frozen=True)
class Standing:
    """What the customer is told.

    Attributes:
        position: The place in the group's queue, from 1.
        minutes: Between how many minutes the wait will probably last; None if nobody knows.
        pace: What is said instead of minutes.
    """

    position: int
    minutes: tuple[int, int] | None = None
    pace: Pace | None = None

    def __str__(self) -> str:
        minutes = "-".join(map(str, self.minutes)) if self.minutes else ""
        return f"{self.position}:{self.pace or minutes}"

    @classmethod
    def read(cls, text: str) -> Standing:
        """The standing that was kept as a text."""
        position, _, rest = text.partition(":")
        if rest in set(Pace):
            return cls(int(position), None, Pace(rest))
        low, _, high = rest.partition("-")
        return cls(int(position), (int(low), int(high)) if high else None)

    @property
    def view(self) -> dict[str, Any]:
        """As clients get it."""
        minutes = list(self.minutes) if self.minutes else None
        return {"position": self.position, "minutes": minutes, "pace": self.pace}

    def differs(self, told: Standing) -> bool:
        """Whether the customer should hear of it: not of a minute more or less."""
        if self.position != told.position or self.pace != told.pace:
            return True
        if self.minutes is None or told.minutes is None:
            return self.minutes != told.minutes
        return any(
            abs(now - before) >= max(2, before / 4)
            for now, before in zip(self.minutes, told.minutes, strict=True)
        )
