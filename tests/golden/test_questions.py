"""The golden questions stay apart from the training data and name things that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rapidfuzz import fuzz

from knowledge.entries import load_entries
from knowledge.plain import plain

ROOT = Path(__file__).parents[2]
ENTITY = re.compile(r"\[([^\]]+)\]\(\w+\)")
# Above this only a word or a particle differs; it is counted on characters.
TOO_CLOSE = 88


@pytest.fixture(scope="module")
def golden() -> list[dict[str, Any]]:
    lines = (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


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
    golden: list[dict[str, Any]], training: dict[str, list[str]]
) -> None:
    learnt = [plain(text) for texts in training.values() for text in texts]
    asked = [plain(question["text"]) for question in golden]
    close = [
        (text, other)
        for text in asked
        for other in learnt
        if fuzz.ratio(text, other, score_cutoff=TOO_CLOSE)
    ]
    assert close == []


def test_golden_questions_name_intents_that_are_trained(
    golden: list[dict[str, Any]], training: dict[str, list[str]]
) -> None:
    assert {question["intent"] for question in golden} <= set(training)


def test_golden_questions_name_entries_that_exist(golden: list[dict[str, Any]]) -> None:
    entries = {entry.id for entry in load_entries()}
    assert {question["faq"] for question in golden if question["faq"]} <= entries


def test_golden_questions_are_asked_once(golden: list[dict[str, Any]]) -> None:
    texts = [plain(question["text"]) for question in golden]
    assert len(set(texts)) == len(texts)


def test_no_training_example_teaches_two_intents(training: dict[str, list[str]]) -> None:
    taught: dict[str, set[str]] = {}
    for intent, texts in training.items():
        for text in texts:
            taught.setdefault(plain(text), set()).add(intent)
    assert {text: intents for text, intents in taught.items() if len(intents) > 1} == {}
