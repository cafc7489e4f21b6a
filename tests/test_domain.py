"""What Rasa leaves to chance: that domain, rules, training data and code fit together."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections import Counter
from inspect import isabstract
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk import Action

import actions
from actions.cards import card
from bot.conversations.buttons import OWN
from bot.responses import Responses
from bot.settings import ROOT

_FEWEST_EXAMPLES = 15
_FEWEST_IN_ALL = 1200
# Chinese and Latin want a space between them.
_UNSPACED = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
# In a response: a variable; a doubled brace is a brace.
_VARIABLE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


DOMAIN = read(ROOT / "domain.yml")
RULES = [rule for path in (ROOT / "data" / "rules").glob("*.yml") for rule in read(path)["rules"]]
NLU = [
    block
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml"))
    for block in read(path).get("nlu") or []
    if "intent" in block
]
CODE = "\n".join(
    path.read_text("utf-8")
    for folder in ("actions", "bot", "connectors")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".yml")
)


def classes() -> dict[str, type[Action]]:
    for module in pkgutil.iter_modules(actions.__path__):
        importlib.import_module(f"actions.{module.name}")
    waiting, found = list(Action.__subclasses__()), {}
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__.startswith("actions.") and not isabstract(each):
            found[each().name()] = each
    return found


def listed_actions() -> set[str]:
    return {each if isinstance(each, str) else next(iter(each)) for each in DOMAIN["actions"]}


def steps_of(rule: dict[str, Any]) -> list[dict[str, Any]]:
    steps = []
    for step in rule["steps"]:
        steps += step["or"] if "or" in step else [step]
    return steps


def examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for block in NLU:
        intent = block["intent"].split("/")[0]
        lines = re.findall(r"^\s*-\s*(.+?)\s*$", block["examples"], re.MULTILINE)
        found.setdefault(intent, []).extend(lines)
    return found


def plain(example: str) -> str:
    return re.sub(r"\[(.+?)\](\(.+?\)|\{.+?\})", r"\1", example)


def test_every_action_has_a_class_and_every_class_is_listed() -> None:
    assert set(classes()) == listed_actions()


def test_every_rule_names_what_exists() -> None:
    forms = set(DOMAIN["forms"])
    known = listed_actions() | forms | set(DOMAIN["responses"])
    for rule in RULES:
        for step in steps_of(rule):
            if "intent" in step:
                assert step["intent"] in DOMAIN["intents"], rule["rule"]
            if "action" in step:
                assert step["action"] in known, f"{rule['rule']}: {step['action']}"
            if step.get("active_loop"):
                assert step["active_loop"] in forms, rule["rule"]


def test_every_intent_leads_somewhere() -> None:
    led = {step["intent"] for rule in RULES for step in steps_of(rule) if "intent" in step}
    assert led == set(DOMAIN["intents"])


def test_no_rule_name_is_used_twice() -> None:
    assert not [name for name, count in Counter(r["rule"] for r in RULES).items() if count > 1]


# The web application's own texts; those in its hands are checked where it uses them.
def test_every_response_named_in_code_exists_and_every_response_is_used() -> None:
    named = set(re.findall(r"\butter_[a-z0-9_]+\b", CODE))
    # A prefix that a name is made from, and rasa-sdk's method.
    others = {each for each in named if each.endswith("_")} | {"utter_message"}
    forms = DOMAIN["forms"].values()
    asked = {f"utter_ask_{slot}" for form in forms for slot in form["required_slots"]}
    ruled = {s["action"] for r in RULES for s in steps_of(r) if "action" in s}
    responses = set(DOMAIN["responses"])
    assert named - others <= responses
    unused = responses - named - asked - ruled
    assert not unused, f"never said: {sorted(unused)}"


def test_every_question_of_a_form_is_worded() -> None:
    for form in DOMAIN["forms"].values():
        for slot in form["required_slots"]:
            assert slot in DOMAIN["slots"]
            worded = f"utter_ask_{slot}" in DOMAIN["responses"]
            assert worded or f"action_ask_{slot}" in listed_actions(), slot


def test_every_response_says_how_the_message_was_handled() -> None:
    allowed = {"answer", "clarify", "handoff", "refuse", "task"}
    for name, variants in DOMAIN["responses"].items():
        for variant in variants:
            assert variant["custom"]["handled"] in allowed, name


def test_button_payloads_name_intents_and_entities_of_the_domain() -> None:
    answered_by_us = {payload.removeprefix("/") for payload in OWN}
    for name, variants in DOMAIN["responses"].items():
        for variant in variants:
            for button in variant.get("buttons", []):
                payload = button["payload"].replace("{{", "{").replace("}}", "}")
                match = re.fullmatch(r"/(\w+)(\{.*\})?", payload)
                assert match, name
                assert match[1] in {*DOMAIN["intents"], *answered_by_us}, name
                assert set(json.loads(match[2] or "{}")) <= set(DOMAIN["entities"]), name
                if name.startswith("utter_system_"):
                    assert match[2] is None, "the web application does not unescape braces"


def test_entries_named_on_buttons_exist() -> None:
    from knowledge.entries import load_entries

    ids = {entry.id for entry in load_entries()}
    text = (ROOT / "domain.yml").read_text("utf-8")
    for named in re.findall(r'entry\\": \\"([\w-]+)', text):
        assert named in ids


def test_no_variable_is_a_key_that_rasa_takes_for_itself() -> None:
    taken = {"text", "image", "buttons", "custom", "attachment", "elements", "template", "response"}
    for name, variants in DOMAIN["responses"].items():
        for variant in variants:
            assert not taken & set(_VARIABLE.findall(variant["text"])), name


def test_texts_are_short_and_plain() -> None:
    for name, variants in DOMAIN["responses"].items():
        for variant in variants:
            text = variant["text"]
            assert len(text) <= 120, name
            assert "!" not in text, name
            assert "！" not in text, name
            assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", text), (
                name
            )


def test_system_responses_are_filled_as_the_web_application_does_it() -> None:
    responses = Responses.load()
    values = dict.fromkeys(
        "position low high opens_at ends_at name number case_number due score file platform what"
        " enterprise other left station hours phone count distance".split(),
        "1",
    )
    for name in DOMAIN["responses"]:
        if name.startswith("utter_system_"):
            assert "{" not in responses.text(name, **values)


def test_every_intent_has_enough_examples() -> None:
    found = examples()
    assert set(found) == set(DOMAIN["intents"])
    few = {intent: len(each) for intent, each in found.items() if len(each) < _FEWEST_EXAMPLES}
    assert not few
    assert sum(map(len, found.values())) >= _FEWEST_IN_ALL


def test_no_example_stands_for_two_intents() -> None:
    owners: dict[str, set[str]] = {}
    for intent, lines in examples().items():
        for line in lines:
            owners.setdefault(plain(line), set()).add(intent)
    assert not {text: intents for text, intents in owners.items() if len(intents) > 1}


def test_no_golden_question_is_in_the_training_data() -> None:
    golden = {
        json.loads(line)["text"].strip()
        for path in (ROOT / "tests" / "golden").glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
        if line.strip()
    }
    if not golden:
        pytest.skip("no golden questions yet")
    trained = {plain(line) for lines in examples().values() for line in lines}
    assert not golden & trained


def test_a_fact_without_its_value_is_left_out() -> None:
    made = card(
        "standard",
        dict.fromkeys(
            "number title effective replaces replaced_by iso adoption national others note".split(),
            "",
        )
        | {"status": "现行"},
    )
    assert made["facts"] == [["状态", "现行"]]
    assert made["action"] is None
