"""The knowledge base's questions as training examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.components.categories import CATEGORIES
from bot.components.faq_examples import faq_examples
from knowledge.entries import ContentError, load_entries


def test_every_question_of_every_entry_is_an_example_of_its_category() -> None:
    found = {example.text: example for example in faq_examples([])}

    for entry in load_entries():
        assert found[entry.questions[0]].category == entry.category
    assert {example.category for example in found.values()} <= set(CATEGORIES)


def test_questions_about_the_platform_have_the_intent_for_them() -> None:
    intents = {example.intent for example in faq_examples([])}

    assert "ask_platform" in intents
    assert "ask_other" in intents


def test_what_the_training_data_teaches_already_is_left_to_it() -> None:
    first = faq_examples([])[0]

    again = faq_examples([first.text])

    assert first not in again
    assert len(again) == len(faq_examples([])) - 1


def test_examples_come_in_the_same_order_each_time() -> None:
    assert faq_examples([]) == faq_examples([])


def test_broken_knowledge_base_stops_the_training(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_text("- id: ip-1\n", "utf-8")

    with pytest.raises(ContentError, match=r"ip\.yml"):
        faq_examples([], tmp_path)
