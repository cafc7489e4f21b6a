"""Weights that are fitted put the right entry first, and say honestly how sure they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.calibrate import cross_validated, golden_questions, questions, report
from knowledge.calibration import AGAINST, CHANCE, RANKING
from knowledge.encoders import Embedder
from knowledge.fitting import Question, fit
from knowledge.search import FaqIndex
from tests.knowledge.straw import ENTRIES, TODAY, StrawEncoder

SHARES = {"found": 0.5, "golden": 0.1, "missing": 0.2, "foreign": 0.2}
FOREIGN = ["明天下雨吗", "火车票怎么改签", "讲个笑话吧"]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return Embedder([StrawEncoder()], tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def index(embedder: Embedder) -> FaqIndex:
    return FaqIndex.build(ENTRIES, embedder)


@pytest.fixture(scope="module")
def asked(index: FaqIndex, embedder: Embedder) -> list[Question]:
    return questions(index, embedder, FOREIGN, [], TODAY)


def test_a_left_out_question_is_compared_without_itself(
    index: FaqIndex, asked: list[Question]
) -> None:
    found = next(one for one in asked if one.kind == "found")
    same = RANKING.index("same")
    own = int(np.searchsorted(found.comparison.entries, found.right[0]))
    assert found.comparison.ranking[own, same] < 1
    whole = index.compare(index.ask("压力表检定周期"), np.arange(len(index.entries)))
    assert whole.ranking[:, same].max() == 1


def test_a_missing_entry_is_not_among_those_compared(asked: list[Question]) -> None:
    found, missing = asked[0], asked[1]
    assert (found.kind, missing.kind) == ("found", "missing")
    assert set(found.comparison.entries) - set(missing.comparison.entries) == set(found.right)


def test_weights_keep_the_sign_of_their_meaning(asked: list[Question]) -> None:
    fitted = fit(asked, SHARES)
    for name, weight in zip(RANKING, fitted.ranking, strict=True):
        assert weight <= 0 if name in AGAINST else weight >= 0
    assert len(fitted.chance) == len(CHANCE)


def test_what_has_an_entry_is_likelier_to_be_answered_than_what_has_none(
    asked: list[Question],
) -> None:
    outcomes = cross_validated(asked)
    found = [one.chance for one in outcomes if one.kind == "found"]
    foreign = [one.chance for one in outcomes if one.kind == "foreign"]
    assert np.mean(found) > np.mean(foreign)
    assert "expected calibration error" in report(outcomes)


def test_golden_questions_may_have_several_answers_or_none(
    index: FaqIndex, embedder: Embedder, tmp_path: Path
) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(
        '{"text": "压力表几个月一检", "entry": ["gauge", "meter"]}\n'
        '{"text": "强检收不收费", "entry": "fees"}\n'
        '{"text": "明天下雨", "entry": null}\n'
        '{"text": "商标异议", "entry": "opposition-next"}\n',
        encoding="utf-8",
    )
    golden = golden_questions(index, embedder, file, TODAY)
    assert [len(one.right) for one in golden] == [2, 1]
    assert golden_questions(index, embedder, tmp_path / "none.jsonl", TODAY) == []


def test_an_entry_that_does_not_tell_what_is_asked_is_less_likely(asked: list[Question]) -> None:
    assert fit(asked, SHARES).chance[CHANCE.index("untold")] < -1
