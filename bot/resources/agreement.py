"""What the tables must say alike: successors, days, regulations, modes of certification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from knowledge.standard_numbers import find, without_year

_YEAR = re.compile(r"[-:（(](\d{4})")
# “GB/T 39560系列”: the successor is a family, not one number.
_FAMILY = "系列"

Rows = list[dict[str, Any]]
PLACE = "place"


def contradictions(standards: Rows, kinds: Rows, products: Rows) -> list[str]:
    """Name what contradicts itself, in the words of the person who keeps the tables.

    Each row tells its file and line under ``PLACE``.
    """
    known = {row["number"]: row for row in standards}
    found = chain(
        ((row, fault) for row in standards for fault in _standard(row, known)),
        _instruments(kinds, known),
        ((row, fault) for row in products for fault in _product(row, known)),
    )
    return [f"{row[PLACE]}：{fault}" for row, fault in found]


def _standard(row: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    number, successor = row["number"], row["replaced_by"]
    if row["status"] in ("被代替", "废止") and not (successor or row["note"]):
        yield f"{number} {row['status']}，但没有写代替它的标准，也没有写原因"
    if row["status"] == "即将实施" and row["effective_on"] is None:
        yield f"{number} 即将实施，但没有实施日期"
    if row["adoption"] and not row["iso"]:
        yield f"{number} 写了采用程度，但没有写国际标准编号"
    if successor and _FAMILY not in successor and successor not in known:
        yield f"代替 {number} 的 {successor} 不在表中"
    yield from _order(row, known)


def _order(row: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    number = row["number"]
    year = _year(number)
    if year and row["effective_on"] and row["effective_on"].year < year:
        yield f"{number} 的实施日期早于发布年份"
    later = known.get(row["replaced_by"])
    if later is None:
        return
    if later["status"] == "即将实施" and row["status"] == "被代替":
        yield f"{later['number']} 还没有实施，{number} 不能已被它代替"
    if year and (next_year := _year(later["number"])) and next_year < year:
        yield f"代替 {number} 的 {later['number']} 年份更早"
    days = row["effective_on"], later["effective_on"]
    if all(days) and days[0] >= days[1]:
        yield f"{number} 的实施日期不早于代替它的 {later['number']}"


def _instruments(rows: Rows, known: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    stems = {without_year(number) for number in known}
    for row in rows:
        name = row["name"]
        if row["forced"] == "条件" and not row["forced_condition"]:
            yield row, f"{name} 强检看条件，但没有写条件"
        if row["interval_months"] is not None and not row["interval"]:
            yield row, f"{name} 有周期月数，但没有写周期"
        for number in filter(None, row["regulation"].split(";")):
            if number == without_year(number):
                yield row, f"{name} 的规程 {number} 没有年号"
            if number not in known and without_year(number) in stems:
                yield row, f"{name} 的规程 {number} 与标准表收录的版本不同"
            elif number in known and known[number]["status"] != "现行":
                yield row, f"{name} 的规程 {number} 在标准表中不是现行"


def _product(row: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    product = row["product"]
    if row["mode"] == "自我声明" and not row["rule"]:
        yield f"{product} 是自我声明的产品，要写实施规则"
    if row["mode"] == "不再实施" and row["mandatory_since"]:
        yield f"{product} 已不再实施，却写了强制日期"
    for number in row["standards"]:
        if number not in known:
            yield f"{product} 的适用标准 {number} 不在标准表中"
        elif known[number]["status"] in ("被代替", "废止"):
            yield f"{product} 的适用标准 {number} 已不是现行"


def _year(number: str) -> int | None:
    # Only of numbers: the year in the name of a law is that of its revision.
    found = _YEAR.search(number) if find(number) else None
    return int(found[1]) if found else None
