"""Finds standard numbers, instruments, regions, phones and the like in messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.sources import knowledge_fingerprint
from knowledge import entities

# China has one time zone and no summer time.
_CHINA = timezone(timedelta(hours=8))


def today_in_china() -> date:
    """Return the customer's day, from which “明天” counts."""
    return datetime.now(_CHINA).date()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityFinder(GraphComponent, EntityExtractorMixin):
    """Rules and word lists of `knowledge.entities`; values come in their normal form."""

    def __init__(self, today: Callable[[], date] = today_in_china) -> None:
        self._today = today

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityFinder:
        # The tables are read on first use; better now than in a customer's turn.
        entities.find("压力表", today_in_china())
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return knowledge_fingerprint()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = [
                {
                    "entity": entity.type,
                    "value": entity.value,
                    "start": entity.start,
                    "end": entity.end,
                    "extractor": self.name,
                }
                for entity in entities.find(message.get(TEXT) or "", self._today())
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
