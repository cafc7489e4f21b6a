"""Reads the body of a turn request and refuses what is not one, in plain words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

# The web application takes 2,000 characters a message and joins short ones
# that arrive together; more than this is a fault, not a customer.
LONGEST_TEXT = 20_000
LONGEST_ID = 255

_PAYLOAD = re.compile(r"/(?P<intent>\w+)(?P<entities>\{.*\})?", re.DOTALL)


class BadRequest(Exception):
    """The body is not a turn; says what is wrong with it."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TurnRequest:
    """One message of a customer, checked."""

    conversation_id: str
    text: str
    payload: str | None
    metadata: dict[str, Any]
    packed_vectors: dict[str, str] | None


def read_turn_request(raw: bytes) -> TurnRequest:
    """Check a request body.

    Raises:
        BadRequest: With status 400 when it is not JSON, 422 when a field is wrong.
    """
    body = _json_object(raw)
    unknown = set(body) - {"conversation_id", "text", "payload", "metadata"}
    if unknown:
        raise BadRequest(f"unknown field: {', '.join(sorted(unknown))}")
    metadata = _metadata(body.get("metadata"))
    payload = _payload(body.get("payload"))
    return TurnRequest(
        conversation_id=_text("conversation_id", body.get("conversation_id"), LONGEST_ID),
        text=_spoken(body.get("text"), payload),
        payload=payload,
        packed_vectors=_vectors(metadata.pop("vectors", None)),
        metadata=metadata,
    )


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not valid JSON", status=400) from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object", status=400)
    return body


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadRequest(f"{name} must be a text that is not empty")
    if len(value) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRequest(f"{name} holds half a character (a lone surrogate)") from None
    return value.strip()


def _spoken(value: object, payload: str | None) -> str:
    if payload is not None and value in (None, ""):
        return ""
    return _text("text", value, LONGEST_TEXT)


def _payload(value: object) -> str | None:
    if value is None:
        return None
    payload = _text("payload", value, LONGEST_TEXT)
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        raise BadRequest('payload must look like /intent or /intent{"entity": "value"}')
    if match["entities"]:
        try:
            json.loads(match["entities"])
        except (ValueError, RecursionError):
            raise BadRequest("the entities of payload are not valid JSON") from None
    return payload


def _metadata(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest("metadata must be a JSON object")
    return dict(value)


def _vectors(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    fits = isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(packed, str) for name, packed in value.items()
    )
    if not fits:
        raise BadRequest("metadata.vectors must map encoder names to packed vectors")
    return dict(value)
