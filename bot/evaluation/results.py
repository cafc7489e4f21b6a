"""From what was asked and answered to everything the report says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.evaluation.asking import Outcome
from bot.evaluation.knowledge_base import LeaveOneOut, Negatives
from bot.evaluation.measures import (
    Bet,
    Bin,
    LabelScore,
    Pair,
    confusion,
    expected_calibration_error,
    label_scores,
    macro_f1,
    mean,
    percentile,
    recall_at,
    reciprocal_ranks,
    reliability,
    share,
)
from knowledge.categories import OUT_OF_SCOPE

_WORST = 10
_EXAMPLES = 2


@dataclass(frozen=True)
class Mistake:
    """A question that was understood wrongly, or answered with the wrong entry."""

    text: str
    right: str
    said: str
    confidence: float


@dataclass(frozen=True)
class Labels:
    """How well categories, or intents, are told apart."""

    count: int
    strict: float | None
    lenient: float | None
    macro_f1: float | None
    scores: list[LabelScore]
    confusion: dict[str, dict[str, int]]
    mistakes: list[Mistake]


@dataclass(frozen=True)
class Scope:
    """Whether it knows what it is not there for.

    Attributes:
        false_alarms: In-scope questions taken for out of scope.
        refused: In-scope questions that were refused, whatever they were taken for.
        answered: Out-of-scope messages that got an answer from the knowledge base.
    """

    outside: int
    inside: int
    recall: float | None
    false_alarms: float | None
    refused: float | None
    answered: float | None


@dataclass(frozen=True)
class Calibration:
    """Whether a confidence of 0.8 is right in 8 of 10 cases."""

    count: int
    error: float | None
    bins: list[Bin]


@dataclass(frozen=True)
class Retrieval:
    """Whether the entry that answers a question is found, and whether it is what is said.

    The last four add up to 1.
    """

    count: int
    recall_1: float | None
    recall_3: float | None
    mrr: float | None
    answered_right: float | None
    answered_wrong: float | None
    asked_back: float | None
    otherwise: float | None
    mistakes: list[Mistake]


@dataclass(frozen=True)
class Robustness:
    """What another way of writing costs, in points of strict category accuracy."""

    name: str
    changed: int
    accuracy: float
    drop: float
    examples: list[tuple[str, str]]


@dataclass(frozen=True)
class Latency:
    """Seconds from a message to its answer, and of the search in it."""

    turn_p50: float | None
    turn_p95: float | None
    search_p50: float | None
    search_p95: float | None
    turns: list[float]


@dataclass(frozen=True)
class Results:
    """Everything that was measured."""

    categories: Labels
    intents: Labels
    scope: Scope
    calibration: dict[str, Calibration]
    handled: dict[str, dict[str, int]]
    retrieval: Retrieval
    leave_one_out: LeaveOneOut
    negatives: Negatives
    robustness: list[Robustness]
    worst_drop: float | None
    latency: Latency


def results(
    outcomes: Sequence[Outcome],
    perturbed: dict[str, list[Outcome]],
    own: LeaveOneOut,
    unwanted: Negatives,
) -> Results:
    """Work everything out; what cannot be measured on these questions is None."""
    robust = [robustness(name, outcomes, again) for name, again in perturbed.items()]
    return Results(
        categories(outcomes),
        intents(outcomes),
        scope(outcomes),
        calibrations(outcomes),
        handled(outcomes),
        retrieval(outcomes),
        own,
        unwanted,
        robust,
        max((one.drop for one in robust), default=None),
        latency(outcomes),
    )


def categories(outcomes: Sequence[Outcome]) -> Labels:
    """Service categories; lenient accepts what a careful reader would."""
    return _labels(
        outcomes,
        lambda one: (one.question.label, one.category),
        lambda one: one.question.accepts(one.category),
    )


def intents(outcomes: Sequence[Outcome]) -> Labels:
    """What customers want done, where the questions say so."""
    known = [one for one in outcomes if one.question.intent]
    return _labels(
        known,
        lambda one: (one.question.intent or "", one.intent),
        lambda one: one.question.intent == one.intent,
    )


def _labels(
    outcomes: Sequence[Outcome],
    pair_of: Callable[[Outcome], Pair],
    accepts: Callable[[Outcome], bool],
) -> Labels:
    pairs = [pair_of(one) for one in outcomes]
    wrong = [one for one in outcomes if not accepts(one)]
    wrong.sort(key=lambda one: -one.confidence)
    mistakes = [
        Mistake(one.question.text, right, said or "", one.confidence)
        for one in wrong[:_WORST]
        for right, said in [pair_of(one)]
    ]
    return Labels(
        len(pairs),
        share(right == said for right, said in pairs),
        share(map(accepts, outcomes)),
        macro_f1(pairs),
        label_scores(pairs),
        confusion(pairs),
        mistakes,
    )


def scope(outcomes: Sequence[Outcome]) -> Scope:
    """What is out of scope, and what is taken for it."""
    outside = [one for one in outcomes if one.question.label == OUT_OF_SCOPE]
    inside = [one for one in outcomes if one.question.label != OUT_OF_SCOPE]
    return Scope(
        len(outside),
        len(inside),
        share(one.category == OUT_OF_SCOPE for one in outside),
        share(one.category == OUT_OF_SCOPE for one in inside),
        share(one.handled == "refuse" for one in inside),
        share(one.entry is not None for one in outside),
    )


def calibrations(outcomes: Sequence[Outcome]) -> dict[str, Calibration]:
    """The stated confidence against both things it may vouch for, and the search's score."""
    return {
        "category": _calibration(
            [(one.confidence, one.category == one.question.label) for one in outcomes]
        ),
        "intent": _calibration(
            [
                (one.confidence, one.intent == one.question.intent)
                for one in outcomes
                if one.question.intent
            ]
        ),
        "search": _calibration(
            [(one.found[0][1], one.rank == 1) for one in outcomes if _has_entry(one) and one.found]
        ),
    }


