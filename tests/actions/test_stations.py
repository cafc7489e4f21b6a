"""Asking in words where the platform is to be found."""

from __future__ import annotations

import pytest
from rasa_sdk import Action

from actions.context import Context
from actions.followups import AnswerFollowup
from actions.institutions import FindInstitution
from actions.questions import AnswerQuestion, Refuse
from tests.actions.acting import do, heard

# Whatever the classifier makes of the words.
ACTIONS = [AnswerQuestion, AnswerFollowup, FindInstitution, Refuse]


@pytest.mark.parametrize("action", ACTIONS)
def test_stations_are_listed_whichever_action_hears_it(
    resources: Context, action: type[Action]
) -> None:
    done = do(action(), heard("附近有服务站吗", "ask_platform"))
    assert done.responses == ["utter_stations_all"]
    cards = done.messages[0]["custom"]["items"]
    assert done.messages[0]["count"] == len(cards) >= 5
    assert resources.entries[done.slots["last_entry"]].id == "platform-channels"
    assert all(card["demo"] and card["type"] == "station" for card in cards)


def test_a_region_that_is_named_counts(resources: Context) -> None:
    for text, response, count in (
        ("云西区有服务站吗", "utter_stations_in_region", 1),
        ("北京有服务站吗", "utter_stations_elsewhere", 6),
    ):
        region = {"region": "北京市"} if "北京" in text else {"region": "云西区"}
        done = do(AnswerQuestion(), heard(text, "ask_platform", entities=region))
        assert (done.responses, done.messages[0]["count"]) == ([response], count), text


def test_without_any_station_it_is_said(here: Context) -> None:
    done = do(AnswerQuestion(), heard("窗口在哪", "ask_platform"))
    assert done.responses == ["utter_stations_none"]
