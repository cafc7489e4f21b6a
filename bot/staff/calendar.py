"""Holiday notices of years that the chinesecalendar package does not know yet.

The State Council announces the holidays of a year late in the year before. Typed into a small
table (``date,kind,name``; kind is ``holiday`` or ``workday``), they are imported with
``python -m bot.staff.calendar <file>`` and count from the next message on; a later notice for
the same year replaces them. Without a file the command says which years are known.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.database import Database
from bot.migrations.run import migrate
from bot.resources.tables import Column, TableRefused, day, one_of, read_table, text
from bot.settings import load
from bot.staff.hours import PUBLISHED, SHANGHAI, Calendar
from bot.staff.models import CalendarDay

_COLUMNS = [
    Column("date", day),
    Column("kind", one_of(frozenset({"holiday", "workday"}))),
    Column("name", text(40)),
]
# Days off in every year by the regulation on public holidays, whatever the notice moves.
_ALWAYS_OFF = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
_NOTICE_COMES = 12  # by December next year's notice is out


def load_calendar(session: Session) -> Calendar:
    """The calendar with everything imported, as it is now."""
    rows = session.execute(
        select(CalendarDay.day, CalendarDay.is_worked, CalendarDay.notice_year)
    ).all()
    return Calendar(
        {row.day: row.is_worked for row in rows}, frozenset(r.notice_year for r in rows)
    )


def import_calendar(session: Session, path: Path) -> list[int]:
    """Replace the notices of the years that a table is about; the same again changes nothing.

    Returns:
        These years.

    Raises:
        TableRefused: A row breaks a rule or a year is not whole. Nothing at all is imported;
            each fault names the file, the line and the rule.
    """
    faults: list[str] = []
    rows = read_table(path, _COLUMNS, faults, place="place")
    if not rows and not faults:
        faults.append(f"{path.name}：没有一行日期")
    if not faults:
        faults += _contradictions(rows)
    if faults:
        raise TableRefused(faults)
    years = sorted(_whole_years(rows))
    session.execute(delete(CalendarDay).where(CalendarDay.notice_year.in_(years)))
    for row in rows:
        named = CalendarDay(day=row["date"], is_worked=row["kind"] == "workday", name=row["name"])
        named.notice_year = _notice_year(row["date"], years)
        session.merge(named)
    session.flush()
    return years


def notices(calendar: Calendar, today: date) -> list[str]:
    """What somebody must do about years whose holidays should be known and are not."""
    needed = [today.year, *([today.year + 1] if today.month >= _NOTICE_COMES else [])]
    return [
        f"{year} 年的节假日和调休安排还没有：暂按周一至周五上班推算。"
        "请把国务院办公厅的通知录成表格，用 python -m bot.staff.calendar <文件> 导入。"
        for year in needed
        if not calendar.knows(year)
    ]


def _contradictions(rows: list[dict[str, Any]]) -> Iterator[str]:
    years = _whole_years(rows)
    if not years:
        yield f"{rows[-1]['place']}：到此没有哪一年是完整的，至少要有那一年的 1 月 1 日"
    off = {row["date"] for row in rows if row["kind"] == "holiday"}
    for row in rows:
        each: date = row["date"]
        if row["kind"] == "workday" and each.weekday() < 5:
            yield f"{row['place']}：{each} 是周{'一二三四五'[each.weekday()]}，本来就上班"
        if years and _notice_year(each, years) not in years:
            yield f"{row['place']}：{each} 不属于表中完整的年份（{_joined(sorted(years))}）"
    for year in sorted(years):
        last = [row["place"] for row in rows if row["date"].year == year][-1]
        for month, number in _ALWAYS_OFF:
            if date(year, month, number) not in off:
                yield f"{last}：到此 {year} 年仍不完整，缺少 {month} 月 {number} 日（法定节假日）"


def _whole_years(rows: list[dict[str, Any]]) -> set[int]:
    """The years a table is about: those whose New Year's Day it names."""
    return {row["date"].year for row in rows if (row["date"].month, row["date"].day) == (1, 1)}


def _notice_year(each: date, years: Collection[int]) -> int:
    """The year whose notice names a day: December's last days may belong to the next one's."""
    if each.year not in years and each.month == _NOTICE_COMES:
        return each.year + 1
    return each.year


def main(arguments: list[str]) -> int:
    """Import the table named on the command line, or say which years are known."""
    database = Database(load().database_url)
    try:
        migrate(database)
        with database.writing() as session:
            for path in arguments[:1]:
                for year in import_calendar(session, Path(path)):
                    sys.stdout.write(f"{year} 年的节假日安排已导入。\n")
            calendar = load_calendar(session)
    except TableRefused as refused:
        sys.stderr.write(f"没有导入，原有安排不变：\n{refused.sentence}\n")
        return 1
    finally:
        database.close()
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    known = [year for year in range(today.year - 1, today.year + 3) if calendar.knows(year)]
    built_in = [year for year in known if PUBLISHED.knows(year) and year not in calendar.years]
    imported = _joined(sorted(calendar.years))
    sys.stdout.write(f"内置的年份：{_joined(built_in)}；导入的年份：{imported}。\n")
    for notice in notices(calendar, today):
        sys.stdout.write(f"注意：{notice}\n")
    return 0


def _joined(years: list[int]) -> str:
    return "、".join(map(str, years)) or "无"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
