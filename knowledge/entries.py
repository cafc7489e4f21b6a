"""FAQ entries: their content format, read strictly from `knowledge/faq/*.yml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.categories import SERVICE_CATEGORIES
from knowledge.content_files import ContentError, Place, read_list, read_names
from knowledge.plain import plain

__all__ = ["ContentError", "Entry", "entry_from", "load_entries"]

FAQ_FOLDER = Path(__file__).parent / "faq"
# Beside the entries: the departments that may own one. Without it, any may.
OWNERS_FILE = "owners.txt"

CONFIDENCES = ("verified", "known")
NEXT_STEPS = (
    "find_institution",
    "find_instrument",
    "find_expert",
    "open_case",
    "lookup_standard",
    None,
)
# A phone shows about this much before the customer has to scroll past the basis.
ANSWER_LENGTH = 120
# Fewer wordings than this and the search knows the entry from one angle only.
FEWEST_QUESTIONS = 4

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_TEXTS = ("id", "category", "title", "answer", "detail", "confidence", "owner")
_LISTS = ("questions", "negatives", "basis", "related")
_OTHERS = ("effective_from", "effective_to", "next_step", "authority")
_OPTIONAL = ("negatives", "related", "detail", "effective_from", "effective_to", "next_step")


@dataclass(frozen=True)
class Entry:
    """One answer of the knowledge base, with the ways customers ask for it."""

    id: str
    category: str
    title: str
    questions: tuple[str, ...]
    negatives: tuple[str, ...]
    answer: str
    detail: str
    basis: tuple[str, ...]
    effective_from: date | None
    effective_to: date | None
    confidence: str
    owner: str
    related: tuple[str, ...]
    next_step: str | None
    authority: bool

    def in_force(self, on: date) -> bool:
        """Say whether the answer is right on that day; both ends count."""
        begun = self.effective_from is None or self.effective_from <= on
        return begun and (self.effective_to is None or on <= self.effective_to)


def load_entries(folder: Path = FAQ_FOLDER) -> list[Entry]:
    """Read every entry of a folder, in the order of file names.

    Raises:
        ContentError: Something in a file breaks a rule of the format; nothing is read then.
    """
    entries: list[Entry] = []
    places: dict[str, Place] = {}
    for path in sorted(folder.glob("*.yml")):
        for fields, place in read_list(path):
            entry = entry_from(fields, place)
            if entry.id in places:
                raise ContentError(f"{place.at('id')}：编号已在 {places[entry.id].at('id')} 用过")
            places[entry.id] = place
            entries.append(entry)
    for entry in entries:
        for number, other in enumerate(entry.related):
            if other not in places:
                where = places[entry.id].at("related", number)
                raise ContentError(f"{where}：related 指向不存在的 {other}")
    _check_owners(entries, places, folder / OWNERS_FILE)
    _check_questions(entries, places)
    return entries


def _check_owners(entries: Sequence[Entry], places: Mapping[str, Place], file: Path) -> None:
    """Everybody who answers for an entry is listed once, under one name."""
    if not file.is_file():
        return
    owners = read_names(file)
    for entry in entries:
        if entry.owner not in owners:
            where = places[entry.id].at("owner")
            raise ContentError(f"{where}：owner 不能是 {entry.owner}，部门名单在 {file.name}")


def _check_questions(entries: Sequence[Entry], places: Mapping[str, Place]) -> None:
    """No question may belong to two entries that are in force on the same day."""
    asked: dict[str, list[Entry]] = {}
    for entry in entries:
        for number, question in enumerate(entry.questions):
            spelling = "".join(filter(str.isalnum, plain(question)))
            for other in asked.get(spelling, ()):
                if other is not entry and _meet(entry, other):
                    where = places[entry.id].at("questions", number)
                    raise ContentError(f"{where}：问法“{question}”在 {other.id} 里已经有了")
            asked.setdefault(spelling, []).append(entry)


def _meet(one: Entry, other: Entry) -> bool:
    begins = max(each.effective_from or date.min for each in (one, other))
    ends = min(each.effective_to or date.max for each in (one, other))
    return begins <= ends


def entry_from(fields: Mapping[str, Any], where: str | Place) -> Entry:
    """Make an entry of what a file (or a form) holds.

    Args:
        fields: The keys of the content format.
        where: How an error names the place, in Chinese, or where in a file it stands.

    Raises:
        ContentError: A rule is broken.
    """
    place = Place(where) if isinstance(where, str) else where
    unknown = sorted(set(fields) - {*_TEXTS, *_LISTS, *_OTHERS})
    if unknown:
        raise ContentError(f"{place.at(unknown[0])}：不认识的字段 {'、'.join(unknown)}")
    missing = [key for key in (*_TEXTS, *_LISTS) if key not in fields and key not in _OPTIONAL]
    if missing:
        raise ContentError(f"{place.at()}：缺少字段 {'、'.join(missing)}")
    texts = {key: _text(fields.get(key), key, place) for key in _TEXTS}
    lists = {key: _texts(fields.get(key), key, place) for key in _LISTS}
    entry = Entry(
        id=texts["id"],
        category=texts["category"],
        title=texts["title"],
        questions=lists["questions"],
        negatives=lists["negatives"],
        answer=texts["answer"],
        detail=texts["detail"],
        basis=lists["basis"],
        effective_from=_day(fields.get("effective_from"), "effective_from", place),
        effective_to=_day(fields.get("effective_to"), "effective_to", place),
        confidence=texts["confidence"],
        owner=texts["owner"],
        related=lists["related"],
        next_step=fields.get("next_step"),
        authority=fields.get("authority", False),
    )
    _check(entry, place)
    return entry


def _text(value: object, key: str, place: Place) -> str:
    if value is None and key in _OPTIONAL:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise ContentError(f"{place.at(key)}：{key} 应是非空文字")
    return value.strip()


def _texts(value: object, key: str, place: Place) -> tuple[str, ...]:
    if value is None and key in _OPTIONAL:
        return ()
    if not isinstance(value, list):
        raise ContentError(f"{place.at(key)}：{key} 应是列表")
    for number, item in enumerate(value):
        if not isinstance(item, str) or not item.strip():
            raise ContentError(f"{place.at(key, number)}：{key} 的每一项应是非空文字")
        if item in value[:number]:
            raise ContentError(f"{place.at(key, number)}：{key} 有重复：{item}")
    return tuple(item.strip() for item in value)


def _day(value: object, key: str, place: Place) -> date | None:
    if value is None or type(value) is date:
        return value
    raise ContentError(f"{place.at(key)}：{key} 应是日期（如 2027-01-01）或留空")


def _check(entry: Entry, place: Place) -> None:
    """Check the rules that go beyond the type of a field."""
    in_order = (
        entry.effective_from is None
        or entry.effective_to is None
        or entry.effective_from <= entry.effective_to
    )
    fewest = f"questions 至少 {FEWEST_QUESTIONS} 条"
    longest = f"answer 超过 {ANSWER_LENGTH} 字"
    rules = (
        ("id", _ID.fullmatch(entry.id), "id 只能用小写字母、数字和连字符"),
        ("category", entry.category in SERVICE_CATEGORIES, f"category 不能是 {entry.category}"),
        ("questions", len(entry.questions) >= FEWEST_QUESTIONS, fewest),
        ("answer", len(entry.answer) <= ANSWER_LENGTH, longest),
        ("basis", entry.basis, "basis 至少 1 条"),
        ("confidence", entry.confidence in CONFIDENCES, f"confidence 不能是 {entry.confidence}"),
        ("next_step", entry.next_step in NEXT_STEPS, f"next_step 不能是 {entry.next_step}"),
        ("authority", isinstance(entry.authority, bool), "authority 应是 true 或 false"),
        ("effective_to", in_order, "effective_from 晚于 effective_to"),
    )
    for key, kept, rule in rules:
        if not kept:
            raise ContentError(f"{place.at(key)}：{rule}")
