"""Whether the bot answers, asks back with choices, or says that it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.search import Candidate

Kind = Literal["answer", "clarify", "refuse"]

# Chosen on the 390 golden questions with an entry: of 118 answers said with certainty 1 is wrong.
CERTAIN = 0.75
# From here on 222 of them are answered right and 8 wrong; from 0.25 on it would be 251 and 15, and
# where no entry knows the answer, half of what lies in between would be wrong.
ANSWER = 0.35
# Below it a tenth of the golden questions are told that we do not know.
CLARIFY = 0.08
# Two entries this close are a choice for the customer, however likely the first is.
TIE = 0.05
# A choice that is nearly out of the question only lengthens the list.
WORTH_OFFERING = 0.04
_FEWEST_CHOICES = 2
_MOST_CHOICES = 4
# Below an answer that is already there, more would be read by nobody.
_MOST_ALSO = 3


@dataclass(frozen=True)
class Decision:
    """What to do with a search's result; all are ids, the likeliest first.

    The answer is the first of `choices`. If it is not certain, `also` are the entries that may be
    meant instead, to be offered below it; they are none for what is nearly certain.
    """

    kind: Kind
    choices: tuple[str, ...]
    also: tuple[str, ...] = ()


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
        others = candidates[1 : 1 + _MOST_ALSO] if first < CERTAIN else ()
        also = tuple(one.id for one in others if one.score >= WORTH_OFFERING)
        return Decision("answer", (candidates[0].id,), also)
    choices = [
        candidate.id
        for place, candidate in enumerate(candidates[:_MOST_CHOICES])
        if place < _FEWEST_CHOICES or candidate.score >= WORTH_OFFERING
    ]
    return Decision("clarify", tuple(choices))
