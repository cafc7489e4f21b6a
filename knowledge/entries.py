"""FAQ entries: their content format, read strictly from `knowledge/faq/*.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

FAQ_FOLDER = Path(__file__).parent / "faq"

CATEGORIES = (
    "metrology",
    "standards",
    "testing",
    "certification",
    "quality_management",
    "brand",
    "ip",
    "policy",
    "supply_chain",
    "other",
)
CONFIDENCES = ("verified", "known")
NEXT_STEPS = (
    "find_institution",
    "find_instrument",
    "find_expert",
    "open_case",
    "lookup_standard",
    None,
)
# libyaml reads the whole knowledge base about ten times faster than Python does.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A phone shows about this much before the customer has to scroll past the basis.
ANSWER_LENGTH = 120
# Fewer wordings than this and the search knows the entry from one angle only.
FEWEST_QUESTIONS = 4

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_TEXTS = ("id", "category", "title", "answer", "detail", "confidence", "owner")
_LISTS = ("questions", "negatives", "basis", "related")
_OTHERS = ("effective_from", "effective_to", "next_step", "authority")
_OPTIONAL = ("negatives", "related", "detail", "effective_from", "effective_to", "next_step")


class ContentError(ValueError):
    """The content breaks a rule; the message names the file, the entry and the rule."""


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
        ContentError: Something in a file breaks a rule of the format.
    """
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        for entry in _entries_of(path):
            if entry.id in seen:
                raise ContentError(f"{path.name} 的 {entry.id}：编号已在 {seen[entry.id]} 中用过")
            seen[entry.id] = path.name
            entries.append(entry)
    for entry in entries:
        for other in entry.related:
            if other not in seen:
                raise ContentError(f"{seen[entry.id]} 的 {entry.id}：related 指向不存在的 {other}")
    return entries


def _entries_of(path: Path) -> Iterable[Entry]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except yaml.YAMLError as error:
        raise ContentError(f"{path.name}：不是合法的 YAML（{error}）") from error
    if content is None:
        return
    if not isinstance(content, list):
        raise ContentError(f"{path.name}：最外层应是条目的列表")
    for number, fields in enumerate(content, start=1):
        if not isinstance(fields, dict):
            raise ContentError(f"{path.name} 第 {number} 条：应是键值对")
        yield entry_from(fields, where=f"{path.name} 的 {fields.get('id') or f'第 {number} 条'}")


def entry_from(fields: Mapping[str, Any], where: str) -> Entry:
    """Make an entry of what a file (or a form) holds.

    Args:
        fields: The keys of the content format.
        where: How an error names the place, in Chinese.

    Raises:
        ContentError: A rule is broken.
    """
    unknown = sorted(set(fields) - {*_TEXTS, *_LISTS, *_OTHERS})
    if unknown:
        raise ContentError(f"{where}：不认识的字段 {'、'.join(unknown)}")
    missing = [key for key in (*_TEXTS, *_LISTS) if key not in fields and key not in _OPTIONAL]
    if missing:
        raise ContentError(f"{where}：缺少字段 {'、'.join(missing)}")
    texts = {key: _text(fields.get(key), key, where) for key in _TEXTS}
    lists = {key: _texts(fields.get(key), key, where) for key in _LISTS}
    entry = Entry(
        id=texts["id"],
        category=texts["category"],
        title=texts["title"],
        questions=lists["questions"],
        negatives=lists["negatives"],
        answer=texts["answer"],
        detail=texts["detail"],
        basis=lists["basis"],
        effective_from=_day(fields.get("effective_from"), "effective_from", where),
        effective_to=_day(fields.get("effective_to"), "effective_to", where),
        confidence=texts["confidence"],
        owner=texts["owner"],
        related=lists["related"],
        next_step=fields.get("next_step"),
        authority=fields.get("authority", False),
    )
    _check(entry, where)
    return entry


def _text(value: object, key: str, where: str) -> str:
    if value is None and key in _OPTIONAL:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise ContentError(f"{where}：{key} 应是非空文字")
    return value.strip()


def _texts(value: object, key: str, where: str) -> tuple[str, ...]:
    if value is None and key in _OPTIONAL:
        return ()
    if not isinstance(value, list):
        raise ContentError(f"{where}：{key} 应是列表")
    return tuple(_text(item, f"{key} 的每一项", where) for item in value)


def _day(value: object, key: str, where: str) -> date | None:
    if value is None or type(value) is date:
        return value
    raise ContentError(f"{where}：{key} 应是日期（如 2027-01-01）或留空")


def _check(entry: Entry, where: str) -> None:
    """Check the rules that go beyond the type of a field."""
    rules = (
        (_ID.fullmatch(entry.id), "id 只能用小写字母、数字和连字符"),
        (entry.category in CATEGORIES, f"category 不能是 {entry.category}"),
        (len(entry.questions) >= FEWEST_QUESTIONS, f"questions 至少 {FEWEST_QUESTIONS} 条"),
        (len(set(entry.questions)) == len(entry.questions), "questions 有重复"),
        (len(entry.answer) <= ANSWER_LENGTH, f"answer 超过 {ANSWER_LENGTH} 字"),
        (entry.basis, "basis 至少 1 条"),
        (entry.confidence in CONFIDENCES, f"confidence 不能是 {entry.confidence}"),
        (entry.next_step in NEXT_STEPS, f"next_step 不能是 {entry.next_step}"),
        (isinstance(entry.authority, bool), "authority 应是 true 或 false"),
        (
            entry.effective_from is None
            or entry.effective_to is None
            or entry.effective_from <= entry.effective_to,
            "effective_from 晚于 effective_to",
        ),
    )
    for kept, rule in rules:
        if not kept:
            raise ContentError(f"{where}：{rule}")
