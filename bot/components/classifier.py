"""Says what a message wants and which service category it is about."""

from __future__ import annotations

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.categories import category_of_example
from bot.components.faq_examples import LabelledText, faq_examples
from bot.components.message_vectors import message_vectors
from bot.components.sources import classifier_fingerprint
from bot.components.understanding_model import UnderstandingModel
from knowledge.encoders import QUICK_ENCODER

logger = logging.getLogger(__name__)

CATEGORY = "category"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentAndCategoryClassifier(GraphComponent, IntentClassifier):
    """Logistic regression on two sentence encoders and the characters of the text.

    A second model does without the slow encoder: the web application leaves it out where the
    knowledge base was sure of its answer at first sight.
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: UnderstandingModel | None = None,
        quick: UnderstandingModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._quick = quick

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # The ranking is stored in the tracker with each message; nobody looks
        # further than the first few.
        return {"ranking_length": 5, "learn_faq": False}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentAndCategoryClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentAndCategoryClassifier:
        with model_storage.read_from(resource) as folder:
            quick = folder / QUICK_ENCODER
            return cls(
                config,
                model_storage,
                resource,
                UnderstandingModel.load(folder),
                UnderstandingModel.load(quick) if quick.is_dir() else None,
            )

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        # Rasa hashes only this class; what it learns is decided in its modules
        # and by the encoders' versions.
        return classifier_fingerprint()

    def train(self, training_data: TrainingData) -> Resource:
        examples = _labelled(training_data)
        if self._config.get("learn_faq"):
            examples += faq_examples(example.text for example in examples)
        texts, intents, categories = (list(column) for column in zip(*examples, strict=True))
        vectors = message_vectors.of_all(texts)
        self._model = UnderstandingModel.fit(texts, intents, categories, vectors)
        if QUICK_ENCODER in vectors and len(vectors) > 1:
            alone = {QUICK_ENCODER: vectors[QUICK_ENCODER]}
            self._quick = UnderstandingModel.fit(texts, intents, categories, alone)
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
            if self._quick is not None:
                (folder / QUICK_ENCODER).mkdir()
                self._quick.save(folder / QUICK_ENCODER)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # Nothing after it learns from its guesses, so none are made.
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            self._understand(message)
        return messages

    def _understand(self, message: Message) -> None:
        text = message.get(TEXT)
        if self._model is None or not text:
            message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
            return
        model = self._model
        if self._quick and not message_vectors.has(text, model.features.widths):
            # Whatever came without any vector gets both encoders, and the better model.
            if message_vectors.has(text, self._quick.features.widths):
                model = self._quick
        vectors = message_vectors.of(text, model.features.widths)
        ranking, category = model.guess(text, vectors)
        shown = [
            {"name": guess.name, "confidence": guess.confidence}
            for guess in ranking[: self._config["ranking_length"]]
        ]
        message.set(INTENT, shown[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, shown, add_to_output=True)
        message.set(
            CATEGORY,
            {"name": category.name, "confidence": category.confidence},
            add_to_output=True,
        )


def _labelled(training_data: TrainingData) -> list[LabelledText]:
    return [
        LabelledText(
            example.get(TEXT),
            example.get(INTENT),
            category_of_example(example.get(INTENT), example.get(METADATA)),
        )
        for example in training_data.intent_examples
        if example.get(INTENT) and example.get(TEXT)
    ]
