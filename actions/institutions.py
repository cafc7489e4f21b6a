"""Finding institutions by what they can do and where."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import card, command, label
from actions.context import Context
from actions.doing import Doing
from actions.entries import candidates_for, decide_on, tell_decided
from actions.halves import answer_aside
from actions.said import Said, active_form, wish_of
from actions.stations import tell_stations
from bot.resources.matching import Match, Matches, find_institutions
from bot.resources.wanted import shown, wanted_in
from bot.staff.hours import spoken_date


class FindInstitution(Doing):
    """Lists institutions side by side; asks what for when that is missing."""

    def name(self) -> str:
        return "action_find_institution"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if tracker.get_slot("form_stopped"):
            dispatcher.utter_message(response="utter_form_stopped")
            return [SlotSet("form_stopped", None), SlotSet("wanted_service", None)]
        if (told := await tell_stations(dispatcher, said, here)) is not None:
            return told
        text = tracker.get_slot("wanted_service") or wish_of(said)
        wanted = wanted_in(text)
        thing = tracker.get_slot("last_thing")
        if thing and not any(wanted.pieces) and wanted.stem is None:
            # “在哪里检” is about what was just talked about.
            wanted = wanted_in(f"{thing} {text}")
        if wanted.is_empty:
            return _ask(dispatcher, tracker)
        region = wanted.region or said.entities.get("region") or here.region
        matches = await here.database.read(find_institutions, wanted, region, on=here.today)
        if not matches.found and (answered := _answered(dispatcher, said, here)) is not None:
            return answered
        aside = answer_aside(dispatcher, said, here)
        named = bool(wanted.region or said.entities.get("region"))
        dispatcher.utter_message(
            response=_response(matches, named),
            wanted=shown(wanted),
            region=region or "",
            count=len(matches.found),
            json_message=_items(matches.found),
        )
        return [
            *aside,
            SlotSet("wanted_service", None),
            SlotSet("last_wish", text),
            SlotSet("case_subject", shown(wanted)),
            SlotSet("case_category", said.category or wanted.service),
        ]


def _ask(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    if active_form(tracker):
        dispatcher.utter_message(response="utter_ask_wanted_service")
        return []
    return [FollowupAction("find_institution_form")]


def _answered(
    dispatcher: CollectingDispatcher, said: Said, here: Context
) -> list[EventType] | None:
    """“版权登记去哪办” asks for an office that is no institution of ours; an entry may tell it."""
    candidates = candidates_for(said, here)
    decision = decide_on(candidates, said, here)
    if decision.kind != "answer":
        return None
    return tell_decided(dispatcher, here, decision, candidates, said)


def _response(matches: Matches, region_named: bool) -> str:
    if not matches.found:
        return "utter_institutions_none"
    if matches.elsewhere:
        return "utter_institutions_elsewhere"
    if region_named:
        return "utter_institutions_found"
    return "utter_institutions_found_default_region"


def _items(found: list[Match]) -> dict[str, Any]:
    if not found:
        return {}
    return {"items": [institution_card(match) for match in found], "handled": "task"}


def institution_card(match: Match) -> dict[str, Any]:
    """An institution with why it stands where it stands."""
    institution = match.institution
    reasons = [label("reasons", each) for each in (*match.reasons, "qualified")]
    return card(
        "institution",
        {
            "name": institution.name,
            "items": "；".join(
                f"{each.item} {each.work}（{each.method}）" if each.method else each.item
                for each in match.capabilities
            ),
            "qualification_number": institution.qualification_number.replace(";", "、"),
            "expires": spoken_date(institution.qualification_expires),
            "reasons": "；".join(reasons),
            "days": institution.turnaround_days,
            "fee_note": institution.fee_note,
            "address": institution.address,
            "phone": institution.phone,
        },
        payload=command("open_case", choice=institution.name),
        demo=institution.demo,
    )
