"""Whether the product is alive and ready, for watchers and for people."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json, raw
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

blueprint = Blueprint("health")

# The action server is on this machine; one second without an answer means that it is away.
_ACTIONS_LIMIT_SECONDS = 1.0


@blueprint.get("/healthz")
async def healthz(request: Request) -> HTTPResponse:
    """200 when this process and the database answer; the rest is told, not demanded."""
    state = await _state(request)
    return json(state, status=200 if state["database"] == "up" else 503)


@blueprint.get("/readyz")
async def readyz(request: Request) -> HTTPResponse:
    """200 when database, Rasa and actions all answer."""
    state = await _state(request)
    return json(state, status=200 if set(state.values()) == {"up"} else 503)


@blueprint.get("/metrics")
async def metrics(_request: Request) -> HTTPResponse:
    """Figures of this process in Prometheus' text format."""
    return raw(generate_latest(), content_type=CONTENT_TYPE_LATEST)


async def _state(request: Request) -> dict[str, str]:
    context = request.app.ctx
    return {
        "web": "up",
        "database": _word(await _database_answers(request)),
        "rasa": _word(await context.brain.is_ready()),
        "actions": _word(await _actions_answer(context.settings.actions_url)),
    }


def _word(up: bool) -> str:
    return "up" if up else "down"


async def _database_answers(request: Request) -> bool:
    def ask(session: Session) -> bool:
        return session.scalar(select(1)) == 1

    try:
        answers: bool = await request.app.ctx.database.read(ask)
    except SQLAlchemyError:
        return False
    return answers


async def _actions_answer(actions_url: str) -> bool:
    health = actions_url.removesuffix("/webhook") + "/health"
    try:
        async with (
            ClientSession(timeout=ClientTimeout(_ACTIONS_LIMIT_SECONDS)) as client,
            client.get(health) as response,
        ):
            return response.status == HTTPStatus.OK
    except (TimeoutError, ClientError):
        return False
