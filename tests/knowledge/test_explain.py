"""Why an entry was found, in words that staff can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.encoders import Embedder
from knowledge.explain import explained
from knowledge.search import FaqIndex
from tests.knowledge.straw import ENTRIES, TODAY, StrawEncoder


@pytest.fixture
def index(tmp_path: Path) -> FaqIndex:
    return FaqIndex.build(ENTRIES, Embedder([StrawEncoder()], tmp_path))


def test_the_entries_are_listed_with_their_reasons(index: FaqIndex) -> None:
    lines = explained(index, "请问压力表检定周期", TODAY)
    assert lines[:2] == ["问题：请问压力表检定周期", "读作：压力表检定周期"]
    assert any(line.startswith("1. 压力表多久检定一次（gauge）") for line in lines)
    assert "   +8.00 与一种问法几乎一字不差" in lines
    assert "   最像的问法：压力表检定周期" in lines
    # The water meter is another instrument, and opposing a trademark another matter.
    assert sum("说的是另一种东西" in line for line in lines) == 2


def test_a_question_without_words_has_no_reasons(index: FaqIndex) -> None:
    assert explained(index, "？？", TODAY)[-1] == "没有可比较的知识条目。"
