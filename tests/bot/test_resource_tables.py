"""The tables of standards, instruments and products: they agree, and bad ones are refused."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.database import Database
from bot.resources.agreement import PLACE, contradictions
from bot.resources.importing import FOLDER, import_resources
from bot.resources.models import CompulsoryProduct, InstrumentKind, Standard
from bot.resources.tables import TableRefused


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Return a folder with copies of all tables, to be spoiled."""
    for table in FOLDER.glob("*.csv"):
        shutil.copy(table, tmp_path)
    return tmp_path


def faults_of(database: Database, folder: Path) -> list[str]:
    """Import a folder that must be refused, and see that nothing of it was loaded."""
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_resources(session, folder)
    with database.reading() as session:
        for record in (Standard, InstrumentKind, CompulsoryProduct):
            assert session.scalar(select(func.count()).select_from(record)) == 0
    return refused.value.faults


def change(path: Path, column: str, value: str, where: str) -> None:
    """Put a value into the row that `where` begins the key of."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        fields, table = list(reader.fieldnames or []), list(reader)
    key = "number" if "number" in fields else "product" if "product" in fields else "name"
    next(row for row in table if row[key].startswith(where))[column] = value
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fields)
        writer.writeheader()
        writer.writerows(table)


def test_all_rows_are_there(database: Database) -> None:
    with database.writing() as session:
        counts = import_resources(session)
    assert counts["standards"] >= 416
    assert counts["instrument_kinds"] >= 141
    assert counts["compulsory_products"] >= 116


def test_codes_of_products_are_listed_once_unless_one_family() -> None:
    listed = [code for row in rows("ccc.csv") for code in row["code"].split(";") if code]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("name", "column", "value", "where", "reason"),
    [
        ("standards.csv", "status", "有效", "GB/T 19000-2016", "status 应为"),
        ("standards.csv", "effective_on", "2026-13-01", "GB/T 19000-2016", "effective_on 应为"),
        ("standards.csv", "effective_on", "2015-01-01", "GB/T 19000-2016", "早于发布年份"),
        ("standards.csv", "replaced_by", "GB/T 19001-2099", "GB/T 19001-2008", "不在表中"),
        ("standards.csv", "replaced_by", "", "GB 17761-2018", "没有写原因"),
        ("standards.csv", "effective_on", "", "GB 47372-2026", "没有实施日期"),
        ("standards.csv", "status", "被代替", "GB 7718-2011", "还没有实施"),
        ("standards.csv", "adoption", "同等", "GB/T 19000-2016", "adoption 应为"),
        ("standards.csv", "number", "gbt19000-2016", "GB/T 19000-2016", "应写成规范写法"),
        ("standards.csv", "title", "", "GB/T 19000-2016", "title 不能为空"),
        ("standards.csv", "title", "质量\x00管理", "GB/T 19000-2016", "控制字符（U+0000）"),
        ("instruments.csv", "forced", "也许", "一般压力表", "forced 应为"),
        ("instruments.csv", "regulation", "JJG52-2013", "一般压力表", "规范写法"),
        ("instruments.csv", "regulation", "JJG 52", "一般压力表", "没有年号"),
        ("instruments.csv", "interval_months", "六", "一般压力表", "interval_months 应为"),
        ("instruments.csv", "forced_condition", "", "一般压力表", "没有写条件"),
        ("instruments.csv", "name", "游标卡尺", "一般压力表", "游标卡尺 重复"),
        ("ccc.csv", "mode", "自愿", "移动电源", "mode 应为"),
        ("ccc.csv", "mandatory_since", "2024年8月", "移动电源", "mandatory_since 应为"),
        ("ccc.csv", "standards", "GB 99999-2030", "移动电源", "不在标准表中"),
        ("ccc.csv", "standards", "GB 4706.1-2005", "移动电源", "已不是现行"),
        ("ccc.csv", "rule", "", "熔断体", "要写实施规则"),
    ],
)
def test_a_bad_cell_is_refused_with_its_reason(
    database: Database,
    copies: Path,
    name: str,
    column: str,
    value: str,
    where: str,
    reason: str,
) -> None:
    change(copies / name, column, value, where)
    faults = faults_of(database, copies)
    told = re.compile(rf"{re.escape(name)} 第 \d+ 行：")
    assert any(told.match(fault) and reason in fault for fault in faults), faults


def _gbk(path: Path) -> None:
    path.write_bytes(path.read_text("utf-8").replace("—", "-").encode("gbk", "replace"))


def _without_column(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("confidence", "trust", 1), "utf-8")


def _one_cell_more(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[3] += ",多"
    path.write_text("\n".join(lines), "utf-8")


def _cut_row(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[3] = lines[3].partition(",")[0]
    path.write_text("\n".join(lines), "utf-8")


def _open_quote(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + '"没有关上,', "utf-8")


def _twice(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]), "utf-8")


def _empty(path: Path) -> None:
    path.write_text("", "utf-8")


@pytest.mark.parametrize("name", ["standards.csv", "instruments.csv", "ccc.csv"])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_gbk, "编码不是 UTF-8"),
        (_without_column, "第 1 行：缺少列 confidence"),
        (_one_cell_more, "第 4 行：应有"),
        (_cut_row, "第 4 行：应有"),
        (_open_quote, "引号没有成对"),
        (_twice, "重复"),
        (_empty, "文件是空的"),
        (Path.unlink, "文件不存在"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(
    database: Database,
    copies: Path,
    name: str,
    spoil: Callable[[Path], None],
    reason: str,
) -> None:
    spoil(copies / name)
    faults = faults_of(database, copies)
    assert any(fault.startswith(name) and reason in fault for fault in faults), faults


def test_several_faults_are_named_together(database: Database, copies: Path) -> None:
    change(copies / "standards.csv", "status", "有效", "GB/T 19000-2016")
    change(copies / "ccc.csv", "mode", "自愿", "移动电源")
    assert len(faults_of(database, copies)) >= 2


def test_contradictions_name_the_file_and_the_line() -> None:
    standard = {
        "number": "GB 1-2020",
        "status": "被代替",
        "replaced_by": "GB 1-2010",
        "effective_on": None,
        "iso": "",
        "adoption": "",
        "note": "",
        PLACE: "standards.csv 第 2 行",
    }
    older = standard | {"number": "GB 1-2010", "status": "现行", "replaced_by": ""}
    [fault] = contradictions([standard, older], [], [])
    assert fault == "standards.csv 第 2 行：代替 GB 1-2020 的 GB 1-2010 年份更早"
