"""Asks Rasa through the input channel of our own, and names each way in which it fails."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from bot.conversations.brain import Answer, FailureKind, Question, Reply
from bot.errors import BrainFailed

_KINDS = {
    "model_missing": FailureKind.MODEL_MISSING,
    "action_failed": FailureKind.ACTION_FAILED,
}
# Keys of a bot message's custom data that clients see; the rest is between Rasa and us.
_SHOWN = ("faq", "card", "items")


class RasaBrain:
    """A Brain over HTTP; its connections are opened at the first question and kept."""

    def __init__(self, url: str, limit_seconds: float) -> None:
        self._url = f"{url}/webhooks/assistant"
        self._limit_seconds = limit_seconds
        self._session: ClientSession | None = None

    async def ask(self, question: Question) -> Answer:
        """Answer a question; see ``Brain``."""
        body = {
            "conversation_id": question.tracker_id,
            "text": question.text,
            "payload": question.payload,
            "metadata": question.metadata,
        }
        try:
            async with self._client().post(f"{self._url}/turn", json=body) as response:
                if response.status != HTTPStatus.OK:
                    raise BrainFailed(await _failure_of(response), f"HTTP {response.status}")
                return _answer(await response.json(content_type=None))
        except TimeoutError as error:
            raise BrainFailed(FailureKind.TIMEOUT, repr(error)) from error
        except ClientError as error:
            raise BrainFailed(FailureKind.UNREACHABLE, repr(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrainFailed(FailureKind.ERROR, f"unreadable answer: {error!r}") from error

    async def is_ready(self) -> bool:
        """Whether Rasa runs and has loaded a model."""
        try:
            async with self._client().get(f"{self._url}/health") as response:
                return response.status == HTTPStatus.OK
        except (TimeoutError, ClientError):
            return False

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> ClientSession:
        # A session belongs to the event loop it is made on, so it cannot be made earlier.
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(self._limit_seconds))
        return self._session


async def _failure_of(response: ClientResponse) -> FailureKind:
    try:
        code = (await response.json(content_type=None))["error"]["code"]
    except (ClientError, ValueError, KeyError, TypeError):
        code = ""
    return _KINDS.get(code, FailureKind.ERROR)


def _answer(body: dict[str, Any]) -> Answer:
    nlu, messages = body["nlu"], body["messages"]
    customs = [message.get("custom") or {} for message in messages]
    failure = FailureKind.ACTION_FAILED if body.get("failure") else None
    handoff = _first(customs, "handoff") or {}
    replies = [reply for message in messages if not _is_empty(reply := _reply(message))]
    handoff_reason = _text(handoff.get("reason")) or None
    if not (replies or handoff_reason or failure):
        raise BrainFailed(FailureKind.SILENT)
    confidence = nlu.get("confidence")
    return Answer(
        replies=replies,
        intent=_text(nlu.get("intent")) or None,
        category=_text(nlu.get("category")) or None,
        confidence=None if confidence is None else float(confidence),
        entities=nlu.get("entities") or [],
        slots=handoff.get("slots") or _first(customs, "told") or {},
        handled=_text(_first(customs, "handled")) or None,
        handoff_reason=handoff_reason,
        failure=failure,
    )


def _reply(message: dict[str, Any]) -> Reply:
    custom = message.get("custom") or {}
    buttons = message.get("buttons") or []
    data: dict[str, Any] = {key: custom[key] for key in _SHOWN if custom.get(key)}
    if buttons:
        data["buttons"] = [{"title": b["title"], "payload": b["payload"]} for b in buttons]
    kind = next(
        (
            kind
            for kind, key in (("card", "card"), ("list", "items"), ("buttons", "buttons"))
            if key in data
        ),
        "text",
    )
    return Reply(_text(message.get("text")), kind, data)


def _is_empty(reply: Reply) -> bool:
    # What a form has been told travels by itself: staff see it whichever way they are called.
    return not reply.text and not reply.data


def _text(value: object) -> str:
    """What can be stored as text; what cannot would end the turn without a word."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    # Half a surrogate pair is legal in JSON and in no database.
    value.encode()
    return value


def _first(customs: list[dict[str, Any]], key: str) -> Any:
    return next((custom[key] for custom in customs if custom.get(key)), None)
