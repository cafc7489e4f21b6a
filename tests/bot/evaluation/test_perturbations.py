"""Other ways of writing: the same each time, and like people's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from rapidfuzz.distance import Levenshtein

from bot.evaluation.perturbations import (
    PERTURBATIONS,
    full_width,
    homophones,
    keywords,
    mixed_english,
    typos,
    without_marks,
)
from bot.evaluation.questions import GOLDEN, known_names, load_questions
from bot.evaluation.traditional import traditional
from bot.settings import ROOT

GOLDEN_TEXTS = [question.text for question in load_questions(GOLDEN, known_names())]
_IN_A_NEW_PROCESS = """
from bot.evaluation.perturbations import PERTURBATIONS
import json, sys
print(json.dumps([p.apply(t) for t in json.load(sys.stdin) for p in PERTURBATIONS]))
"""


def test_another_process_writes_the_same() -> None:
    texts = GOLDEN_TEXTS[::40]
    run = subprocess.run(
        [sys.executable, "-c", _IN_A_NEW_PROCESS],
        cwd=ROOT,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == [p.apply(t) for t in texts for p in PERTURBATIONS]


@pytest.mark.parametrize("apply", [each.apply for each in PERTURBATIONS])
def test_something_is_always_left_to_read(apply: Callable[[str], str]) -> None:
    assert all(any(c.isalnum() for c in apply(text)) for text in GOLDEN_TEXTS)


@pytest.mark.parametrize("slip", [typos, homophones])
def test_slips_are_few(slip: Callable[[str], str]) -> None:
    for text in GOLDEN_TEXTS:
        # Three slips at most, each of two characters at most (a swap; a word miswritten).
        assert Levenshtein.distance(text, slip(text)) <= 6


def test_a_slip_is_made_in_nearly_every_question() -> None:
    for slip in (typos, homophones):
        changed = sum(slip(text) != text for text in GOLDEN_TEXTS)
        assert changed / len(GOLDEN_TEXTS) > 0.8


def test_codes_are_never_mistyped() -> None:
    for text in GOLDEN_TEXTS:
        assert [c for c in typos(text) if c.isascii()] == [c for c in text if c.isascii()]


def test_traditional_characters_follow_the_word() -> None:
    assert traditional("压力表制造规范，什么时候复检") == "壓力錶製造規範，什麼時候複檢"
    assert traditional("批准发布的标准") == "批准發佈的標準"


def test_full_width_makes_letters_digits_and_marks_wide() -> None:
    assert full_width("gb/t 19001?") == "ｇｂ／ｔ １９００１？"


def test_marks_inside_codes_and_numbers_stay() -> None:
    assert without_marks("GB/T 19001-2016，现行吗？1.5 万") == "GB/T 19001-2016现行吗1.5 万"


def test_mixed_english_replaces_words_or_adds_a_courtesy() -> None:
    assert mixed_english("供应商报告") == "supplier report"
    assert mixed_english("卡尺多久校一次") != "卡尺多久校一次"


def test_keywords_leave_the_little_words_out() -> None:
    assert keywords("请问压力表的检定周期是什么") == "压力表 检定周期"


def test_a_question_of_little_words_only_stays_as_it_is() -> None:
    assert keywords("怎么弄") == "怎么弄"