def _calibration(bets: Sequence[Bet]) -> Calibration:
    return Calibration(len(bets), expected_calibration_error(bets), reliability(bets))


def handled(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """How often each thing was done with what is ours and with what is not."""
    table: dict[str, Counter[str]] = {"inside": Counter(), "outside": Counter()}
    for one in outcomes:
        side = "outside" if one.question.label == OUT_OF_SCOPE else "inside"
        table[side][one.handled] += 1
    return {side: dict(row) for side, row in table.items()}


def retrieval(outcomes: Sequence[Outcome]) -> Retrieval:
    """Questions that an entry answers: was it found, was it said."""
    known = [one for one in outcomes if _has_entry(one)]
    ranks = [one.rank for one in known]
    wrong = [one for one in known if one.entry and one.entry not in one.question.entries]
    right = [one for one in known if one.entry in one.question.entries]
    asked_back = [one for one in known if not one.entry and one.handled == "clarify"]
    most = sorted(wrong, key=lambda one: -dict(one.found).get(one.entry or "", 0.0))[:_WORST]
    return Retrieval(
        len(known),
        recall_at(ranks, 1),
        recall_at(ranks, 3),
        reciprocal_ranks(ranks),
        _part(right, known),
        _part(wrong, known),
        _part(asked_back, known),
        1 - len([*right, *wrong, *asked_back]) / len(known) if known else None,
        [
            Mistake(
                one.question.text,
                one.question.entries[0],
                one.entry or "",
                dict(one.found).get(one.entry or "", 0.0),
            )
            for one in most
        ],
    )


def _has_entry(one: Outcome) -> bool:
    return bool(one.question.entries)


def _part(some: Sequence[Outcome], every: Sequence[Outcome]) -> float | None:
    return len(some) / len(every) if every else None


def robustness(name: str, plain: Sequence[Outcome], again: Sequence[Outcome]) -> Robustness:
    """Compare the same questions written in two ways."""
    pairs = list(zip(plain, again, strict=True))
    changed = [pair for pair in pairs if pair[0].question.text != pair[1].question.text]
    before = _strict(plain)
    after = _strict(again)
    return Robustness(
        name,
        len(changed),
        after,
        (before - after) * 100,
        [(old.question.text, new.question.text) for old, new in changed[:: _stride(changed)]][
            :_EXAMPLES
        ],
    )


def _stride(changed: Sequence[object]) -> int:
    """Examples from all over the list, not the first ones."""
    return max(1, len(changed) // _EXAMPLES)


def _strict(outcomes: Sequence[Outcome]) -> float:
    return mean([float(one.category == one.question.label) for one in outcomes]) or 0.0


def latency(outcomes: Sequence[Outcome]) -> Latency:
    """Of the first time each question was asked: nothing was remembered."""
    turns = [one.seconds for one in outcomes]
    searches = [one.search_seconds for one in outcomes]
    return Latency(
        percentile(turns, 0.5),
        percentile(turns, 0.95),
        percentile(searches, 0.5),
        percentile(searches, 0.95),
        turns,
    )
