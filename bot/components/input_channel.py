"""The way into Rasa: one turn in, what the bot said and understood out.

Rasa's own REST channel answers 200 with an empty list when anything fails.
Here a failure is an HTTP error with a type, so that the web application can
say something to the customer instead of nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.components.action_calls import close_kept_session
from bot.components.failed_actions import noting_failed_actions, watch_actions
from bot.components.fast_paths import take_fast_paths
from bot.components.message_vectors import message_vectors
from bot.components.replies import CollectedReplies
from bot.components.turn_request import BadRequest, TurnRequest, read_turn_request
from bot.components.understanding import nlu_summary, parsed_payload, spoken_text

logger = logging.getLogger(__name__)

# How often a turn looks whether the one before it in the same conversation is
# done. Rasa's own second is longer than most turns.
LOCK_POLL_SECONDS = 0.02


class TurnFailed(Exception):
    """The turn cannot be answered; carries the HTTP status and the error's code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class AssistantChannel(InputChannel):
    """`POST /webhooks/assistant/turn` and `GET /webhooks/assistant/health`."""

    def __init__(self) -> None:
        watch_actions()
        take_fast_paths()

    @classmethod
    def name(cls) -> str:
        return "assistant"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        # `on_new_message` is not used: it drops the message in silence while no
        # model is loaded, and its result never says whether anything failed.
        blueprint = Blueprint("assistant_channel")
        blueprint.add_route(health, "/health", methods=["GET"])
        blueprint.add_route(turn, "/turn", methods=["POST"])
        blueprint.listener("before_server_stop")(_close_connections)
        return blueprint


async def health(request: Request) -> HTTPResponse:
    agent = _agent(request.app)
    if agent is None:
        return _error(503, "model_missing", "no model is loaded")
    return json({"status": "ready", "model": agent.model_name})


async def turn(request: Request) -> HTTPResponse:
    try:
        turn_request = read_turn_request(request.body)
        agent = _agent(request.app)
        if agent is None:
            raise TurnFailed(503, "model_missing", "no model is loaded")
        return json(await take_turn(agent, turn_request))
    except BadRequest as error:
        return _error(error.status, "bad_request", str(error))
    except TurnFailed as error:
        return _error(error.status, error.code, str(error))
    except Exception:
        # The last place that can still tell the caller what kind of thing happened.
        logger.exception("A turn failed.")
        return _error(500, "processing_failed", "the message could not be processed")


async def take_turn(agent: Agent, turn_request: TurnRequest) -> dict[str, Any]:
    """Let Rasa understand one message and act on it.

    Raises:
        BadRequest: The vectors or the payload do not fit the model.
        TurnFailed: An action failed and the bot said nothing.
    """
    _let_store_errors_through(agent)
    text = turn_request.payload or spoken_text(turn_request.text)
    _remember_vectors(text, turn_request)
    replies = CollectedReplies()
    message = UserMessage(
        text,
        replies,
        turn_request.conversation_id,
        input_channel=AssistantChannel.name(),
        metadata=turn_request.metadata,
    )
    with noting_failed_actions() as failed:
        if turn_request.payload is None:
            message.parse_data = await agent.processor.parse_message(message)
        else:
            message.parse_data = parsed_payload(turn_request.payload, agent.domain)
        async with agent.lock_store.lock(message.sender_id, wait_time_in_seconds=LOCK_POLL_SECONDS):
            await agent.processor.handle_message(message)
    if failed and not replies.messages:
        raise TurnFailed(502, "action_failed", f"failed: {', '.join(failed)}")
    return {
        "messages": replies.messages,
        "nlu": nlu_summary(message.parse_data),
        "failure": "action_failed" if failed else None,
    }


def _agent(app: Sanic) -> Agent | None:
    agent: Agent | None = getattr(app.ctx, "agent", None)
    return agent if agent is not None and agent.is_ready() else None


async def _close_connections(app: Sanic, _loop: object) -> None:
    agent = _agent(app)
    if agent is not None:
        await close_kept_session(agent.action_endpoint)


def _let_store_errors_through(agent: Agent) -> None:
    # Rasa wraps the tracker store: when reading fails it goes on with an empty
    # tracker and then saves that over the stored one. Better to fail the turn.
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        store._on_tracker_store_error = _raise


def _raise(error: Exception) -> None:
    raise error


def _remember_vectors(text: str, turn_request: TurnRequest) -> None:
    if turn_request.packed_vectors is None or turn_request.payload is not None:
        return
    try:
        message_vectors.remember_packed(text, turn_request.packed_vectors)
    except ValueError as error:
        raise BadRequest(f"metadata.vectors cannot be read: {error}") from None


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return json({"error": {"code": code, "message": message}}, status=status)
