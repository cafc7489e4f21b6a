"""To answer, to ask back, or to say no."""

from __future__ import annotations

from knowledge.decision import ANSWER, CERTAIN, CLARIFY, WORTH_OFFERING, decide
from knowledge.search import Candidate


def candidates(*scores: float) -> list[Candidate]:
    """Make candidates called a, b, c …"""
    return [Candidate(chr(97 + place), score) for place, score in enumerate(scores)]


def test_a_likely_candidate_is_the_answer() -> None:
    decision = decide(candidates(0.9, 0.1, 0.05))
    assert (decision.kind, decision.choices) == ("answer", ("a",))


def test_a_certain_answer_stands_alone() -> None:
    assert decide(candidates(CERTAIN, 0.2, 0.2)).also == ()


def test_a_likely_answer_comes_with_what_else_may_be_meant() -> None:
    likely = (ANSWER + CERTAIN) / 2
    decision = decide(candidates(likely, 0.2, WORTH_OFFERING, WORTH_OFFERING / 2))
    assert (decision.kind, decision.choices) == ("answer", ("a",))
    assert decision.also == ("b", "c")
    assert decide(candidates(likely, 0.2, 0.2, 0.2, 0.2)).also == ("b", "c", "d")
    assert decide(candidates(likely, WORTH_OFFERING / 2)).also == ()


def test_an_answer_is_less_certain_where_the_message_may_be_out_of_scope() -> None:
    assert decide(candidates(CERTAIN, 0.2), in_scope=0.8).also == ("b",)


def test_two_equally_likely_candidates_are_a_choice() -> None:
    assert decide(candidates(0.62, 0.6, 0.01)).kind == "clarify"
    assert decide(candidates(0.62, 0.6, 0.01)).choices == ("a", "b")


def test_between_the_thresholds_the_bot_asks_back_with_two_to_four_choices() -> None:
    between = (ANSWER + CLARIFY) / 2
    assert decide(candidates(between, 0.01, 0.01)).choices == ("a", "b")
    assert decide(candidates(between, 0.1, 0.1, 0.1, 0.1)).choices == ("a", "b", "c", "d")


def test_unlikely_candidates_are_refused() -> None:
    assert decide(candidates(CLARIFY / 2, 0.01)).kind == "refuse"
    assert decide([]).kind == "refuse"


def test_a_message_that_is_probably_out_of_scope_is_refused() -> None:
    assert decide(candidates(0.8, 0.1), in_scope=0.05).kind == "refuse"


def test_a_single_candidate_is_never_a_choice() -> None:
    assert decide(candidates(0.2)).kind == "refuse"
    assert decide(candidates(0.8)).kind == "answer"
