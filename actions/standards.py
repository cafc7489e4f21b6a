"""Looking up standards."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.cards import card, label
from actions.context import Context
from actions.doing import Doing
from actions.instruments import tell_kind
from actions.said import Said
from bot.faq.aspects import aspects_in
from bot.resources.instruments import kind_by_regulation
from bot.resources.models import InstrumentKind, Standard
from bot.resources.standards import (
    LookUp,
    bare_number_in,
    counterparts,
    look_up,
    numbers_in,
    sentence_for,
    standards_about,
)
from bot.resources.wanted import shown, wanted_in
from bot.staff.hours import spoken_date
from knowledge.standard_numbers import without_year

# More numbers in one message are a list to be checked by a person, not a question.
MOST_NUMBERS = 3
_ASKS_COUNTERPART = re.compile("对应|等同|采标|国标(?!委)|国内标准|国家标准|转化")
# “ISO 9001 认证多少钱” names a standard and asks about something else.
_ABOUT_ITSELF = re.compile(
    "标准|现行|有效|最新|哪一?[版年]|版本|新版|旧版|换版|代替|替代|废止|作废|失效|实施|生效|过期|还[能在]?用|内容|讲什么|全文|下载"
)
_ABOUT_CERTIFICATES = re.compile("认证|证书|拿证|贯标|年审|审核|体系")


def asks_of_standard(text: str) -> bool:
    """Whether a message with a standard's number asks about the standard itself."""
    if _ABOUT_ITSELF.search(text):
        return True
    return not (_ABOUT_CERTIFICATES.search(text) or aspects_in(text))


class LookUpStandard(Doing):
    """Tells a standard's state, by its number or by what it is about."""

    def name(self) -> str:
        return "action_look_up_standard"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        text = said.text or said.entities.get("standard_number", "")
        numbers = numbers_in(text)[:MOST_NUMBERS]
        bare = bare_number_in(text)
        if not numbers and bare:
            numbers = [bare]
        for number in numbers:
            found = await here.database.read(_find, number, here.today)
            _tell(dispatcher, *found, asks_counterpart=bool(_ASKS_COUNTERPART.search(text)))
        if not numbers:
            await _tell_topic(dispatcher, text, here)
        # What is asked next is about the standard, not about institutions found before.
        return [SlotSet("last_wish", None)]


def _find(
    session: Session, number: str, on: date
) -> tuple[LookUp, list[Standard], InstrumentKind | None]:
    found = look_up(session, number, on)
    kind = None if found.standard else kind_by_regulation(session, number)
    return found, counterparts(session, without_year(number)), kind


def _tell(
    dispatcher: CollectingDispatcher,
    found: LookUp,
    national: list[Standard],
    kind: InstrumentKind | None,
    *,
    asks_counterpart: bool,
) -> None:
    standard = found.standard
    if national and (standard is None or asks_counterpart):
        _tell_counterpart(dispatcher, found.asked, national)
        return
    if standard is None:
        if kind is not None:
            tell_kind(dispatcher, kind)
        else:
            dispatcher.utter_message(response=sentence_for(found), asked=found.asked)
        return
    others = "、".join(f"{each.number}（{each.status}）" for each in found.others)
    successor = found.successor
    dispatcher.utter_message(
        response=sentence_for(found),
        asked=found.asked,
        number=standard.number,
        title=standard.title,
        status=standard.status,
        successor=f"{successor.number}《{successor.title}》" if successor else "",
        equivalent=label("equivalent", iso=standard.iso) if standard.iso else "",
        effective=_effective(standard),
        more=_more(found, others) + _caution(standard),
        json_message={
            "card": standard_card(standard, others, national),
            "handled": "answer",
        },
    )


def _tell_counterpart(
    dispatcher: CollectingDispatcher, asked: str, national: list[Standard]
) -> None:
    dispatcher.utter_message(
        response="utter_standard_counterpart",
        asked=asked,
        national="、".join(f"{each.number}《{each.title}》" for each in national),
        adoption=label("adoptions", national[0].adoption) if national[0].adoption else "",
        json_message={"card": standard_card(national[0], "", []), "handled": "answer"},
    )


async def _tell_topic(dispatcher: CollectingDispatcher, text: str, here: Context) -> None:
    wanted = wanted_in(text)
    if not any(wanted.pieces):
        dispatcher.utter_message(response="utter_ask_standard_number")
        return
    found = await here.database.read(standards_about, text)
    if not found:
        dispatcher.utter_message(response="utter_standards_none", wanted=shown(wanted))
        return
    dispatcher.utter_message(
        response="utter_standards_on_topic",
        wanted=shown(wanted),
        json_message={
            "items": [standard_card(each, "", []) for each in found],
            "handled": "answer",
        },
    )


def _effective(standard: Standard) -> str:
    if standard.effective_on is None:
        return label("effective_soon")
    return label("effective_from", day=spoken_date(standard.effective_on))


def _more(found: LookUp, others: str) -> str:
    text = label("editions", others=others) if others else ""
    for each in found.others:
        if each.status == "即将实施" and each.effective_on:
            text += label("coming_edition", number=each.number, day=spoken_date(each.effective_on))
    return text


def _caution(standard: Standard) -> str:
    return label("standard_caution") if standard.confidence == "check" else ""


def standard_card(standard: Standard, others: str, national: list[Standard]) -> dict[str, Any]:
    """A standard with its state and what it replaces."""
    return card(
        "standard",
        {
            "number": standard.number,
            "title": standard.title,
            "status": standard.status,
            "effective": spoken_date(standard.effective_on) if standard.effective_on else "",
            "replaces": standard.replaces,
            "replaced_by": standard.replaced_by,
            "iso": standard.iso,
            "adoption": standard.adoption,
            "national": "、".join(each.number for each in national),
            "others": others,
            "note": standard.note,
            "caution": _caution(standard),
        },
    )
