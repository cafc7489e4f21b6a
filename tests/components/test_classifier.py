"""Intent and category of a message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.components import classifier
from bot.components.categories import category_of_example, implied_category
from bot.components.message_vectors import MessageVectors
from bot.components.text_features import grams
from bot.components.understanding_model import UnderstandingModel
from knowledge.encoders import pack
from tests.components.small_project import FIND, NLU, SmallProject, Turns
from tests.components.straw import WIDTHS, StrawEmbedder


def examples() -> list[tuple[str, str, str]]:
    found = [
        (t, i, category_of_example(i, None)) for i, texts in NLU.items() for t in texts.split()
    ]
    for category, texts in FIND.items():
        metadata = {"intent": {"category": category}}
        found += [
            (text, "find_institution", category_of_example("find_institution", metadata))
            for text in texts.split()
        ]
    return found


@pytest.fixture(scope="module")
def model() -> UnderstandingModel:
    return fitted()


def fitted() -> UnderstandingModel:
    texts, intents, categories = (list(column) for column in zip(*examples(), strict=True))
    return UnderstandingModel.fit(texts, intents, categories, matrix(texts))


def matrix(texts: list[str]) -> dict[str, np.ndarray]:
    return StrawEmbedder().matrix(texts)


def guess(model: UnderstandingModel, text: str) -> tuple[str, str]:
    vectors = StrawEmbedder().vectors(text)
    ranking, category = model.guess(text, [vectors[name] for name in model.features.encoders])
    return ranking[0].name, category.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("注册商标要多久", ("ask_ip", "ip")),
        ("您好呀", ("greet", "out_of_scope")),
        ("找一家检测机构", ("find_institution", "testing")),
        ("哪里能校准压力表", ("find_institution", "metrology")),
    ],
)
def test_unseen_wording_is_understood(
    model: UnderstandingModel, text: str, expected: tuple[str, str]
) -> None:
    assert guess(model, text) == expected


def test_ranking_is_a_distribution_in_falling_order(model: UnderstandingModel) -> None:
    vectors = StrawEmbedder().vectors("商标")
    ranking, category = model.guess("商标", [vectors[name] for name in model.features.encoders])

    confidences = [guess.confidence for guess in ranking]
    assert sum(confidences) == pytest.approx(1)
    assert confidences == sorted(confidences, reverse=True)
    assert 0 < category.confidence <= 1


def test_text_of_unknown_characters_only_is_no_error(model: UnderstandingModel) -> None:
    for text in ("😀😀", "∮", "a" * 20_000):
        assert guess(model, text)[0] in model.intents.labels


def test_intent_and_category_do_not_contradict_each_other(model: UnderstandingModel) -> None:
    for text, _, _ in examples():
        intent, category = guess(model, text)
        assert implied_category(intent) in (None, category)


def test_two_trainings_give_the_same_numbers(model: UnderstandingModel) -> None:
    again = fitted()

    assert np.array_equal(again.intents.weights, model.intents.weights)
    assert again.categories.temperature == model.categories.temperature


def test_order_of_the_same_examples_changes_no_guess(model: UnderstandingModel) -> None:
    turned = [list(column) for column in zip(*reversed(examples()), strict=True)]
    other = UnderstandingModel.fit(*turned, matrix(turned[0]))

    for text, _, _ in examples():
        assert guess(other, text) == guess(model, text)


def test_saved_model_guesses_the_same(model: UnderstandingModel, tmp_path: Path) -> None:
    model.save(tmp_path)

    loaded = UnderstandingModel.load(tmp_path)

    vectors = [StrawEmbedder().vectors("商标")[name] for name in model.features.encoders]
    before, after = model.guess("商标", vectors), loaded.guess("商标", vectors)
    assert [g.name for g in before[0]] == [g.name for g in after[0]]
    assert before[1].confidence == pytest.approx(after[1].confidence, abs=1e-4)


def test_grams_do_not_see_how_a_text_is_written() -> None:
    assert grams("ＧＢ／Ｔ １９００１") == grams("gbt19001")
    assert grams("商標註冊，要多久？") == grams("商标注册要多久")


def test_grams_share_the_sounds_of_what_was_typed_by_sound() -> None:
    assert " zen su" in grams("证书") & grams("正书")
    assert not grams("证书") & grams("商标")


def test_grams_do_not_see_courtesies() -> None:
    assert grams("您好，请问商标注册要多久，谢谢！") == grams("商标注册要多久")
    assert grams("谢谢")


def test_doubt_falls_to_out_of_scope_rather_than_to_a_category_as_frequent() -> None:
    text = "这个怎么办"
    texts = [text] * 4 + ["商标注册", "天气预报"] * 4
    labels = ["ask_ip", "out_of_scope"] * 2 + ["ask_ip", "out_of_scope"] * 4
    categories = [label.removeprefix("ask_") for label in labels]
    model = UnderstandingModel.fit(texts, labels, categories, matrix(texts))

    assert guess(model, text) == ("out_of_scope", "out_of_scope")
    assert guess(model, "商标注册") == ("ask_ip", "ip")


@pytest.mark.parametrize(
    ("intent", "metadata", "category"),
    [
        ("ask_ip", None, "ip"),
        ("ask_platform", {}, "other"),
        ("lookup_standard", None, "standards"),
        ("find_institution", {"intent": {"category": "testing"}}, "testing"),
        ("find_institution", {"example": {"x": 1}}, "out_of_scope"),
        ("ask_followup", None, "out_of_scope"),
        ("greet", None, "out_of_scope"),
    ],
)
def test_category_of_an_example(intent: str, metadata: dict | None, category: str) -> None:
    assert category_of_example(intent, metadata) == category


def test_unknown_category_in_the_training_data_stops_the_training() -> None:
    with pytest.raises(ValueError, match="metrolgy"):
        category_of_example("find_institution", {"intent": {"category": "metrolgy"}})


def test_encoders_are_not_loaded_while_vectors_are_sent_along() -> None:
    def load() -> StrawEmbedder:
        raise AssertionError("loaded")

    vectors = MessageVectors(load)
    vectors.remember_packed("你好", pack(StrawEmbedder().vectors("你好")))

    assert [row.size for row in vectors.of("你好", WIDTHS)] == list(WIDTHS.values())
    with pytest.raises(AssertionError, match="loaded"):
        vectors.of("您好", WIDTHS)


def test_message_with_the_quick_vector_alone_is_judged_without_loading_the_slow_encoder(
    model: UnderstandingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> StrawEmbedder:
        raise AssertionError("loaded")

    texts, intents, categories = (list(column) for column in zip(*examples(), strict=True))
    alone = {"two": matrix(texts)["two"]}
    quick = UnderstandingModel.fit(texts, intents, categories, alone)
    vectors = MessageVectors(load)
    monkeypatch.setattr(classifier, "message_vectors", vectors)
    judge = classifier.IntentAndCategoryClassifier({"ranking_length": 5}, None, None, model, quick)
    text = "注册商标要多久"
    vectors.remember_packed(text, pack({"two": StrawEmbedder().vectors(text)["two"]}))
    message = Message({"text": text})
    judge.process([message])
    assert message.get("intent")["name"] == "ask_ip"
    with pytest.raises(AssertionError, match="loaded"):
        judge.process([Message({"text": "没有向量的一句"})])


def test_remembered_vectors_do_not_pile_up() -> None:
    vectors = MessageVectors(StrawEmbedder)
    packed = pack(StrawEmbedder().vectors("你好"))
    for number in range(1000):
        vectors.remember_packed(str(number), packed)

    assert len(vectors._remembered) <= 256


def test_trained_in_rasa_it_reports_the_blocks_category(
    project: SmallProject, tmp_path: Path
) -> None:
    async def play(turns: Turns) -> None:
        for text, category in (("哪里能校准卡尺呀", "metrology"), ("哪里能检测水质呀", "testing")):
            said = await turns.say(text)
            assert said["nlu"]["intent"] == "find_institution"
            assert said["nlu"]["category"] == category

    project.talk(f"sqlite:///{tmp_path}/t.db", play)
