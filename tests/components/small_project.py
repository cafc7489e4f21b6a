"""A Rasa project of a few lines that uses our components, for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.model_training import train
from rasa.utils.endpoints import EndpointConfig

from bot.components.action_calls import close_kept_session
from bot.components.input_channel import AssistantChannel, turn
from bot.components.message_vectors import message_vectors
from bot.components.tracker_store import RecentTrackerStore
from tests.components.straw import StrawActionServer, StrawEmbedder

CONFIG = """
recipe: default.v1
assistant_id: small_project
language: zh
pipeline:
- name: bot.components.tokenizer.ChineseTokenizer
- name: bot.components.classifier.IntentAndCategoryClassifier
- name: bot.components.entity_finder.EntityFinder
policies:
- name: RulePolicy
"""

DOMAIN = """
version: "3.1"
intents: [ask_ip, find_institution, greet, deny, affirm, open_case, inform, thank]
entities: [category, phone, product, region, instrument, company, quantity]
slots:
  topic: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  product:
    type: text
    influence_conversation: false
    mappings: [{type: from_entity, entity: product}]
  phone:
    type: text
    mappings: [{type: from_entity, entity: phone, conditions: [{active_loop: case_form}]}]
forms:
  case_form: {required_slots: [product, phone]}
responses:
  utter_greet:
  - text: "您好。\\n\\n请问有什么可以帮您？"
    custom: {handled: answer}
    buttons: [{title: 找机构, payload: /find_institution}]
  utter_answer: [{text: "回答：{answer}", custom: {handled: answer}}]
  utter_found: [{text: 找到了}]
  utter_ask_product: [{text: 什么产品？}]
  utter_ask_phone: [{text: 电话？}]
  utter_done: [{text: "好了：{product} {phone}"}]
actions: [action_answer, action_silent, action_then_greet]
session_config: {session_expiration_time: 60, carry_over_slots_to_new_session: true}
"""

NLU = {
    "ask_ip": "商标注册要多久 专利怎么申请 注册商标多少钱 商标被抢注怎么办",
    "greet": "你好 您好 早上好 你好呀",
    "deny": "不是 不对 不要 不用了",
    "affirm": "是的 对的 没错 好的",
    "thank": "谢谢 多谢 谢谢您 太感谢了",
    "open_case": "我要开工单 帮我提交工单 开一个工单 我要提交工单",
    "inform": "13800000000 阀门 压力表 王工",
}
# One intent in two categories, told apart by the metadata of its blocks.
FIND = {
    "testing": "找检测机构 哪里能检测水质 找个检测机构 检测机构推荐",
    "metrology": "哪里能校准卡尺 找校准机构 校准机构在哪 哪家能校准",
}

RULES = """
version: "3.1"
rules:
- {rule: ip, steps: [{intent: ask_ip}, {action: action_answer}]}
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
- {rule: find, steps: [{intent: find_institution}, {action: utter_found}]}
- {rule: deny, steps: [{intent: deny}, {action: action_silent}]}
- {rule: thank, steps: [{intent: thank}, {action: action_then_greet}, {action: utter_greet}]}
- {rule: open, steps: [{intent: open_case}, {action: case_form}, {active_loop: case_form}]}
- rule: done
  condition: [{active_loop: case_form}]
  steps:
  - action: case_form
  - active_loop: null
  - slot_was_set: [{requested_slot: null}]
  - action: utter_done
"""


@dataclass
class SmallProject:
    """The trained project; `talk` runs turns of it over a fresh server and store."""

    folder: Path
    embedder: StrawEmbedder

    @classmethod
    def trained_in(cls, folder: Path) -> SmallProject:
        embedder = StrawEmbedder()
        message_vectors._load_embedder = lambda: embedder
        message_vectors.__dict__.pop("_embedder", None)
        (folder / "data").mkdir()
        (folder / "config.yml").write_text(CONFIG, "utf-8")
        (folder / "domain.yml").write_text(DOMAIN, "utf-8")
        (folder / "data" / "rules.yml").write_text(RULES, "utf-8")
        (folder / "data" / "nlu.yml").write_text(_nlu(), "utf-8")
        train(
            domain=str(folder / "domain.yml"),
            config=str(folder / "config.yml"),
            training_files=[str(folder / "data")],
            output=str(folder),
            force_training=True,
            fixed_model_name="small",
        )
        return cls(folder, embedder)

    def talk(self, store: str, play: Callable[[Turns], Awaitable[None]]) -> None:
        """Load the model and let `play` take turns, in an event loop of their own."""
        asyncio.run(self._talk(store, play))

    async def _talk(self, store: str, play: Callable[[Turns], Awaitable[None]]) -> None:
        AssistantChannel()
        server = StrawActionServer()
        endpoint = EndpointConfig(await server.start())
        agent = Agent.load(
            self.folder / "small.tar.gz",
            tracker_store=RecentTrackerStore(host=store),
            lock_store=InMemoryLockStore(),
            action_endpoint=endpoint,
        )
        try:
            await play(Turns(agent, server))
        finally:
            await close_kept_session(endpoint)
            await server.stop()


@dataclass
class Turns:
    """Posts turns to the channel's handler."""

    agent: Agent
    server: StrawActionServer

    async def post(self, body: object) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        app = SimpleNamespace(ctx=SimpleNamespace(agent=self.agent))
        response = await turn(SimpleNamespace(body=raw, app=app))
        return response.status, json.loads(response.body)

    async def say(self, text: str, conversation: str = "c.1", **more: Any) -> dict[str, Any]:
        status, answer = await self.post({"conversation_id": conversation, "text": text, **more})
        assert status == 200, answer
        return answer


def _nlu() -> str:
    lines = ['version: "3.1"', "nlu:"]
    blocks = [(intent, None, examples) for intent, examples in NLU.items()]
    blocks += [("find_institution", category, examples) for category, examples in FIND.items()]
    for intent, category, examples in blocks:
        lines.append(f"- intent: {intent}")
        if category:
            lines.append(f"  metadata: {{category: {category}}}")
        lines.append("  examples: |")
        lines += [f"    - {example}" for example in examples.split()]
    return "\n".join(lines) + "\n"
