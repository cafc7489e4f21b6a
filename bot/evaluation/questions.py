"""Labelled questions, read strictly: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.components.categories import CATEGORIES
from bot.conversations.ledger import checked_text
from bot.errors import ServiceError
from bot.settings import ROOT
from knowledge.entries import load_entries

GOLDEN = ROOT / "tests" / "golden" / "questions.jsonl"


class BadQuestions(ValueError):
    """The file cannot be evaluated; the sentence names the file, the line and the reason."""


@dataclass(frozen=True)
class Question:
    """What is asked, and what is right.

    Attributes:
        text: The customer's words.
        label: The service category.
        also: Other categories that a careful reader would accept.
        intent: What the customer wants done; None where nobody said.
        entries: The knowledge entries that answer it, any one of them; none where the knowledge
            base has no answer or nobody said.
    """

    text: str
    label: str
    also: tuple[str, ...] = ()
    intent: str | None = None
    entries: tuple[str, ...] = ()

    def accepts(self, category: str | None) -> bool:
        """Whether a category is right, or as good as."""
        return category == self.label or category in self.also


@dataclass(frozen=True)
class Known:
    """The names that labels may use."""

    categories: frozenset[str]
    intents: frozenset[str]
    entries: frozenset[str]


def known_names() -> Known:
    """Read what there is at the moment."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    return Known(
        frozenset(CATEGORIES),
        frozenset(domain["intents"]),
        frozenset(entry.id for entry in load_entries()),
    )


def load_questions(path: Path, known: Known) -> list[Question]:
    """Read a file of questions.

    Each line holds ``text`` and ``label``, and if known ``also`` (a list), ``intent`` and
    ``entry`` (an id, or a list of ids that all answer). Other keys are for people.

    Raises:
        BadQuestions: Something in it cannot be used; nothing of the file is.
    """
    questions = [
        _question(line, f"{path} 第 {number} 行", known)
        for number, line in enumerate(_lines(path), start=1)
        if line.strip()
    ]
    if not questions:
        raise BadQuestions(f"{path}：文件里没有问题，每行应是一个含 text 和 label 的 JSON 对象。")
    return questions


def _lines(path: Path) -> Sequence[str]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadQuestions(f"{path}：没有这个文件。") from None
    except OSError as error:
        raise BadQuestions(f"{path}：无法读取（{error.strerror}）。") from None
    return [_decoded(line, f"{path} 第 {n} 行") for n, line in enumerate(content.split(b"\n"), 1)]


def _decoded(line: bytes, where: str) -> str:
    try:
        # Windows editors begin a file with a mark that is no part of the text.
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        line.decode("gb18030")
    except UnicodeDecodeError:
        raise BadQuestions(f"{where}：不是 UTF-8 编码的文字。") from None
    raise BadQuestions(f"{where}：不是 UTF-8 编码，看起来是 GBK，请另存为 UTF-8 后再试。")


def _question(line: str, where: str, known: Known) -> Question:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise BadQuestions(f"{where}：不是合法的 JSON（{error}）。") from None
    if not isinstance(fields, dict):
        raise BadQuestions(f'{where}：应是一个 JSON 对象，如 {{"text": …, "label": …}}。')
    return Question(
        _text(fields, where),
        _name(fields, "label", known.categories, where),
        _names(fields, "also", known.categories, where),
        _name(fields, "intent", known.intents, where) if fields.get("intent") else None,
        _names(fields, "entry", known.entries, where),
    )


def _text(fields: dict[str, Any], where: str) -> str:
    text = fields.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadQuestions(f"{where}：缺少 text，或不是非空的文字。")
    try:
        return checked_text(text)
    except ServiceError as error:
        raise BadQuestions(f"{where}：text 不能用——{error.sentence}") from None


def _name(fields: dict[str, Any], key: str, known: frozenset[str], where: str) -> str:
    if fields.get(key) is None:
        raise BadQuestions(f"{where}：缺少 {key}。")
    return _checked(fields[key], key, known, where)


def _names(fields: dict[str, Any], key: str, known: frozenset[str], where: str) -> tuple[str, ...]:
    value = fields.get(key) or []
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise BadQuestions(f"{where}：{key} 应是文字或文字的列表。")
    return tuple(_checked(each, key, known, where) for each in listed)


def _checked(name: object, key: str, known: frozenset[str], where: str) -> str:
    if not isinstance(name, str) or name not in known:
        # Ids are too many to list.
        choices = f"，可用的有：{'、'.join(sorted(known))}" if len(known) < 20 else ""
        raise BadQuestions(f"{where}：{key} 里的 {name!r} 不存在{choices}。")
    return name
