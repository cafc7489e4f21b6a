"""The golden questions stay apart from the training data and name things that exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from rapidfuzz import fuzz

from bot.components.categories import CATEGORIES
from bot.evaluation.questions import GOLDEN, Question, known_names, load_questions
from knowledge.plain import plain

ROOT = Path(__file__).parents[2]
ENTITY = re.compile(r"\[([^\]]+)\]\(\w+\)")
# Above this only a word or a particle differs; it is counted on characters.
TOO_CLOSE = 88
FEWEST = 400


@pytest.fixture(scope="module")
def golden() -> list[Question]:
    # Reading them checks that every category, intent and entry they name exists.
    return load_questions(GOLDEN, known_names())


@pytest.fixture(scope="module")
def training() -> dict[str, list[str]]:
    """Return the training texts by intent, without the marks around entities."""
    texts: dict[str, list[str]] = {}
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in block.get("examples", "").splitlines():
                text = ENTITY.sub(r"\1", line.strip().removeprefix("- "))
                texts.setdefault(block.get("intent", ""), []).append(text)
    return texts


def test_no_golden_question_is_close_to_a_training_example(
    golden: list[Question], training: dict[str, list[str]]
) -> None:
    learnt = [plain(text) for texts in training.values() for text in texts]
    asked = [plain(question.text) for question in golden]
    close = [
        (text, other)
        for text in asked
        for other in learnt
        if fuzz.ratio(text, other, score_cutoff=TOO_CLOSE)
    ]
    assert close == []


def test_golden_questions_name_intents_that_are_trained(
    golden: list[Question], training: dict[str, list[str]]
) -> None:
    assert {question.intent for question in golden} <= set(training)


def test_golden_questions_cover_every_category(golden: list[Question]) -> None:
    assert len(golden) >= FEWEST
    counts = Counter(question.label for question in golden)
    assert {category: counts[category] for category in CATEGORIES if counts[category] < 25} == {}


def test_golden_questions_are_asked_once(golden: list[Question]) -> None:
    texts = [plain(question.text) for question in golden]
    assert len(set(texts)) == len(texts)


def test_no_training_example_teaches_two_intents(training: dict[str, list[str]]) -> None:
    taught: dict[str, set[str]] = {}
    for intent, texts in training.items():
        for text in texts:
            taught.setdefault(plain(text), set()).add(intent)
    assert {text: intents for text, intents in taught.items() if len(intents) > 1} == {}
