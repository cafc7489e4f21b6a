"""Imported holiday notices and groups: what they change, and how broken tables are refused."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.cases.service import open_case
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import messages_of
from bot.database import Database
from bot.resources.tables import TableRefused
from bot.responses import Responses
from bot.staff import calendar, groups
from bot.staff.calendar import import_calendar, load_calendar, notices
from bot.staff.groups import import_groups, load_groups
from bot.staff.hours import PUBLISHED, SHANGHAI, WorkingHours
from bot.staff.models import CalendarDay, ServiceGroup
from bot.staff.sla import Targets
from tests import factories
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")

# A notice invented for a year that nobody has announced, in the usual shape.
NOTICE = """date,kind,name
2041-01-01,holiday,元旦
2041-02-01,holiday,春节
2041-01-26,workday,春节调休
2041-05-01,holiday,劳动节
2041-05-02,holiday,劳动节
2041-10-01,holiday,国庆节
2041-10-02,holiday,国庆节
2041-10-03,holiday,国庆节
2041-10-04,holiday,国庆节
2041-10-12,workday,国庆节调休
2040-12-31,holiday,元旦
"""
HEAD = "category,hours,first_response,next_response,resolution\n"


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "2041.csv"
    path.write_text(NOTICE, "utf-8")
    return path


def test_imported_notice_decides_its_year(database: Database, notice: Path) -> None:
    with database.writing() as session:
        assert import_calendar(session, notice) == [2041]
        known = load_calendar(session)
    assert known.knows(2041)
    assert not known.knows(2040)
    assert not PUBLISHED.knows(2041)
    days = {
        "2041-10-02": False,  # a Wednesday off
        "2041-10-04": False,
        "2041-10-12": True,  # a Saturday worked
        "2041-10-13": False,
        "2041-10-14": True,
        "2040-12-31": False,  # a Monday that the next year's notice takes
        "2026-10-10": True,  # the package's years stay
        "2026-10-01": False,
    }
    assert {day: known.is_working_day(date.fromisoformat(day)) for day in days} == days


def test_same_notice_again_changes_nothing_and_a_later_one_replaces_it(
    database: Database, notice: Path
) -> None:
    for _ in range(2):
        with database.writing() as session:
            import_calendar(session, notice)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CalendarDay)) == 11
    notice.write_text(NOTICE.replace("2041-10-12,workday", "2041-10-13,workday"), "utf-8")
    with database.writing() as session:
        import_calendar(session, notice)
        known = load_calendar(session)
    assert not known.is_working_day(date(2041, 10, 12))
    assert known.is_working_day(date(2041, 10, 13))


def test_notice_may_correct_a_year_that_is_built_in(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "2026.csv"
    rows = [line for line in NOTICE.splitlines() if "2041-" in line and "workday" not in line]
    path.write_text("\n".join(["date,kind,name", *rows]).replace("2041", "2026"), "utf-8")
    with database.writing() as session:
        import_calendar(session, path)
        known = load_calendar(session)
    assert known.is_working_day(date(2026, 10, 5))
    assert not known.is_working_day(date(2026, 10, 10))


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", "", "文件是空的"),
        ("date,kind,name\n", "", "没有一行日期"),
        ("date,kind\n2041-01-01,holiday\n", "第 1 行", "缺少列 name"),
        ("日期,类型,名称\n2041-01-01,holiday,元旦\n", "第 1 行", "缺少列 date、kind、name"),
        (NOTICE.replace("2041-02-01", "2041-02-30"), "第 3 行", "这样的日期"),
        (NOTICE.replace("2041-02-01", "2041/2/1"), "第 3 行", "这样的日期"),
        (NOTICE.replace("2041-02-01", ""), "第 3 行", "date 不能为空"),
        (NOTICE.replace("2041-02-01,holiday", "2041-02-01,放假"), "第 3 行", "kind 应为"),
        (NOTICE.replace("2041-02-01,holiday,春节", "2041-02-01,holiday,"), "第 3 行", "name 不能"),
        (NOTICE.replace("春节\n", "节" * 41 + "\n", 1), "第 3 行", "最多 40 个字"),
        (NOTICE.replace("2041-05-02,holiday,劳动节", "2041-05-02"), "第 6 行", "应有 3 列"),
        (NOTICE.replace("2041-05-02,holiday", "2041-05-02,,holiday"), "第 6 行", "应有 3 列"),
        (NOTICE.replace("2041-05-02", "2041-05-01"), "第 6 行", "重复"),
        (NOTICE.replace("2041-10-12", "2041-10-14"), "第 11 行", "2041-10-14 是周一，本来就上班"),
        (NOTICE.replace("2040-12-31", "2040-11-30"), "第 12 行", "不属于表中完整的年份（2041）"),
        (NOTICE.replace("2040-12-31", "2042-05-01"), "第 12 行", "不属于表中完整的年份（2041）"),
        (NOTICE.replace("2041-01-01", "2041-01-02"), "第 12 行", "没有哪一年是完整的"),
        (NOTICE.replace("2041-10-03", "2041-10-05"), "第 11 行", "缺少 10 月 3 日"),
        (NOTICE.replace("2041-02-01,holiday,春节", '2041-02-01,holiday,"春节'), "行", "引号"),
    ],
)
def test_broken_notice_is_refused_with_file_line_and_reason(
    database: Database, notice: Path, content: str, line: str, reason: str
) -> None:
    with database.writing() as session:
        import_calendar(session, notice)
    notice.write_text(content, "utf-8")
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_calendar(session, notice)
    (fault,) = refused.value.faults
    assert fault.startswith("2041.csv")
    assert line in fault
    assert reason in fault
    with database.reading() as session:
        # What was there before is whole.
        assert session.scalar(select(func.count()).select_from(CalendarDay)) == 11


def test_every_fault_of_a_notice_is_named_at_once(database: Database, notice: Path) -> None:
    notice.write_text(
        NOTICE.replace("2041-02-01", "x").replace("2041-05-02,holiday", "2041-05-02,work"), "utf-8"
    )
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_calendar(session, notice)
    assert [fault[:14] for fault in refused.value.faults] == [
        "2041.csv 第 3 行",
        "2041.csv 第 6 行",
    ]


def test_notice_in_another_encoding_or_nowhere_is_refused(database: Database, notice: Path) -> None:
    notice.write_bytes(NOTICE.encode("gbk"))
    with pytest.raises(TableRefused, match="第 2 行：编码不是 UTF-8"), database.writing() as opened:
        import_calendar(opened, notice)
    with pytest.raises(TableRefused, match="文件不存在"), database.writing() as opened:
        import_calendar(opened, notice.with_name("nowhere.csv"))


@pytest.mark.parametrize(
    ("today", "years"),
    [
        ("2026-11-30", []),
        ("2026-12-01", ["2027"]),
        ("2027-03-01", ["2027"]),
        ("2040-12-31", ["2040"]),  # and 2041 is imported
        ("2041-12-01", ["2042"]),
    ],
)
def test_missing_years_are_told_in_time(
    database: Database, notice: Path, today: str, years: list[str]
) -> None:
    with database.writing() as session:
        import_calendar(session, notice)
        found = notices(load_calendar(session), date.fromisoformat(today))
    assert [each[:4] for each in found] == years
    assert all("python -m bot.staff.calendar" in each for each in found)


def test_commands_import_and_say_what_holds(
    tmp_path: Path,
    notice: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/office.db")
    assert calendar.main([str(notice)]) == 0
    assert "2041 年的节假日安排已导入。" in capsys.readouterr().out
    notice.write_text("date,kind,name\n2041-01-01,off,元旦\n", "utf-8")
    assert calendar.main([str(notice)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "2041.csv 第 2 行：kind 应为" in told.err
    assert calendar.main([]) == 0
    assert "导入的年份：2041" in capsys.readouterr().out

    table = tmp_path / "groups.csv"
    table.write_text(f'{HEAD}metrology,"09:00-12:00,14:00-17:00",5,,\n', "utf-8")
    assert groups.main([str(table)]) == 0
    written = capsys.readouterr().out
    assert 'metrology,"09:00-12:00,14:00-17:00",5,10,480\n' in written
    assert "default,08:30-17:30,10,10,480\n" in written
    # What the command writes, it also reads.
    table.write_text(written, "utf-8")
    assert groups.main([str(table)]) == 0
    assert capsys.readouterr().out == written
    table.write_text(f"{HEAD}metrology,9-5,5,,\n", "utf-8")
    assert groups.main([str(table)]) == 1
    assert "groups.csv 第 2 行：hours 应写成 08:30-17:30" in capsys.readouterr().err


def test_groups_fall_back_on_the_default_and_that_on_the_settings(
    database: Database, notice: Path, tmp_path: Path
) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(
        f"{HEAD}default,,15,,\nmetrology,09:00-17:00,5,6,\npolicy,,,,960\n", "utf-8-sig"
    )
    with database.writing() as session:
        before = load_groups(session, HOURS)
        import_calendar(session, notice)
        assert import_groups(session, table) == 3
        now = load_groups(session, HOURS)
    assert before.of("metrology").targets == before.of(None).targets == Targets(10, 10, 480)
    assert now.of("metrology").targets == Targets(5, 6, 480)
    assert now.of("policy").targets == Targets(15, 10, 960)
    assert now.of("brand").targets == now.of(None).targets == Targets(15, 10, 480)
    assert str(now.of("metrology").hours) == "09:00-17:00"
    assert str(now.of("policy").hours) == "08:30-17:30"
    # Every group keeps the imported holidays.
    assert all(now.of(each).hours.calendar.knows(2041) for each in ("metrology", "policy", None))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("welding,,,,", "category 应为"),
        ("metrology,17:00-09:00,,,", "hours 应写成"),
        ("metrology,,0,,", "first_response 应在 1–4800 分钟之间"),
        ("metrology,,,4801,", "next_response 应在 1–4800 分钟之间"),
        ("metrology,,,,8h", "resolution 应为工作分钟数"),
        ("metrology,,-5,,", "first_response 应为工作分钟数"),
        ("metrology,,１０,,", "first_response 应为工作分钟数"),
        ("metrology,,5", "应有 5 列"),
        ("brand,,,,", "brand 重复"),
    ],
)
def test_broken_groups_are_refused_whole(
    database: Database, tmp_path: Path, row: str, reason: str
) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(f"{HEAD}brand,,5,,\n{row}\n", "utf-8")
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_groups(session, table)
    (fault,) = refused.value.faults
    assert fault.startswith("groups.csv 第 3 行：")
    assert reason in fault
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ServiceGroup)) == 0


def test_imported_holiday_moves_promises_and_deadlines(
    database: Database, notice: Path, clock: FakeClock
) -> None:
    clock.now = datetime(2041, 9, 30, 17, 35, tzinfo=SHANGHAI)
    with database.writing() as session:
        before = open_case(session, "校准卡尺", now=clock())
        import_calendar(session, notice)
        after = open_case(session, "校准卡尺", now=clock())
    assert before.due_at == datetime(2041, 10, 2, 17, 30, tzinfo=SHANGHAI)
    assert after.due_at == datetime(2041, 10, 8, 17, 30, tzinfo=SHANGHAI)


def test_queue_promises_the_opening_of_the_group_that_will_serve(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(f"{HEAD}metrology,10:00-16:00,,,\n", "utf-8")
    handoff = Handoff(Responses.load(), HOURS)
    told = []
    with database.writing() as session:
        import_groups(session, table)
        # Half past nine on a working day: only one of the two groups has begun.
        for category in ("metrology", "brand"):
            conversation = factories.xiaolin(session, clock).conversation
            conversation.category = category
            handoff.request_handoff(session, conversation, "customer_asked", now=clock())
            told.append(messages_of(session, conversation.id)[-1].text)
    assert "11 月 24 日（周二）10:00" in told[0]
    assert "10:00" not in told[1]
