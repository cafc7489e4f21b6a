"""Reads lists of key-value pairs from YAML files, and remembers on which line each of them stands.

Who edits the content needs the line of a mistake, which a loaded value no longer has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# libyaml reads the whole knowledge base about ten times faster than Python does.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML forbids them and says only at which byte; PostgreSQL cannot store the first.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ContentError(ValueError):
    """The content breaks a rule; the message names the file, the line, the entry and the rule."""


@dataclass(frozen=True)
class Place:
    """Where an entry stands: its file, its name for people, and the lines of its fields."""

    file: str
    name: str = ""
    line: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    item_lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def at(self, key: str = "", item: int | None = None) -> str:
        """Name the entry, or one of its fields, or an item of a field's list, in Chinese."""
        line = self.lines.get(key, self.line)
        if item is not None and item < len(self.item_lines.get(key, ())):
            line = self.item_lines[key][item]
        where = self.file if line is None else f"{self.file} 第 {line} 行"
        return f"{where}（{self.name}）" if self.name else where


def read_list(path: Path) -> Iterator[tuple[dict[str, Any], Place]]:
    """Read a file that holds a list of key-value pairs.

    Raises:
        ContentError: It is not UTF-8, not YAML, not such a list, or says a key twice.
    """
    loader = _LOADER(_text_of(path))
    try:
        node = loader.get_single_node()
        if node is None:
            # Somebody who wants it empty writes a list with nothing in it.
            raise ContentError(f"{path.name}：文件里没有内容；确实一条也不要时写 []")
        if not isinstance(node, yaml.SequenceNode):
            raise ContentError(f"{_line(path, node)}：最外层应是条目的列表")
        for number, item in enumerate(node.value, start=1):
            yield _pairs(loader, path, number, item)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path.name} 第 {mark.line + 1} 行" if mark else path.name
        raise ContentError(f"{where}：不是合法的 YAML（{error.problem or error}）") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ContentError):
            raise
        raise ContentError(f"{path.name}：不是合法的 YAML（{error}）") from error
    finally:
        loader.dispose()


def read_names(path: Path) -> frozenset[str]:
    """Read a file of names, one a line; what follows a # is a remark.

    Raises:
        ContentError: It is not UTF-8.
    """
    lines = (line.partition("#")[0].strip() for line in _text_of(path).splitlines())
    return frozenset(filter(None, lines))


def told(control: re.Match[str]) -> str:
    """Say of a control character, which nobody sees, that it is there."""
    return f"有一个看不见的控制字符（U+{ord(control[0]):04X}），请删去"


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ContentError(
            f"{path.name} 第 {line} 行：不是 UTF-8 编码，请另存为 UTF-8 后再试"
        ) from error
    if control := CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise ContentError(f"{path.name} 第 {line} 行：{told(control)}")
    return text


def _pairs(loader: Any, path: Path, number: int, node: yaml.Node) -> tuple[dict[str, Any], Place]:
    if not isinstance(node, yaml.MappingNode):
        raise ContentError(f"{_line(path, node)}：第 {number} 条应是键值对")
    fields: dict[str, Any] = {}
    lines: dict[str, int] = {}
    item_lines: dict[str, tuple[int, ...]] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in fields:
            raise ContentError(f"{_line(path, key_node)}：第 {number} 条的 {key} 写了两次")
        lines[key] = key_node.start_mark.line + 1
        if isinstance(value_node, yaml.SequenceNode):
            item_lines[key] = tuple(item.start_mark.line + 1 for item in value_node.value)
        try:
            fields[key] = loader.construct_object(value_node, deep=True)
        except ValueError as error:
            # 2026-02-30 looks like a date to YAML and is none.
            raise ContentError(f"{_line(path, value_node)}：{key} 的值无法识别") from error
    name = str(fields.get("id") or f"第 {number} 条")
    return fields, Place(path.name, name, node.start_mark.line + 1, lines, item_lines)


def _line(path: Path, node: yaml.Node) -> str:
    return f"{path.name} 第 {node.start_mark.line + 1} 行"
