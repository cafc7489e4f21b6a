"""Finding instruments: must it be verified, and which ones can be shared."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.cards import card, command, label, openly
from actions.context import Context
from actions.doing import Doing
from actions.said import Said, wish_of
from bot.resources.instruments import instrument_kind, is_sure, shared_instruments
from bot.resources.models import InstrumentKind, SharedInstrument
from bot.resources.wanted import Wanted, shown, wanted_in

_RESPONSES = {
    "是": "utter_instrument_forced",
    "条件": "utter_instrument_conditional",
    "否": "utter_instrument_free",
}
# Asked this way, the dictionary is meant and not a machine to use.
_ABOUT_VERIFICATION = re.compile("强检|强制|检定|校准|周期|多久|规程|几年|几个月|检一次")


class FindInstrument(Doing):
    """Tells about an instrument of the dictionary, or lists shared ones."""

    def name(self) -> str:
        return "action_find_instrument"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        text = wish_of(said)
        wanted = wanted_in(text)
        if not any(wanted.pieces):
            dispatcher.utter_message(response="utter_ask_instrument")
            return []
        kind, shared = await here.database.read(_look, text, wanted, here.region)
        if shared and not (kind and asks_about_verification(text)):
            dispatcher.utter_message(
                response="utter_shared_instruments_found",
                wanted=shown(wanted),
                count=len(shared),
                json_message={"items": [_shared_card(each) for each in shared], "handled": "task"},
            )
        elif kind:
            tell_kind(dispatcher, kind)
        else:
            dispatcher.utter_message(response="utter_instruments_none", wanted=shown(wanted))
        return [SlotSet("case_subject", shown(wanted))]


def asks_about_verification(text: str) -> bool:
    """Whether it is asked if, by which rule or how often an instrument is verified."""
    return bool(_ABOUT_VERIFICATION.search(text))


async def tell_about(dispatcher: CollectingDispatcher, here: Context, name: str) -> bool:
    """Tell what the dictionary says about an instrument; False if it is not in it."""
    kind = await here.database.read(instrument_kind, name)
    if kind is not None:
        tell_kind(dispatcher, kind)
    return kind is not None


def tell_kind(dispatcher: CollectingDispatcher, kind: InstrumentKind) -> None:
    """Say whether an instrument must be verified, by which rule, and how often."""
    dispatcher.utter_message(
        response=_response(kind),
        name=kind.name,
        condition=openly(kind.forced_condition),
        regulation=kind.regulation.replace(";", "、"),
        interval=kind.interval,
        caution=_caution(kind),
        json_message={"card": _kind_card(kind), "handled": "answer"},
    )


def _look(
    session: Session, text: str, wanted: Wanted, region: str | None
) -> tuple[InstrumentKind | None, list[SharedInstrument]]:
    return instrument_kind(session, text), shared_instruments(session, wanted, region)


def _response(kind: InstrumentKind) -> str:
    # “现行目录是否保留待核” is no condition anybody could apply.
    if (
        kind.forced == "条件"
        and "待核" in kind.forced_condition
        and "要强检" not in (kind.forced_condition)
    ):
        return "utter_instrument_unsure"
    return _RESPONSES.get(kind.forced, "utter_instrument_unsure")


def _caution(kind: InstrumentKind) -> str:
    return "" if is_sure(kind) else label("instrument_caution")


def _kind_card(kind: InstrumentKind) -> dict[str, Any]:
    values = {
        "name": kind.name,
        "forced": kind.forced,
        "condition": kind.forced_condition,
        "regulation": kind.regulation.replace(";", "、"),
        "interval": kind.interval,
        "note": kind.note,
        "caution": _caution(kind),
    }
    payload = command("find_institution", instrument=kind.name)
    return card("instrument_kind", values, shown_as="instrument", payload=payload)


def _shared_card(instrument: SharedInstrument) -> dict[str, Any]:
    return card(
        "instrument",
        {
            "name": instrument.name,
            "measures": "、".join(instrument.measures),
            "model": instrument.model,
            "range": instrument.range,
            "institution": instrument.institution.name,
            "district": instrument.district,
            "bookable": label("bookable" if instrument.bookable else "not_bookable"),
            "fee_note": instrument.fee_note,
        },
        payload=command("open_case", choice=instrument.name) if instrument.bookable else None,
        demo=instrument.demo,
    )
