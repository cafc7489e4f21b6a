"""Whether the bot answers, asks back with choices, or says that it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.search import Candidate

Kind = Literal["answer", "clarify", "refuse"]

# Cross-validated on our own questions (`python -m knowledge.calibrate`): above this, 92 of 100
# answers come from the right entry, and 5 of 100 out-of-scope sentences get one before the
# classifier's own opinion of them counts. Higher, and good answers turn into questions back.
ANSWER = 0.3
# Below this the likeliest entry is wrong nine times out of ten: choices would only tire.
CLARIFY = 0.1
# Two entries this close are a choice for the customer, however likely the first is.
TIE = 0.05
# A choice that is nearly out of the question only lengthens the list.
WORTH_OFFERING = 0.04
_FEWEST_CHOICES = 2
_MOST_CHOICES = 4


@dataclass(frozen=True)
class Decision:
    """What to do with a search's result; `choices` are ids, the likeliest first."""

    kind: Kind
    choices: tuple[str, ...]


def decide(candidates: Sequence[Candidate], *, in_scope: float = 1.0) -> Decision:
    """Decide what a result is good for.

    Args:
        candidates: What the search found, best first.
        in_scope: The probability, from elsewhere, that the message is about our
            services at all; the search's own scores already know something of it.
    """
    if not candidates:
        return Decision("refuse", ())
    first = candidates[0].score * in_scope
    if first < CLARIFY:
        return Decision("refuse", ())
    if len(candidates) < _FEWEST_CHOICES:
        return Decision("answer" if first >= ANSWER else "refuse", (candidates[0].id,))
    tied = candidates[0].score - candidates[1].score < TIE
    if first >= ANSWER and not tied:
        return Decision("answer", (candidates[0].id,))
    choices = [
        candidate.id
        for place, candidate in enumerate(candidates[:_MOST_CHOICES])
        if place < _FEWEST_CHOICES or candidate.score >= WORTH_OFFERING
    ]
    return Decision("clarify", tuple(choices))
