"""The stock half: the project `rasa init` makes, with a SQL tracker store and a custom action."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import yaml

from bench.http import JsonClient
from bench.texts import training_examples
from bot.errors import StartFailed
from bot.processes.children import Child, Program, free_port, inherited_environment, stop_all
from bot.processes.engine import wait_until_ready
from bot.processes.training import RASA_PYTHON
from bot.settings import VAR

PROJECT = VAR / "bench" / "stock"
_QUIET = {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}

# What `rasa init` does before it offers to train.
_SCAFFOLD = "from rasa.cli.scaffold import create_initial_project as make; make('.')"

# The same kind of work as ours without the search: it answers with two buttons and remembers what
# was asked about, as a bot must that is to understand "and how much is that" afterwards.
_ACTION = """\
from rasa_sdk import Action
from rasa_sdk.events import SlotSet


class ActionAnswer(Action):
    def name(self):
        return "action_answer"

    def run(self, dispatcher, tracker, domain):
        question = tracker.latest_message["text"]
        dispatcher.utter_message(
            text="您的问题已查到，请看服务指南中对应的条目。",
            buttons=[
                {"title": "有帮助", "payload": "/affirm"},
                {"title": "没帮助", "payload": "/deny"},
            ],
        )
        return [
            SlotSet("last_entry", question[:12]),
            SlotSet("case_subject", question),
            SlotSet("case_category", question[-4:]),
        ]
"""
_REMEMBERED = ("last_entry", "case_subject", "case_category")


class StockBot:
    """Stock Rasa and a stock action server on loopback ports."""

    name = "stock"

    def __init__(self) -> None:
        """Choose ports; nothing is started yet."""
        self._port, self._actions_port = free_port(), free_port()
        self.children: list[Child] = []
        self._client = JsonClient(self._port)

    def prepare(self) -> None:
        """Make the project anew."""
        shutil.rmtree(PROJECT, ignore_errors=True)
        PROJECT.mkdir(parents=True)
        _run([str(RASA_PYTHON), "-c", _SCAFFOLD], "stock-init")
        (PROJECT / "actions" / "actions.py").write_text(_ACTION, encoding="utf-8")
        _add_question_intent()

    def train(self) -> float:
        """Train as its maker would; the seconds it took."""
        started = time.monotonic()
        _run([str(RASA_PYTHON), "-m", "rasa", "train"], "stock-train")
        return time.monotonic() - started

    def start(self) -> float:
        """Start both programs with an empty tracker store; the seconds until they answer."""
        (PROJECT / "tracker.db").unlink(missing_ok=True)
        self._write_endpoints()
        rasa = [str(RASA_PYTHON), "-m", "rasa", "run", "--interface", "127.0.0.1"]
        actions = [str(RASA_PYTHON), "-m", "rasa_sdk", "--actions", "actions"]
        self.children = [
            self._child("rasa", [*rasa, "--enable-api", "--port", str(self._port)], "status"),
            self._child("actions", [*actions, "--port", str(self._actions_port)], "health"),
        ]
        started = time.monotonic()
        for child in self.children:
            child.start()
        wait_until_ready(self.children, limit_seconds=400.0)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop both."""
        self._client.close()
        stop_all(self.children)

    def open(self) -> StockConversation:
        """A conversation nobody has had yet."""
        return StockConversation(self._client)

    def _child(self, name: str, command: list[str], health: str) -> Child:
        port = self._port if name == "rasa" else self._actions_port
        environment = {**inherited_environment(), **_QUIET, "SANIC_HOST": "127.0.0.1"}
        return Child(
            Program(
                name=f"bench-stock-{name}",
                title=f"stock {name}",
                command=tuple(command),
                environment=environment,
                health_url=f"http://127.0.0.1:{port}/{health}",
                folder=PROJECT,
            )
        )

    def _write_endpoints(self) -> None:
        endpoints = {
            "action_endpoint": {"url": f"http://127.0.0.1:{self._actions_port}/webhook"},
            "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"},
        }
        (PROJECT / "endpoints.yml").write_text(yaml.safe_dump(endpoints), encoding="utf-8")


class StockConversation:
    """One sender on the stock REST channel."""

    def __init__(self, client: JsonClient) -> None:
        """Choose a new sender."""
        self._client = client
        self._sender = uuid4().hex

    def ask(self, text: str) -> float | None:
        """One turn through HTTP; the seconds until the answer was there, None if none came."""
        started = time.perf_counter()
        body = {"sender": self._sender, "message": text}
        answer = self._client.post("/webhooks/rest/webhook", body)
        seconds = time.perf_counter() - started
        return seconds if answer else None


def _add_question_intent() -> None:
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    domain["intents"].append("ask_question")
    domain["actions"] = ["action_answer"]
    slot = {"type": "text", "influence_conversation": False, "mappings": [{"type": "custom"}]}
    domain["slots"] = {name: dict(slot) for name in _REMEMBERED}
    _write(PROJECT / "domain.yml", domain)
    examples = "".join(f"- {text}\n" for text in training_examples())
    nlu = {"version": "3.1", "nlu": [{"intent": "ask_question", "examples": examples}]}
    _write(PROJECT / "data" / "questions.yml", nlu)
    steps = [{"intent": "ask_question"}, {"action": "action_answer"}]
    rules = {"version": "3.1", "rules": [{"rule": "Answer every question", "steps": steps}]}
    _write(PROJECT / "data" / "answers.yml", rules)


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _run(command: list[str], name: str) -> None:
    log = VAR / "log" / f"bench-{name}.log"
    with log.open("wb") as output:
        code = subprocess.call(
            command,
            cwd=PROJECT,
            env={**inherited_environment(), **_QUIET},
            stdout=output,
            stderr=output,
        )
    if code:
        raise StartFailed(f"{' '.join(command)} failed; see {log}")
