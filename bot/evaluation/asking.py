"""Asks the assistant all questions, as they are and as others would have written them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.assistant import Assistant
from bot.evaluation.perturbations import PERTURBATIONS
from bot.evaluation.questions import Question

# How far along, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """A question, and what the assistant made of it.

    Attributes:
        entry: The knowledge entry it was answered with, if it was.
        found: Ids and scores of what the search found, best first.
    """

    question: Question
    intent: str | None
    category: str | None
    confidence: float
    handled: str
    entry: str | None
    found: tuple[tuple[str, float], ...]
    seconds: float
    search_seconds: float

    @property
    def rank(self) -> int | None:
        """The place of the first entry that answers the question."""
        places = (n for n, (id, _) in enumerate(self.found, 1) if id in self.question.entries)
        return next(places, None)


async def ask_all(
    assistant: Assistant, questions: Sequence[Question], progress: Progress
) -> list[Outcome]:
    """Ask one question after the other, so that each has the machine for itself."""
    outcomes = []
    for number, question in enumerate(questions, start=1):
        outcomes.append(await _asked(assistant, question))
        progress(number, len(questions))
    return outcomes


async def ask_perturbed(
    assistant: Assistant, outcomes: Sequence[Outcome], progress: Progress
) -> dict[str, list[Outcome]]:
    """Ask the same in every other way of writing; what stays the same is not asked again."""
    perturbed: dict[str, list[Outcome]] = {}
    every = len(PERTURBATIONS) * len(outcomes)
    for perturbation in PERTURBATIONS:
        again = perturbed.setdefault(perturbation.name, [])
        for plain in outcomes:
            text = perturbation.apply(plain.question.text)
            same = text == plain.question.text
            question = replace(plain.question, text=text)
            again.append(plain if same else await _asked(assistant, question))
            progress(sum(map(len, perturbed.values())), every)
    return perturbed


async def _asked(assistant: Assistant, question: Question) -> Outcome:
    answered = await assistant.ask(question.text)
    return Outcome(
        question,
        answered.answer.intent,
        answered.answer.category,
        answered.answer.confidence or 0.0,
        answered.handled,
        answered.entry,
        tuple((each.id, each.score) for each in answered.candidates),
        answered.seconds,
        answered.search_seconds,
    )
