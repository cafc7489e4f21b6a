"""Days and times as customers say them, resolved against a given day.

A date parser made for many languages knows neither “下周三上午” nor “月底前” (dateparser 1.5
was tried), so the few dozen ways in which Chinese customers name a day are read here. What
could be past or coming is taken as coming: people make appointments.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from knowledge.numerals import NUMERALS, number
from knowledge.plain import plain

_N = rf"(?:\d{{1,2}}|[{NUMERALS}]{{1,3}})"
_WHICH = r"下下个?|下一?个?|这个?|本|上上个?|上一?个?"
_PART = r"清晨|早上|早晨|上午|中午|下午|傍晚|晚上|凌晨|全天"
_CLOCK = (
    rf"(?P<hour>{_N})(?:[点时](?!建议|要求|疑问|意见|问题)"
    rf"(?P<minute>半|一刻|三刻|{_N}(?=分))?分?|:(?P<minutes>[0-5]\d))"
)
# What "5号" may be followed by if it is a day: 5号楼, 5号电池 are not.
_AFTER_DAY = (
    rf"(?=$|[\s,.!?，。！？；、~-]|{_PART}|[早晚]|之?[前后]|以[前后]|左右|到|来|去|行|可以|吧"
    r"|过来|送|开始)"
)
# Names of holidays and the word they are looked up by. "五一" and "十一" alone are numbers to most.
_HOLIDAYS = {
    "元旦节?": "元旦",
    "春节|过年(?=前|后|之|以)|大年初一": "春节",
    "清明节": "清明",
    rf"劳动节|(?<![{NUMERALS}\d])五一(?=节|假期?|之?[前后]|以[前后])节?": "劳动节",
    "端午节?": "端午",
    "中秋节?": "中秋",
    rf"国庆节?|(?<![{NUMERALS}\d])十一(?=假期?|长假|之前|之后|以前|以后)": "国庆",
}
_FIXED = {"元旦": (1, 1), "劳动节": (5, 1), "国庆": (10, 1)}
# First days after the lunar calendar and the solar term, as the almanac has them (GB/T 33661).
_MOVING = {
    "春节": ("2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11"),
    "清明": ("2026-04-05 2027-04-05 2028-04-04 2029-04-04 2030-04-05 2031-04-05 2032-04-04"),
    "端午": ("2026-06-19 2027-06-09 2028-05-28 2029-06-16 2030-06-05 2031-06-24 2032-06-12"),
    "中秋": ("2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12 2031-10-01 2032-09-19"),
}
_YEAR = r"今年|明年|后年"
_COUNTED = rf"\d{{1,3}}|[{NUMERALS}]{{1,3}}|半"
_DAYS = (
    ("full", r"(?P<year>20\d\d)\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?"
             r"(?P<day>\d{1,2})(?!\d)[日号]?"),
    # "12/2" is a fraction, "12-2" a range and "3.15" a version, unless they stand as a day does.
    ("in_figures", r"(?<![\d./-])(?P<month>\d{1,2})(?:[/-](?P<day>\d{1,2})(?!\d)"
                   rf"(?:[日号]|(?=\s?(?:{_PART}|之?[前后]|以[前后])))"
                   r"|\.(?P<day_after_dot>\d{1,2})[日号])"),
    ("holiday", "|".join(sorted(_HOLIDAYS, key=len, reverse=True))),
    ("month_day", rf"(?:(?P<year>{_YEAR})的?)?(?P<month>{_N})\s?月\s?(?P<day>{_N})\s?[日号]"),
    ("day_of_month", rf"(?P<which>{_WHICH})月的?(?P<day>{_N})[日号]"),
    ("weekday", rf"(?<![每一二两三四五六七八九十几\d])(?P<which>{_WHICH})?(?:周|星期|礼拜)"
                rf"(?P<weekday>[一二三四五六日天末1-6])(?!次|[{NUMERALS}\d])"),
    ("week", rf"(?P<which>{_WHICH})(?:周|星期|礼拜)"),
    ("near", r"大后天|大前天|今[天日早晚]|明[天日早晚]|后天|昨[天日晚]|前天"),
    ("month", rf"(?:(?P<year>20\d\d年|{_YEAR})的?)?(?:(?P<which>{_WHICH})月"
              r"|(?P<month>(?<![个\d.])(?:\d{1,2}|十[一二]?|[一二三四五六七八九]))月)份?"
              r"(?P<third>初|上旬|中旬?|下旬|底|末)?"),
    ("end", r"(?<![\d一二两三几半每近多去当])(?P<year>今年|明年)?(?P<span>[月年])"
            r"(?P<third>初|中(?!国)|底|末)"),
    ("count", rf"(?<![后起每\d])(?P<count>{_COUNTED})\s?(?P<unit>个月|天|日|周|个?星期|个?礼拜)"
              r"(?P<side>之?内|以内|之?后|以后)"),
    ("day", rf"(?<![\d第令告文字号〕月.A-Z-])(?P<day>\d{{1,2}})[号日]{_AFTER_DAY}"),
)  # fmt: skip
_BEFORE = re.compile(r"之前|以前|前(?!后)")
_HOURS = re.compile(rf"的?\s?(?P<part>{_PART}|[早晚](?=\d))?\s?(?:{_CLOCK})?")
_HOURS_ALONE = re.compile(rf"(?P<part>{_PART})\s?(?:{_CLOCK})")
_NEAR = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_AFTERNOON = ("下午", "傍晚", "晚上", "晚")
_THIRDS = {"初": (1, 10), "上旬": (1, 10), "中": (11, 20), "中旬": (11, 20), "下旬": (21, 31)}


@dataclass(frozen=True)
class FoundTime:
    """A day or a span of days in a text; ``last`` is the same day if one is named.

    ``before`` says that ``last`` is the latest and there is no first; ``part`` is the part of
    the day in the customer's words, ``at`` the time of day.
    """

    text: str
    start: int
    end: int
    first: date
    last: date
    part: str | None = None
    at: time | None = None
    before: bool = False

    @property
    def value(self) -> str:
        """The normal form, after ISO 8601: a day, a moment, ``first/last`` or ``../last``."""
        if self.before:
            return f"../{self.last}"
        if self.first != self.last:
            return f"{self.first}/{self.last}"
        if self.at is not None:
            return f"{self.first}T{self.at:%H:%M}"
        return f"{self.first} {self.part}" if self.part else str(self.first)


def find(text: str, today: date) -> list[FoundTime]:
    """Find the days and times of a text, from left to right, without overlaps."""
    flat = plain(text)
    found: list[FoundTime] = []
    # A day that is none (2月30日) keeps its place, or its month would be found in it.
    nothing: list[re.Match[str]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(flat):
            if not _is_free(match, found) or any(
                match.start() < each.end() and each.start() < match.end() for each in nothing
            ):
                continue
            if (span := _SPANS[kind](match, today)) is None:
                nothing.append(match)
            else:
                found.append(_with_hours(text, flat, match, span))
    for match in _HOURS_ALONE.finditer(flat):
        if _is_free(match, found) and (at := _time(match)) is not None:
            span = (today, today)
            found.append(_made(text, match.start(), match.end(), span, match["part"], at))
    return sorted(found, key=lambda each: each.start)


_Span = tuple[date, date]


def _is_free(match: re.Match[str], found: list[FoundTime]) -> bool:
    return all(match.end() <= each.start or each.end <= match.start() for each in found)


def _with_hours(text: str, flat: str, day: re.Match[str], span: _Span) -> FoundTime:
    end, part, at = day.end(), None, None
    if span[0] == span[1]:
        hours = _HOURS.match(flat, end)
        if hours and (hours["part"] or hours["hour"]):
            part, at, end = hours["part"], _time(hours), hours.end()
        if part is None and day.group()[-1] in "早晚":
            part = "早上" if day.group()[-1] == "早" else "晚上"
    before = _BEFORE.match(flat, end)
    named = day.groupdict()
    if before or (named.get("side") or "").endswith("内"):
        end = before.end() if before else end
        return FoundTime(text[day.start() : end], day.start(), end, *span, part, at, before=True)
    return _made(text, day.start(), end, span, part, at)


def _made(
    text: str, start: int, end: int, span: _Span, part: str | None, at: time | None
) -> FoundTime:
    return FoundTime(text[start:end], start, end, *span, part, at)


def _time(match: re.Match[str]) -> time | None:
    if not match["hour"]:
        return None
    hour = number(match["hour"])
    said = match["minute"] or match["minutes"] or "0"
    minute = {"半": 30, "一刻": 15, "三刻": 45}.get(said)
    minute = number(said) if minute is None else minute
    if match["part"] in _AFTERNOON or (match["part"] == "中午" and hour < 3):
        hour += 12 if hour < 12 else 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _one(day: date | None) -> _Span | None:
    return (day, day) if day is not None else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(today: date, month: int, day: int) -> date | None:
    this_year = _day(today.year, month, day)
    if this_year is not None and this_year >= today:
        return this_year
    return _day(today.year + 1, month, day)


def _steps(which: str | None) -> int:
    word = (which or "").rstrip("个一")
    return {"下": 1, "下下": 2, "上": -1, "上上": -2}.get(word, 0)


def _year(word: str | None, today: date) -> int | None:
    if not word:
        return None
    known = {"今年": 0, "明年": 1, "后年": 2}
    return today.year + known[word] if word in known else int(word.rstrip("年"))


def _full(match: re.Match[str], today: date) -> _Span | None:
    return _one(_day(int(match["year"]), int(match["month"]), int(match["day"])))


def _month_day(match: re.Match[str], today: date) -> _Span | None:
    month, day = number(match["month"]), number(match["day"])
    year = _year(match["year"], today)
    return _one(_day(year, month, day) if year else _coming(today, month, day))


def _in_figures(match: re.Match[str], today: date) -> _Span | None:
    day = int(match["day"] or match["day_after_dot"])
    return _one(_coming(today, int(match["month"]), day))


def _holiday(match: re.Match[str], today: date) -> _Span | None:
    name = next(
        name
        for form, name in _HOLIDAYS.items()
        if re.compile(form).match(match.string, match.start())
    )
    if name in _FIXED:
        return _one(_coming(today, *_FIXED[name]))
    days = map(date.fromisoformat, _MOVING[name].split())
    return _one(next((day for day in days if day >= today), None))


def _day_of_month(match: re.Match[str], today: date) -> _Span | None:
    first = _month_from(today, _steps(match["which"]))
    return _one(_day(first.year, first.month, number(match["day"])))


def _lone_day(match: re.Match[str], today: date) -> _Span | None:
    wanted = int(match["day"])
    for ahead in range(3):
        first = _month_from(today, ahead)
        day = _day(first.year, first.month, wanted)
        if day is not None and day >= today:
            return day, day
    return None


def _weekday(match: re.Match[str], today: date) -> _Span | None:
    steps, name = _steps(match["which"]), match["weekday"]
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=steps)
    if name == "末":
        return monday + timedelta(days=5), monday + timedelta(days=6)
    ahead = "一二三四五六日".find("日" if name == "天" else name)
    day = monday + timedelta(days=ahead if ahead >= 0 else int(name) - 1)
    # “周三” said on a Thursday means the coming one.
    return _one(day + timedelta(weeks=1) if not match["which"] and day < today else day)


def _week(match: re.Match[str], today: date) -> _Span | None:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_steps(match["which"]))
    return monday, monday + timedelta(days=6)


def _near(match: re.Match[str], today: date) -> _Span | None:
    return _one(today + timedelta(days=_NEAR[match.group()[:-1]]))


def _month(match: re.Match[str], today: date) -> _Span | None:
    if match["which"]:
        first = _month_from(today, _steps(match["which"]))
    else:
        named = number(match["month"])
        if not 1 <= named <= 12:
            return None
        year = _year(match["year"], today) or today.year + (named < today.month)
        first = date(year, named, 1)
    return _third(first, match["third"])


def _end(match: re.Match[str], today: date) -> _Span | None:
    if match["span"] == "月":
        return None if match["year"] else _third(_month_from(today, 0), match["third"])
    year = _year(match["year"], today) or today.year
    month = {"初": 1, "中": 6}.get(match["third"], 12)
    if not match["year"] and month < today.month:
        year += 1
    return _third(date(year, month, 1), None)


def _count(match: re.Match[str], today: date) -> _Span | None:
    if match["count"] == "半":
        days = 15 if match["unit"] == "个月" else None
    else:
        days = number(match["count"])
    if days is None:
        return None
    if match["unit"] in ("天", "日") or match["count"] == "半":
        last = today + timedelta(days=days)
    elif match["unit"] == "个月":
        first = _month_from(today, days)
        length = calendar.monthrange(first.year, first.month)[1]
        last = first.replace(day=min(today.day, length))
    else:
        last = today + timedelta(weeks=days)
    return last, last


def _month_from(today: date, ahead: int) -> date:
    months = today.year * 12 + today.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _third(first: date, third: str | None) -> _Span:
    length = calendar.monthrange(first.year, first.month)[1]
    if third in ("底", "末"):
        return first.replace(day=length), first.replace(day=length)
    begin, finish = _THIRDS.get(third or "", (1, 31))
    return first.replace(day=begin), first.replace(day=min(finish, length))


_SPANS: dict[str, Callable[[re.Match[str], date], _Span | None]] = {
    "full": _full,
    "in_figures": _in_figures,
    "holiday": _holiday,
    "month_day": _month_day,
    "day_of_month": _day_of_month,
    "weekday": _weekday,
    "week": _week,
    "near": _near,
    "month": _month,
    "end": _end,
    "count": _count,
    "day": _lone_day,
}
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _DAYS)
