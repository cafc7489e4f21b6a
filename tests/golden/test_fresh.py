"""Questions that were written after the model was made and that it was never fitted to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from rapidfuzz import fuzz, process

from bot.components.categories import CATEGORIES
from knowledge.plain import plain

ROOT = Path(__file__).parents[2]
ENTITY = re.compile(r"\[([^\]]+)\]\(\w+\)")
# Below this two texts share a subject, not a wording.
TOO_CLOSE = 75
# For measuring only: their errors are counted and not read.
SETS = ("fresh.jsonl", "fresh2.jsonl")


@pytest.mark.parametrize("name", SETS)
def test_no_fresh_question_is_worded_like_a_training_example(name: str) -> None:
    asked = [plain(str(question["text"])) for question in _fresh(name)]
    learnt = [
        plain(ENTITY.sub(r"\1", line.strip().removeprefix("- ")))
        for path in sorted((ROOT / "data" / "nlu").glob("*.yml"))
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block.get("examples", "").splitlines()
    ]
    likeness = process.cdist(asked, learnt, scorer=fuzz.ratio).max(axis=1)

    assert [text for text, near in zip(asked, likeness, strict=True) if near >= TOO_CLOSE] == []


@pytest.mark.parametrize("name", SETS)
def test_every_fresh_question_has_labels_that_exist(name: str) -> None:
    for question in _fresh(name):
        assert {question["label"], *question["also"]} <= set(CATEGORIES)


def _fresh(name: str) -> list[dict[str, object]]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
