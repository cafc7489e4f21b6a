"""The fast paths give the same results as what they replace."""

from __future__ import annotations

import json

import jsonschema
import pytest
from rasa.core.actions import action as rasa_actions
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.utils.common import all_subclasses

from bot.components import fast_paths
from bot.components.fast_paths import take_fast_paths
from tests.components.small_project import DOMAIN

RESULTS = [
    {},
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "topic", "value": "x"}], "responses": [{"text": "x"}]},
    {"events": [{"event": "reset_slots"}, {"event": "bot", "text": None, "data": {}}]},
    {"responses": ["text"]},
    {"events": {}},
    {"events": [{"event": "slot"}]},
    {"events": [{"event": "slot", "name": 1, "value": "x"}]},
    {"events": [{"event": "slot", "name": "topic", "value": None, "timestamp": "now"}]},
    {"events": [{"event": "slot", "name": "topic", "value": None, "timestamp": None}]},
    {"events": [{"event": "slot", "name": "topic", "value": 1}, {"event": "no such event"}]},
    {"events": [{"event": "no such event"}]},
    [],
    None,
    "text",
]


@pytest.fixture(autouse=True)
def fast() -> None:
    take_fast_paths()


@pytest.mark.parametrize("result", RESULTS, ids=[json.dumps(result) for result in RESULTS])
def test_action_results_are_judged_as_by_the_stock_validator(result: object) -> None:
    try:
        jsonschema.validate(result, RemoteAction.action_response_format_spec())
        fits = True
    except jsonschema.ValidationError:
        fits = False

    if fits:
        assert RemoteAction("action_x", None)._validate_action_result(result)
    else:
        with pytest.raises(jsonschema.ValidationError):
            RemoteAction("action_x", None)._validate_action_result(result)


def test_event_types_are_the_stock_ones() -> None:
    names = {event.type_name for event in all_subclasses(Event)}

    assert len(names) > 20
    for name in names:
        assert Event.resolve_by_type(name) is fast_paths._stock_resolve_by_type(name)


def test_unknown_event_type_is_refused_as_ever() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Event.resolve_by_type("nonsense")
    assert Event.resolve_by_type("topic") is None


def test_event_class_defined_later_is_found() -> None:
    class Late(SlotSet):
        type_name = "late_event"

    assert Event.resolve_by_type("late_event") is Late


def test_actions_are_the_stock_ones() -> None:
    domain = Domain.from_yaml(DOMAIN)

    assert "case_form" in domain.action_names_or_texts
    for name in domain.action_names_or_texts:
        fast = rasa_actions.action_for_name_or_text(name, domain, None)
        stock = fast_paths._stock_action_for_name(name, domain, None)
        assert (type(fast), fast.name()) == (type(stock), stock.name())


def test_default_action_that_the_domain_overrides_is_remote() -> None:
    domain = Domain.from_dict({"actions": ["action_session_start", "action_listen"]})

    for name in ("action_session_start", "action_listen"):
        assert type(rasa_actions.action_for_name_or_text(name, domain, None)) is RemoteAction
