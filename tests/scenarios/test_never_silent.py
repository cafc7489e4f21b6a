"""Whatever fails behind the web application, the customer reads an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from bot.conversations.models import Author
from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import Served, served
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeClock, FakeFaq
from tests.scenarios.office import in_queue, replies, said_by, serves
from tests.scenarios.stand_in import BadRasa, bad_rasa

LIMIT_SECONDS = 0.3
NLU: dict[str, Any] = {"intent": "ask_metrology", "category": "metrology", "confidence": 0.9}


def said(*messages: Any, **nlu: Any) -> str:
    """What our channel in Rasa answers, as far as its shape goes."""
    return json.dumps({"nlu": {**NLU, **nlu}, "messages": messages})


UNUSABLE = [
    (502, '{"error": {"code": "action_failed", "message": "failed: action_case"}}'),
    (500, "Internal Server Error"),
    (200, "[]"),
    (200, "<html>"),
    (200, ""),
    (200, "null"),
    (200, "{}"),
    (200, said()),
    (200, said({})),
    (200, said({"custom": {"told": {"product": "压力表"}}})),
    (200, said(None)),
    (200, said({"text": 5})),
    (200, said({"text": ["x"]})),
    (200, said({"text": "\ud800"})),
    (200, said({"text": "x", "buttons": [{}]})),
    (200, said({"text": "x"}, intent=["x"])),
    (200, said({"text": "x"}, confidence="high")),
]


@pytest.fixture
def rasa() -> Iterator[BadRasa]:
    with bad_rasa() as serving:
        yield serving


@pytest.fixture
def faq() -> FakeFaq:
    return FakeFaq()


@pytest.fixture
def web(database: Database, rasa: BadRasa, faq: FakeFaq, clock: FakeClock) -> Iterator[Served]:
    settings = Settings(turn_limit_seconds=LIMIT_SECONDS)
    brain = RasaBrain(rasa.url, LIMIT_SECONDS)
    app = create_app(settings, database, brain, faq, clock, name=f"bad-rasa-{uuid4().hex}")

    async def close(_app: object) -> None:
        await brain.close()

    app.after_server_stop(close)
    with served(app) as running:
        yield running


def test_scenario_26_failing_slow_or_senseless_engine_ends_in_words_and_a_way_out(
    xiaolin: Xiaolin, rasa: BadRasa
) -> None:
    def hears_of_a_way_out(what: str) -> None:
        before = len(said_by(xiaolin, Author.BOT))
        xiaolin.sends(text="压力表")
        heard = said_by(xiaolin, Author.BOT)[before:]
        assert len(heard) == 1, what
        assert heard[0]["text"], what
        offered = {each["payload"] for each in heard[0]["data"]["buttons"]}
        assert offered == {"/request_handoff", "/leave_message"}, what

    for status, body in UNUSABLE:
        rasa.answers(status, body)
        hears_of_a_way_out(body)
    rasa.hangs = True
    hears_of_a_way_out("slow")


def test_scenario_27_without_a_model_the_gate_answers_and_people_can_be_reached(
    xiaolin: Xiaolin, alice: httpx.Client, rasa: BadRasa, faq: FakeFaq
) -> None:
    rasa.answers(503, '{"error": {"code": "model_missing", "message": "no model is loaded"}}')
    health = alice.get("/healthz")
    assert (health.status_code, health.json()["rasa"]) == (200, "down")
    faq.sure = "强制检定停征检定费。"
    xiaolin.sends(text="强检收费吗")
    assert faq.sure in xiaolin.texts()[-1]
    faq.sure = None
    xiaolin.sends(text="给我转人工")
    assert in_queue(alice) == [xiaolin.id]
    serves(alice, xiaolin.id)
    assert replies(alice, xiaolin.id, "您好").status_code == 201
    assert xiaolin.texts()[-1] == "您好"
