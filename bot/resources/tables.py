"""Reading the resource tables: rows checked one by one, every fault named in Chinese."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.errors import BadInput
from bot.resources.regions import is_region
from knowledge.categories import SERVICE_CATEGORIES
from knowledge.content_files import CONTROL, told
from knowledge.standard_numbers import normalize

CATEGORIES = frozenset(SERVICE_CATEGORIES)
STANDARD_STATUSES = frozenset({"现行", "即将实施", "被代替", "废止"})
FORCED = frozenset({"是", "否", "条件", "待核"})
# How a listed product is certified; what left the list is kept, because people still ask.
CCC_MODES = frozenset({"第三方认证", "自我声明", "不再实施"})
CONFIDENCES = frozenset({"verified", "known", "check"})
ADOPTIONS = frozenset({"IDT", "MOD", "NEQ", "EQV"})


class TableRefused(BadInput):
    """A table with faults; nothing of it is imported, and each fault is one sentence."""

    code = "table_refused"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Fault(ValueError):
    """What is wrong with one cell, without its place."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, how a cell is read, whether it may be empty."""

    name: str
    read: Callable[[str], Any]
    required: bool = True
    empty: Any = ""


def text(longest: int = 300) -> Callable[[str], str]:
    """A cell of plain text."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise Fault(f"最多 {longest} 个字")
        return cell

    return read


def words(cell: str) -> list[str]:
    """A list, separated by semicolons."""
    return [word.strip() for word in cell.replace("；", ";").split(";") if word.strip()]


def categories(cell: str) -> list[str]:
    """A list of service categories."""
    found = words(cell)
    unknown = [each for each in found if each not in CATEGORIES]
    if unknown:
        raise Fault(f"不认识的服务类别“{unknown[0]}”")
    return found


def one_of(allowed: frozenset[str]) -> Callable[[str], str]:
    """A cell with one of a few words."""

    def read(cell: str) -> str:
        if cell not in allowed:
            raise Fault(f"应为{'、'.join(sorted(allowed))}之一")
        return cell

    return read


def whole_number(cell: str) -> int:
    """A number from 0 on."""
    if not cell.isdecimal():
        raise Fault("应为不带小数的数字")
    return int(cell)


def degrees(name: str, least: float, most: float) -> Callable[[str], float]:
    """A latitude or longitude within the country."""

    def read(cell: str) -> float:
        if not re.fullmatch(r"\d{1,3}\.\d{3,7}", cell) or not least <= float(cell) <= most:
            raise Fault(f"应为 {least:g} 到 {most:g} 之间的{name}，至少三位小数")
        return float(cell)

    return read


def region(cell: str) -> str:
    """A place that the table of regions knows."""
    if not is_region(cell):
        raise Fault(f"“{cell}”不在地区表中")
    return cell


def day(cell: str) -> date:
    """A date as 2029-05-31."""
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Fault("应为 2029-05-31 这样的日期") from None


def yes_or_no(cell: str) -> bool:
    """``yes`` or ``no``."""
    if cell not in ("yes", "no"):
        raise Fault("应为 yes 或 no")
    return cell == "yes"


def scope(cell: str) -> list[tuple[str, str, str]]:
    """Capability items: ``object|work|method``, separated by semicolons."""
    items = []
    for each in words(cell):
        parts = [part.strip() for part in each.split("|")]
        if len(parts) != 3 or not parts[0] or not parts[1]:
            raise Fault(f"能力项“{each}”应写成 对象|工作|方法标准")
        items.append((parts[0], parts[1], parts[2]))
    return items


def numbers(cell: str) -> list[str]:
    """A list of standard numbers, each in normal form."""
    found = words(cell)
    odd = [each for each in found if normalize(each) != each]
    if odd:
        raise Fault(f"“{odd[0]}”不是规范写法的标准编号")
    return found


def joined_numbers(cell: str) -> str:
    """The same, kept as one text."""
    return ";".join(numbers(cell))


def standard_number(cell: str) -> str:
    """The number of a standard in normal form, or the name of a law."""
    if normalize(cell) not in (None, cell):
        raise Fault(f"应写成规范写法 {normalize(cell)}")
    return text(64)(cell)


def read_table(
    path: Path, columns: list[Column], faults: list[str], place: str = ""
) -> list[dict[str, Any]]:
    """Read a table; rows with a fault are left out and their faults noted.

    Args:
        path: The CSV file, UTF-8, with a header.
        columns: What it must hold; the first one is the key and must not repeat.
        faults: Where each fault is added: file, row and rule in one sentence.
        place: Under which name each row tells its file and line, for faults found later.
    """
    content = _content(path, faults)
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        missing = [each.name for each in columns if each.name not in (reader.fieldnames or [])]
        if content and missing:
            faults.append(f"{path.name} 第 1 行：缺少列 {'、'.join(missing)}")
        return [] if missing else list(_rows(path.name, reader, columns, faults, place))
    except csv.Error:
        faults.append(f"{path.name} 第 {reader.line_num} 行：引号没有成对，读不下去")
        return []


def _content(path: Path, faults: list[str]) -> str:
    """What the file holds; nothing, and a fault, if it cannot be read as UTF-8."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        faults.append(f"{path.name}：文件不存在")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        faults.append(f"{path.name} 第 {line} 行：编码不是 UTF-8（可能是 GBK），请另存为 UTF-8")
    else:
        if not content.strip():
            faults.append(f"{path.name}：文件是空的")
        return content
    return ""


def _rows(
    name: str,
    reader: csv.DictReader[str],
    columns: list[Column],
    faults: list[str],
    place_name: str,
) -> Iterator[dict[str, Any]]:
    key, seen = columns[0].name, set[Any]()
    for raw in reader:
        place = f"{name} 第 {reader.line_num} 行"
        # DictReader puts cells beyond the header under None, and fills missing ones with None.
        if None in raw or None in raw.values():
            faults.append(f"{place}：应有 {len(reader.fieldnames or [])} 列，多了或少了")
            continue
        row = dict(_cells(raw, columns, place, faults))
        if len(row) < len(columns):
            continue
        if row[key] in seen:
            faults.append(f"{place}：{row[key]} 重复")
            continue
        seen.add(row[key])
        yield {**row, place_name: place} if place_name else row


def _cells(
    raw: dict[str, str], columns: list[Column], place: str, faults: list[str]
) -> Iterator[tuple[str, Any]]:
    for column in columns:
        cell = (raw.get(column.name) or "").strip()
        if not cell:
            if column.required:
                faults.append(f"{place}：{column.name} 不能为空")
            else:
                yield column.name, column.empty
            continue
        if control := CONTROL.search(cell):
            faults.append(f"{place}：{column.name} {told(control)}")
            continue
        try:
            yield column.name, column.read(cell)
        except Fault as fault:
            faults.append(f"{place}：{column.name} {fault}")
