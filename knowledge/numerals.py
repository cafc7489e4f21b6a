"""Chinese numerals: 二十 is 20, 一千二百三十 is 1230."""

from __future__ import annotations

NUMERALS = "零〇一二两三四五六七八九十百千万"
_VALUES = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_VALUES |= {"七": 7, "八": 8, "九": 9}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}


def number(numeral: str) -> int:
    """Read digits or Chinese numerals: ``12``, ``十二``, ``一千二百三十``."""
    if numeral.isdecimal():
        return int(numeral)
    total = section = digit = 0
    for character in numeral:
        if character in _VALUES:
            digit = _VALUES[character]
        elif character == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _SCALES[character], 0
    return total + section + digit
