"""Numbers of orders, notices, letters: “总局令第121号”, “2020年第42号公告”, “国标委联〔2019〕1号”.

They are cited by issuer, year and number; customers shorten the issuer and change the order.
The normal form is the one in our table of standards and regulations.
"""

from __future__ import annotations

import re

from knowledge.plain import plain
from knowledge.standard_numbers import FoundNumber

_MARKET = "(?:国家)?市场?监督?管?理?总局"
_ISSUER = (
    r"(?P<issuer>国务院|(?:国家)?(?:质检总局|知识产权局|认监委)|海关总署|工信部"
    rf"|{_MARKET}|总局)?"
)
# Within an order the issuer stands in full, within a notice short: so our table cites them.
_ORDER_BY = {
    "国务院": "国务院",
    "质检总局": "国家质检总局",
    "知识产权局": "国家知识产权局",
    "海关总署": "海关总署",
}
_NOTICE_BY = {
    "质检总局": "国家质检总局",
    "认监委": "国家认监委",
    "知识产权局": "国家知识产权局",
    "海关总署": "海关总署",
    "工信部": "工信部",
}
_N = r"(?P<number>\d{1,4})"
_ORDER = re.compile(rf"{_ISSUER}(?:令\s?第?\s?{_N}\s?号|\s?第?\s?(?P<behind>\d{{1,4}})\s?号令)")
_NOTICE = re.compile(
    rf"{_ISSUER}(?:的?公告\s?\(?(?P<year>20\d\d)\s?年?\)?\s?第?\s?{_N}\s?号"
    r"|\s?(?P<year_first>20\d\d)\s?年?\s?第?\s?(?P<behind>\d{1,4})\s?号\s?公告)"
)
_LETTER = re.compile(
    r"(?P<issuer>[\u4e00-\u9fff]{2,8})\s?[〔\[(【]\s?(?P<year>(?:19|20)\d\d)\s?[〕\])】]\s?"
    r"第?\s?(?P<number>\d{1,4})\s?号"
)
# What a sentence puts before the letters of an office.
_LEADING = re.compile(
    r".*(?:请问|根据|按照?|依据|执行|查一?下?|看看?|关于|那个|这个|以及|还有|的|和|与|在)(?=.{2})"
)


def find(text: str) -> list[FoundNumber]:
    """Find the official numbers of a text, from left to right, without overlaps."""
    flat = plain(text)
    if "号" not in flat:
        return []
    found: list[FoundNumber] = []
    for pattern, write in ((_LETTER, _letter), (_NOTICE, _notice), (_ORDER, _order)):
        for match in pattern.finditer(flat):
            start = _start(match) if pattern is _LETTER else match.start()
            if all(match.end() <= each.start or each.end <= start for each in found):
                piece = text[start : match.end()]
                found.append(FoundNumber(piece, start, match.end(), write(match)))
    return sorted(found, key=lambda each: each.start)


def normalize(text: str) -> str | None:
    """Return the normal form of the first official number in a text, if there is one."""
    found = find(text)
    return found[0].value if found else None


def _office(said: str | None, known: dict[str, str], otherwise: str) -> str:
    return next((name for part, name in known.items() if part in (said or "")), otherwise)


def _order(match: re.Match[str]) -> str:
    office = _office(match["issuer"], _ORDER_BY, "国家市场监督管理总局")
    return f"{office}令第{match['number'] or match['behind']}号"


def _notice(match: re.Match[str]) -> str:
    office = _office(match["issuer"], _NOTICE_BY, "市场监管总局")
    year = match["year"] or match["year_first"]
    return f"{office}公告{year}年第{match['number'] or match['behind']}号"


def _start(match: re.Match[str]) -> int:
    leading = _LEADING.match(match["issuer"])
    return match.start() + (leading.end() if leading else 0)


def _letter(match: re.Match[str]) -> str:
    leading = _LEADING.match(match["issuer"])
    office = match["issuer"][leading.end() if leading else 0 :]
    return f"{office}〔{match['year']}〕{match['number']}号"
