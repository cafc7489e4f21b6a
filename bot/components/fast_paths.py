"""Replaces slow spots of Rasa 3.6.21 by equal but quicker ones, once per process.

Each was found with a profile of one turn and changes no result:

- `RemoteAction._validate_action_result` calls `jsonschema.validate`, which
  checks the schema itself at each call: 30 ms of a 37 ms turn. Here the
  validator is built once.
- `Event.resolve_by_type` walks all subclasses for each event that is read
  back from the tracker store. Here it looks into a table.
- `action_for_name_or_text` builds all twelve default actions to find out
  whether the wanted one is among them. Here only the wanted one is built.
- Each call of the action server opens a connection and carries the whole
  domain: see `action_calls`.

The input channel calls `take_fast_paths` when it is created, so `rasa run`
and our own starter profit alike; training and `rasa shell` stay stock.
"""

from __future__ import annotations

from typing import Any

import jsonschema
from rasa.core.actions import action as rasa_actions
from rasa.core.actions.action import Action, RemoteAction
from rasa.shared.constants import DOCS_BASE_URL
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses
from rasa.utils.endpoints import EndpointConfig

from bot.components.action_calls import shorten_action_calls

_stock_resolve_by_type = Event.resolve_by_type
_stock_action_for_name = rasa_actions.action_for_name_or_text


def take_fast_paths() -> None:
    """Put all of them in place; a second call changes nothing."""
    RemoteAction._validate_action_result = _compiled_validation()
    Event.resolve_by_type = staticmethod(_resolve_from_table(_event_types()))
    rasa_actions.action_for_name_or_text = _action_for_name
    shorten_action_calls()


def _compiled_validation() -> Any:
    schema = RemoteAction.action_response_format_spec()
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)

    def validate_action_result(self: RemoteAction, result: dict[str, Any]) -> bool:
        error = next(validator.iter_errors(_without_plain_slots(result)), None)
        if error is None:
            return True
        error.message += (
            ". The action server's answer does not have the expected form, "
            f"see {DOCS_BASE_URL}/custom-actions"
        )
        raise error

    return validate_action_result


def _without_plain_slots(result: Any) -> Any:
    # Nearly all events of an action are slots, and each is held against 23 kinds of event in turn.
    # One that can be seen to be right at a glance need not be.
    if not isinstance(result, dict) or not isinstance(result.get("events"), list):
        return result
    return {**result, "events": [e for e in result["events"] if not _is_plain_slot(e)]}


def _is_plain_slot(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.keys() <= {"event", "name", "value", "timestamp"}
        and event.get("event") == "slot"
        and isinstance(event.get("name"), str)
        and "value" in event
        and event.get("timestamp") is None
    )


def _event_types() -> dict[str, type[Event]]:
    # The first class found wins, as in the walk that this replaces.
    types: dict[str, type[Event]] = {}
    for event_class in all_subclasses(Event):
        types.setdefault(event_class.type_name, event_class)
    return types


def _resolve_from_table(types: dict[str, type[Event]]) -> Any:
    def resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
        # An event class that was defined later is not in the table.
        return types.get(type_name) or _stock_resolve_by_type(type_name, default)

    return resolve_by_type


def _action_for_name(name: str, domain: Domain, endpoint: EndpointConfig | None) -> Action:
    simple = {
        "action_listen": rasa_actions.ActionListen,
        "action_session_start": rasa_actions.ActionSessionStart,
    }
    if name in simple and name not in domain.user_actions_and_forms:
        return simple[name]()
    if name == "action_extract_slots" and name not in domain.user_actions_and_forms:
        return rasa_actions.ActionExtractSlots(endpoint)
    is_remote = (
        name in domain.user_actions
        and not name.startswith("utter_")
        and name not in domain.form_names
        and name not in domain.action_texts
    )
    if is_remote:
        return RemoteAction(name, endpoint)
    return _stock_action_for_name(name, domain, endpoint)
