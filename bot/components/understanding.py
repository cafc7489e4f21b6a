"""Turns what Rasa's NLU found into what the web application is told."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components.categories import implied_category
from bot.components.turn_request import BadRequest
from knowledge.categories import OUT_OF_SCOPE


def spoken_text(text: str) -> str:
    """The text in a form that Rasa never takes for a command.

    Rasa runs "/restart" or "/intent{…}" as a command wherever it comes from.
    A full-width slash reads the same and means nothing to it.
    """
    return "／" + text[1:] if text.startswith("/") else text


def parsed_payload(payload: str, domain: Domain) -> dict[str, Any]:
    """NLU data of a button's payload; no model is asked.

    Raises:
        BadRequest: The payload names an intent or entity the domain does not have.
    """
    intent = payload[1:].partition("{")[0]
    if intent not in domain.intents:
        raise BadRequest(f"payload names an unknown intent: {intent}")
    parsed = YAMLStoryReader.unpack_regex_message(Message({TEXT: payload}), domain)
    data: dict[str, Any] = parsed.as_dict(only_output_properties=True)
    if not isinstance(data.get("entities"), list):
        raise BadRequest("the entities of payload must be a JSON object of texts")
    return {**data, "category": {"name": _payload_category(intent, data), "confidence": 1.0}}


def _payload_category(intent: str, data: dict[str, Any]) -> str:
    named = [entity["value"] for entity in data["entities"] if entity["entity"] == "category"]
    return str(named[0]) if named else implied_category(intent) or OUT_OF_SCOPE


def nlu_summary(parse_data: dict[str, Any]) -> dict[str, Any]:
    """Intent, category, confidence and entities, as the turn's answer carries them."""
    category = parse_data.get("category") or {}
    return {
        "intent": parse_data["intent"].get("name"),
        "confidence": round(float(parse_data["intent"].get("confidence") or 0.0), 4),
        "category": category.get("name"),
        "entities": [
            {
                "type": entity["entity"],
                "value": entity["value"],
                "text": _entity_text(parse_data, entity),
            }
            for entity in parse_data.get("entities") or []
        ],
    }


def _entity_text(parse_data: dict[str, Any], entity: dict[str, Any]) -> str:
    start, end = entity.get("start"), entity.get("end")
    from_payload = str(parse_data.get("text") or "").startswith("/")
    if from_payload or start is None or end is None:
        return str(entity["value"])
    return str(parse_data["text"][start:end])
