"""The form that opens a case: what is still missing, and what a message fills in or changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.cases import answers

# Where work can be done at the customer's or at the institution's place.
_WITH_MODE = frozenset({"metrology", "testing"})
_WORK_WITH_MODE = ("校准", "检定", "检测", "测试", "检验", "试验", "校验")
# A wish beyond this is a story; the case keeps it, the summary would not be read.
LONGEST_NEED = 200
LONGEST_NAME = 20


@dataclass(frozen=True)
class Read:
    """What a message meant: new values, and the name of a sentence to say about it, if any."""

    values: dict[str, Any] = field(default_factory=dict)
    say: str | None = None


def missing(slots: Mapping[str, Any]) -> list[str]:
    """What the form still has to ask, in order."""
    wanted = ["case_need"]
    if _has_mode(slots):
        wanted.append("case_mode")
    if slots.get("case_mode") == "onsite":
        wanted.append("case_time")
    wanted += ["case_phone", "case_contact", "case_confirmed"]
    return [slot for slot in wanted if slots.get(slot) is None]


def read_opening(text: str, category: str | None, today: date) -> Read:
    """Everything that the message which opened the form already says."""
    values: dict[str, Any] = {"case_category": category, "case_need": answers.need_in(text)}
    values["case_quantity"] = answers.quantity_in(text)
    mode = answers.mode_in(text)
    values["case_mode"] = mode if mode != "any" else None
    if mode == "onsite":
        values["case_time"] = answers.time_in(text, today)
    values |= _person(text) if answers.phone_in(text) else {}
    values["case_company"] = answers.company_in(text)
    return Read({slot: value for slot, value in values.items() if value})


def read_answer(
    requested: str, text: str, choice: str | None, slots: Mapping[str, Any], today: date
) -> Read:
    """What a message answers to the form's question, or changes in what was said before.

    Args:
        requested: The slot whose question was asked last.
        text: The customer's words; empty when a button was pressed.
        choice: What the pressed button stands for.
        slots: What is known so far.
        today: The present day.
    """
    changed = answers.corrections_in(text, today, slots.get("case_quantity"))
    if changed and requested != "case_need":
        return Read({**changed, "case_confirmed": None}, say="utter_case_corrected")
    volunteered = _volunteered(text, slots, today)
    values = {**volunteered, **_ANSWERS[requested](text, choice, today)}
    if values.get(requested) is not None:
        return Read(values)
    # What was told instead is kept, and the question asked again without a reproach.
    say = None if volunteered else _why_not(requested, text)
    return Read({**volunteered, requested: None}, say=say)


def _volunteered(text: str, slots: Mapping[str, Any], today: date) -> dict[str, Any]:
    """What a message tells beyond the question: “现场，下周三上午，陈工 138…”."""
    found = {
        "case_mode": answers.mode_in(text),
        "case_time": answers.time_in(text, today),
        "case_quantity": answers.quantity_in(text),
        **(_person(text) if answers.phone_in(text) else {}),
    }
    return {
        slot: value
        for slot, value in found.items()
        if value and value != "any" and slots.get(slot) is None
    }


def _need(text: str, choice: str | None, today: date) -> dict[str, Any]:
    if answers.agrees(text) or answers.declines(text):
        return {}
    need = (answers.need_in(text) or "")[:LONGEST_NEED] or None
    opening = read_opening(text, None, today).values
    return {**opening, "case_need": need}


def _mode(text: str, choice: str | None, today: date) -> dict[str, Any]:
    return {"case_mode": choice or answers.mode_in(text)}


def _time(text: str, choice: str | None, today: date) -> dict[str, Any]:
    return {"case_time": answers.time_in(text, today)}


def _person(text: str, choice: str | None = None, today: date | None = None) -> dict[str, Any]:
    found = {
        "case_phone": answers.phone_in(text),
        "case_contact": answers.contact_in(text),
        "case_company": answers.company_in(text),
    }
    return {slot: value for slot, value in found.items() if value}


def _contact(text: str, choice: str | None, today: date) -> dict[str, Any]:
    name = answers.contact_in(text) or text.strip(" 。，,")
    return {**_person(text), "case_contact": name if 0 < len(name) <= LONGEST_NAME else None}


def _confirmed(text: str, choice: str | None, today: date) -> dict[str, Any]:
    return {"case_confirmed": True if choice == "yes" or answers.agrees(text) else None}


_ANSWERS = {
    "case_need": _need,
    "case_mode": _mode,
    "case_time": _time,
    "case_phone": _person,
    "case_contact": _contact,
    "case_confirmed": _confirmed,
}


def _why_not(requested: str, text: str) -> str | None:
    if requested == "case_phone":
        return "utter_phone_wrong"
    if requested == "case_confirmed":
        return "utter_case_what_to_change"
    return None if requested == "case_need" else "utter_case_not_understood"


def _has_mode(slots: Mapping[str, Any]) -> bool:
    need = slots.get("case_need") or ""
    return slots.get("case_category") in _WITH_MODE and any(
        work in need for work in _WORK_WITH_MODE
    )
