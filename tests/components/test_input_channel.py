"""The input channel: one turn in, what was said and understood out, failures with a type."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.shared.core.events import UserUttered

from bot.components.input_channel import health, turn
from bot.components.message_vectors import message_vectors
from knowledge.encoders import pack
from tests.components.small_project import SmallProject, Turns
from tests.components.straw import StrawEmbedder


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/trackers.db"


def answer(call: dict[str, Any]) -> dict[str, Any]:
    response = {
        "response": "utter_answer",
        "answer": "九个月 {左右}",
        "custom": {"handled": "answer", "faq": {"id": "ip-1"}},
        "buttons": [{"title": "有帮助", "payload": "/affirm"}],
    }
    return {
        "events": [{"event": "slot", "name": "topic", "value": "商标"}],
        "responses": [response],
    }


def test_utterance_keeps_text_buttons_and_custom_together(
    project: SmallProject, store: str
) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_answer"] = answer
        said = await turns.say("商标注册要多久")
        assert said["messages"] == [
            {
                "text": "回答：九个月 {左右}",
                "buttons": [{"title": "有帮助", "payload": "/affirm"}],
                "custom": {"handled": "answer", "faq": {"id": "ip-1"}},
            }
        ]
        assert said["nlu"]["intent"] == "ask_ip"
        assert said["nlu"]["category"] == "ip"
        assert 0 < said["nlu"]["confidence"] <= 1
        assert said["failure"] is None

    project.talk(store, play)


def test_text_is_not_split_at_blank_lines(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        said = await turns.say("你好")
        assert [message["text"] for message in said["messages"]] == [
            "您好。\n\n请问有什么可以帮您？"
        ]

    project.talk(store, play)


def test_entities_come_with_type_value_and_text(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        await turns.say("我要开工单")
        said = await turns.say("电话 138-0000-0000")
        assert {"type": "phone", "value": "13800000000", "text": "138-0000-0000"} in said["nlu"][
            "entities"
        ]

    project.talk(store, play)


def test_form_is_filled_over_several_turns(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        assert (await turns.say("我要开工单"))["messages"][0]["text"] == "什么产品？"
        assert (await turns.say("阀门"))["messages"][0]["text"] == "电话？"
        assert (await turns.say("13800000000"))["messages"][0]["text"] == "好了：阀门 13800000000"

    project.talk(store, play)


@pytest.mark.parametrize("text", ["/restart", "/greet", '/inform{"phone": "1"}', "  /back"])
def test_text_with_a_slash_is_never_a_command(project: SmallProject, store: str, text: str) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_answer"] = answer
        turns.server.script["action_silent"] = lambda call: {"events": [], "responses": []}
        turns.server.script["action_then_greet"] = turns.server.script["action_silent"]
        await turns.say("我要开工单")
        await turns.say(text)
        tracker = await turns.agent.tracker_store.retrieve("c.1")
        heard = [event for event in tracker.events if isinstance(event, UserUttered)][-1]
        assert heard.text == "／" + text.strip()[1:]
        assert heard.intent["confidence"] < 1
        assert tracker.get_slot("phone") is None

    project.talk(store, play)


def test_payload_is_a_command(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        said = await turns.say("计量", payload='/find_institution{"category": "metrology"}')
        assert said["messages"][0]["text"] == "找到了"
        assert said["nlu"] == {
            "intent": "find_institution",
            "confidence": 1.0,
            "category": "metrology",
            "entities": [{"type": "category", "value": "metrology", "text": "metrology"}],
        }

    project.talk(store, play)


@pytest.mark.parametrize("payload", ["/no_such_intent", "/greet{", "greet", "/greet[1]", "/"])
def test_bad_payload_is_refused(project: SmallProject, store: str, payload: str) -> None:
    async def play(turns: Turns) -> None:
        status, body = await turns.post({"conversation_id": "c", "text": "x", "payload": payload})
        assert (status, body["error"]["code"]) == (422, "bad_request")

    project.talk(store, play)


def test_failed_action_that_leaves_silence_is_an_error(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_answer"] = lambda call: 500
        status, body = await turns.post({"conversation_id": "c", "text": "商标注册要多久"})
        assert (status, body["error"]["code"]) == (502, "action_failed")
        assert "action_answer" in body["error"]["message"]
        turns.server.script["action_answer"] = answer
        assert (await turns.say("商标注册要多久"))["failure"] is None

    project.talk(store, play)


def test_failed_action_is_told_even_if_something_was_said(
    project: SmallProject, store: str
) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_then_greet"] = lambda call: 500
        said = await turns.say("谢谢")
        assert said["failure"] == "action_failed"
        assert len(said["messages"]) == 1

    project.talk(store, play)


def test_silence_without_failure_is_an_empty_list(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_silent"] = lambda call: {"events": [], "responses": []}
        said = await turns.say("不是")
        assert (said["messages"], said["failure"]) == ([], None)

    project.talk(store, play)


def test_action_server_gets_the_domain_once_over_one_connection(
    project: SmallProject, store: str
) -> None:
    async def play(turns: Turns) -> None:
        turns.server.script["action_answer"] = answer
        for number in range(4):
            await turns.say("商标注册要多久", conversation=f"c.{number}")
        assert ["domain" in call for call in turns.server.calls] == [False, True, *[False] * 3]
        assert "utter_answer" in turns.server.calls[1]["domain"]["responses"]
        assert len(turns.server.connections) == 1
        turns.server.digest = None  # as after a restart
        assert (await turns.say("商标注册要多久"))["failure"] is None

    project.talk(store, play)


def test_vectors_sent_along_are_used_and_not_stored(project: SmallProject, store: str) -> None:
    text = "请问商标注册一般要多久呢"
    vectors = pack(StrawEmbedder().vectors(text))

    async def play(turns: Turns) -> None:
        turns.server.script["action_answer"] = answer
        project.embedder.asked.clear()
        await turns.say(text, metadata={"vectors": vectors, "faq": [], "turn_id": "t1"})
        assert project.embedder.asked == []
        stored = turns.server.calls[-1]["tracker"]["latest_message"]["metadata"]
        assert stored["turn_id"] == "t1"
        assert "vectors" not in json.dumps(turns.server.calls[-1])

    project.talk(store, play)


@pytest.mark.parametrize(
    "vectors", [{"one": "!"}, {"one": ""}, {"one": 1}, [], {"one": "AHwAfA==", "two": "AHwAfA=="}]
)
def test_unreadable_vectors_are_refused(project: SmallProject, store: str, vectors: object) -> None:
    async def play(turns: Turns) -> None:
        body = {"conversation_id": "c", "text": "你好", "metadata": {"vectors": vectors}}
        status, answered = await turns.post(body)
        assert (status, answered["error"]["code"]) == (422, "bad_request")

    project.talk(store, play)


def test_vectors_of_another_encoder_are_computed_anew(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        text = "你好呀，在吗"
        short = {name: row[:4] for name, row in StrawEmbedder().vectors(text).items()}
        await turns.say(text, metadata={"vectors": pack(short)})
        assert project.embedder.asked[-1] == text

    project.talk(store, play)
    message_vectors._remembered.clear()


def test_broken_store_is_an_error_and_not_a_new_conversation(
    project: SmallProject, store: str
) -> None:
    async def play(turns: Turns) -> None:
        await turns.say("我要开工单")
        tracker_store = turns.agent.tracker_store._tracker_store
        engine, tracker_store.engine = tracker_store.engine, None
        status, body = await turns.post({"conversation_id": "c.1", "text": "阀门"})
        assert (status, body["error"]["code"]) == (500, "processing_failed")
        tracker_store.engine = engine
        assert (await turns.say("阀门"))["messages"][0]["text"] == "电话？"

    project.talk(store, play)


def test_two_turns_of_one_conversation_run_one_after_the_other(
    project: SmallProject, store: str
) -> None:
    async def play(turns: Turns) -> None:
        await turns.say("我要开工单")
        await asyncio.gather(turns.say("阀门"), turns.say("13800000000"))
        tracker = await turns.agent.tracker_store.retrieve("c.1")
        assert (tracker.get_slot("product"), tracker.get_slot("phone")) == ("阀门", "13800000000")

    project.talk(store, play)


def test_missing_model_is_told_apart() -> None:
    app = SimpleNamespace(ctx=SimpleNamespace())
    body = b'{"conversation_id": "c", "text": "x"}'
    answered = asyncio.run(turn(SimpleNamespace(body=body, app=app)))
    assert answered.status == 503
    assert json.loads(answered.body)["error"]["code"] == "model_missing"
    assert asyncio.run(health(SimpleNamespace(app=app))).status == 503


def test_health_is_good_once_a_model_is_loaded(project: SmallProject, store: str) -> None:
    async def play(turns: Turns) -> None:
        app = SimpleNamespace(ctx=SimpleNamespace(agent=turns.agent))
        assert (await health(SimpleNamespace(app=app))).status == 200

    project.talk(store, play)
