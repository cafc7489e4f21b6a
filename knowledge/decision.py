"""What to do with the candidates a search found: answer, ask back, or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.search import Candidate

# Above this, and clear of the next, the best entry is the answer; below the second nothing is
# known. To be measured on questions of our own (see knowledge/calibrate.py).
SURE = 0.55
POSSIBLE = 0.15
MOST_CHOICES = 4


@dataclass(frozen=True)
class Decision:
    """`answer`, `clarify` with the entries to choose from, or `refuse`."""

    kind: str
    choices: tuple[str, ...] = ()


def decide(candidates: Sequence[Candidate], *, in_scope: float = 1.0) -> Decision:
    """Decide by the calibrated scores, dampened by how likely the question is ours at all."""
    if not candidates or candidates[0].score * in_scope < POSSIBLE:
        return Decision("refuse")
    if candidates[0].score * in_scope >= SURE:
        return Decision("answer", (candidates[0].id,))
    likely = [each.id for each in candidates if each.score * in_scope >= POSSIBLE / 3]
    return Decision("clarify", tuple(likely[:MOST_CHOICES]))
