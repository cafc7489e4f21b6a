"""Numbers of people, companies, cases and certificates, however they are written.

A certificate's normal form carries its kind (``CCC 2024…``, ``CNAS L1234``, ``ZL….5``), as a
standard's number does. Numbers that are only digits count where the message names their kind;
twelve digits may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10


class FoundCode(NamedTuple):
    """A code in a text: what it is, where, and in normal form."""

    type: str
    start: int
    end: int
    value: str


_CASE = re.compile(r"(?<![A-Z0-9])(Y[ZT])[\s-]?(\d{8})[\s-]?(\d{4})(?!\d)")

_MOBILE = re.compile(
    r"(?<![\dA-Z])(?:(?:\+|00)?86[\s-]?)?"
    r"(1[3-9]\d(?:[\s-]?\d{4}[\s-]?\d{4}|[\s-]?\d{8}|\d[\s-]\d{4}[\s-]\d{3}|\d{2}[\s-]\d{6}))(?!\d)"
)
_LANDLINE = re.compile(r"(?<![\d-])\(?(0\d{2,3})\)?[\s-]?(\d{7,8})(?![\d.])(?:-\d{1,5})?")
_SERVICE_LINE = re.compile(r"(?<!\d)([48]00)[\s-]?(\d{3,4})[\s-]?(\d{3,4})(?!\d)")
_LOCAL_LINE = re.compile(r"(?:电话|座机|固话|致电)\D{0,3}(?<!\d)([2-8]\d{6,7})(?![\d.-])")

# O, I, S and Z do not occur; the first two are what people write for 0 and 1.
_CREDIT_CODE = re.compile(
    r"(?<![0-9A-Z])[1-9AYN][\s-]?[0-9][\s-]?(?:[0-9OI][\s-]?){6}(?:[0-9A-HJ-NP-RTUWXYOI][\s-]?){9}"
    r"[0-9A-HJ-NP-RTUWXYOI](?![0-9A-Z])"
)
_MISREAD = str.maketrans("OI", "01")

_PATENT = re.compile(
    r"(?<![A-Z0-9])(?:(?P<mark>ZL|CN)\s?)?(?P<digits>(?:19|20)\d{2}\s?[12389]\s?\d{7}|\d{8})"
    r"\s?\.\s?(?P<check>[0-9X])(?![0-9A-Z])"
)
_PATENT_BARE = re.compile(r"(?<![A-Z0-9])ZL\s?(?P<digits>(?:19|20)\d{2}[12389]\d{7})(?![\d.])")
_TRADEMARK = re.compile(
    r"(?:商标(?:的?(?:注册|申请|初审))*|注册商标|第?\d{1,2}类)\s?(?:号码?|证号?|编号)?\s?[是为:：]?\s?第?\s?"
    r"(?<!\d)(?P<digits>G?\d{6,8}[A-Z]?)(?!\d|[年月日元])\s?号?"
)
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_FOOD = re.compile(r"(?<![A-Z0-9])SC\s?(\d{14})(?!\d)")
_PRODUCTION = re.compile(r"(?<![A-Z0-9])XK\s?(\d{2})\s?-\s?(\d{3})\s?-\s?(\d{5})(?!\d)")
# TS1810001-2025 and, since the licences carry a letter, TS2710A12-2027.
_EQUIPMENT = re.compile(r"(?<![A-Z0-9])TS\s?(\d{4}[0-9A-Z]\d{2})(?:\s?-\s?(20\d\d))?(?![0-9A-Z])")
_HIGH_TECH = re.compile(r"(?<![A-Z0-9])GR\s?(20\d{10})(?!\d)")
_DEVICE = re.compile(
    r"([国京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][\u4e00-\u9fff]?)械(注[准进许]|备)\s?(\d{8,11})号?"
)
_CNAS = re.compile(
    r"CNAS\s?(?:编号|注册号|证书号?|认可)*\s?[:：]?\s?(L|IB|PT|RM|C|K)\s?(\d{3,5})(?!\d)"
)
_SYSTEM = re.compile(
    r"(?<![A-Z0-9])([0-9][0-9A-Z]{2,4}\d{2}\s?(?:Q|E|S|EN|OHS|IPMS|ISMS|FSMS|HACCP|F|H|I|J|Y)\s?"
    r"\d{4,6}\s?R\d{1,2}[SML]{0,2}(?:-\d{1,2})?)(?![A-Z0-9])"
)
_CCC = re.compile(r"(?<![\dA-Z])(20[0-4]\d)\s?(\d{2})\s?(\d{4})\s?(\d{6})(?!\d)")
_CMA = re.compile(r"(?<![\dA-Z])(\d{12})(?![\dA-Z.])")
# The fifteen digits of a business licence from before 2015; the last one checks the others.
_REGISTRATION = re.compile(r"(?:注册号|登记号|执照号?|税号)\D{0,6}(?<!\d)(\d{15})(?!\d)")
_ABOUT_CCC = re.compile(r"CCC|3C|强制|证书|认证|自我声明")
_ABOUT_CMA = re.compile(r"CMA|资质认定|计量认证")


def find(flat: str) -> Iterator[FoundCode]:
    """Yield the codes of a text in its plain form; surer kinds come first, and may overlap."""
    for finder in _FINDERS:
        yield from finder(flat)


def credit_code(text: str) -> str | None:
    """Return a unified social credit code in normal form; None if its check digit is wrong.

    O and I are read as 0 and 1: the code has neither, and the check digit shows whether that
    was meant.
    """
    code = uscc.compact(text).translate(_MISREAD)
    if len(code) != 18 or not _CREDIT_CODE.fullmatch(code):
        return None
    return code if uscc.calc_check_digit(code[:17]) == code[17] else None


def wrong_credit_code(flat: str) -> str | None:
    """Return what has the form of a credit code but a wrong check digit, to ask once more."""
    for match in _CREDIT_CODE.finditer(flat):
        if credit_code(match.group()) is None and not match.group().isdecimal():
            return match.group()
    return None


def _cases(flat: str) -> Iterator[FoundCode]:
    for match in _CASE.finditer(flat):
        yield FoundCode("case_number", *match.span(), "-".join(match.groups()))


def _credit_codes(flat: str) -> Iterator[FoundCode]:
    for match in _CREDIT_CODE.finditer(flat):
        if code := credit_code(match.group()):
            yield FoundCode("credit_code", *match.span(), code)


def _patents(flat: str) -> Iterator[FoundCode]:
    for match in _PATENT.finditer(flat):
        digits = re.sub(r"\s", "", match["digits"])
        # Without its letters it is one only by its check digit; so is a misread one.
        if _patent_check(digits) == match["check"] and (match["mark"] or len(digits) == 12):
            mark = "ZL" if match["mark"] == "ZL" else "CN"
            value = f"{mark}{digits}.{match['check']}"
            yield FoundCode("certificate_number", *match.span(), value)
    for match in _PATENT_BARE.finditer(flat):
        value = f"ZL{match['digits']}.{_patent_check(match['digits'])}"
        yield FoundCode("certificate_number", *match.span(), value)


def _patent_check(digits: str) -> str:
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(digits))
    return "0123456789X"[total % 11]


def _trademarks(flat: str) -> Iterator[FoundCode]:
    for match in _TRADEMARK.finditer(flat):
        end = match.end("digits")
        if "号" not in match.group() and _DAY.fullmatch(match["digits"]):
            continue
        yield FoundCode("certificate_number", match.start("digits"), end, f"商标 {match['digits']}")


def _by_digits(flat: str) -> Iterator[FoundCode]:
    if _ABOUT_CCC.search(flat):
        for match in _CCC.finditer(flat):
            yield FoundCode("certificate_number", *match.span(), f"CCC {''.join(match.groups())}")
    if _ABOUT_CMA.search(flat):
        for match in _CMA.finditer(flat):
            yield FoundCode("certificate_number", *match.span(), f"CMA {match[1]}")


def _registrations(flat: str) -> Iterator[FoundCode]:
    for match in _REGISTRATION.finditer(flat):
        if mod_11_10.is_valid(match[1]):
            yield FoundCode("certificate_number", *match.span(1), f"注册号 {match[1]}")


def _phones(flat: str) -> Iterator[FoundCode]:
    for match in _MOBILE.finditer(flat):
        yield FoundCode("phone", *match.span(), re.sub(r"[\s-]", "", match[1]))
    for match in _SERVICE_LINE.finditer(flat):
        digits = "".join(match.groups())
        if len(digits) == 10:
            yield FoundCode("phone", *match.span(), f"{digits[:3]}-{digits[3:6]}-{digits[6:]}")
    for match in _LANDLINE.finditer(flat):
        yield FoundCode("phone", *match.span(), "-".join(match.groups()))
    for match in _LOCAL_LINE.finditer(flat):
        yield FoundCode("phone", *match.span(1), match[1])


def _licences(flat: str) -> Iterator[FoundCode]:
    for pattern, write in _WRITTEN:
        for match in pattern.finditer(flat):
            yield FoundCode("certificate_number", *match.span(), write(match))


_WRITTEN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_FOOD, lambda match: f"SC{match[1]}"),
    (_PRODUCTION, lambda match: f"XK{match[1]}-{match[2]}-{match[3]}"),
    (_EQUIPMENT, lambda match: f"TS{match[1]}" + (f"-{match[2]}" if match[2] else "")),
    (_HIGH_TECH, lambda match: f"GR{match[1]}"),
    (_DEVICE, lambda match: f"{match[1]}械{match[2]}{match[3]}"),
    (_CNAS, lambda match: f"CNAS {match[1]}{match[2]}"),
    (_SYSTEM, lambda match: re.sub(r"\s", "", match[1])),
)
_FINDERS = (
    _cases,
    _credit_codes,
    _patents,
    _licences,
    _trademarks,
    _by_digits,
    _registrations,
    _phones,
)
