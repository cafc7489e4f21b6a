"""What the product asks of whatever understands and answers: one message in, replies out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class FailureKind(StrEnum):
    """Every way in which the brain can fail; each ends in a visible answer."""

    UNREACHABLE = "brain_unreachable"
    TIMEOUT = "brain_timeout"
    ERROR = "brain_error"
    SILENT = "brain_silent"
    ACTION_FAILED = "action_failed"
    MODEL_MISSING = "model_missing"


@dataclass(frozen=True)
class Question:
    """What a turn asks; ``payload`` is set when a button was pressed.

    ``metadata`` carries the sentence vectors and the knowledge candidates that were computed
    once, so that nobody computes them again.
    """

    tracker_id: str
    text: str
    payload: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One message of the bot, before it is stored."""

    text: str
    kind: str = "text"
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """All that came back for one question."""

    replies: list[Reply]
    intent: str | None = None
    category: str | None = None
    confidence: float | None = None
    entities: list[dict[str, Any]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    handled: str | None = None
    handoff_reason: str | None = None
    failure: FailureKind | None = None


class Brain(Protocol):
    """Understands a question and says what to answer; remembers only the dialogue."""

    async def ask(self, question: Question) -> Answer:
        """Answer a question.

        Raises:
            BrainFailed: No usable answer; its ``kind`` is a ``FailureKind``.
        """

    async def is_ready(self) -> bool:
        """Whether a question asked now would be answered."""
