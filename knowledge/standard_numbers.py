"""Standard numbers as customers write them, and the one way we write them.

`gbt19001`, `GB∕T 19001—2016` and `国标19001` all come out in the form in which
the standard itself is cited, so that a look-up needs no guessing.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from knowledge.plain import plain

# Sector codes; each stands with "/T" (recommended) or without (mandatory).
SECTORS = (
    "AQ BB CB CH CJ CJJ CY DA DL DZ EJ FZ GA GH GM GY HB HG HJ HS HY JB JC JG JGJ JR JT JTG JY KA"
    " LB LD LS LY MH MR MT MZ NB NY QB QC QJ QX RB SB SC SF SH SJ SL SN SW SY TB TD TY WB WH WJ WM"
    " WS WW XB XF YB YC YD YJ YS YY YZ ZY"
).split()
# Seismology's code is how local standards begin, too: DB/T 69 is of the former, DB33/T of these.
_SEISMOLOGY = "DB"
# Longest first: a pattern tries them in this order.
_FOREIGN = (
    "ANSI/ASME|BS EN ISO|DIN EN ISO|EN ISO|EN IEC|BS EN|DIN EN|BS ISO|DIN ISO|ANSI|ASME|API|BS|DIN"
    "|EN|IEEE|JIS|NFPA|UL|CISPR|MSS SP|AS/NZS|IATF|OHSAS|SA(?=\\s?8000)|AS(?=\\s?9100)"
)
_INTERNATIONAL = r"ISO/IEC(?:\s?(?:TS|TR))?|ISO/(?:TS|TR|PAS)|IEC/(?:TS|TR)|ISO|IEC"

_GAP = r"[\s._-]{0,2}"
_DIGITS = r"\d{1,6}(?:\.\d{1,4}){0,2}"
_LONG_YEAR = r"(?:19[5-9]\d|20[0-4]\d)(?!\d)"
# "-2016", "—2016", ":2016", "(2016版)", " 2016版"; a bare " 2016年" is a date, not an edition.
# "一" for the dash is what some keyboards offer first.
_YEAR = (
    rf"(?:\s?[-:]{{1,2}}\s?(?P<year>{_LONG_YEAR}|\d\d(?!\d))"
    rf"|\s?一\s?(?P<year_after_one>{_LONG_YEAR})"
    rf"|\s?\(\s?(?P<year_in_brackets>{_LONG_YEAR})年?版?\s?\)"
    rf"|\s(?P<year_apart>{_LONG_YEAR})(?!年(?!版)))?"
)
_YEARS = ("year", "year_after_one", "year_in_brackets", "year_apart")
_PART = r"(?:\s?第\s?(?P<part>\d{1,3}|[一二三四五六七八九十]{1,3})\s?部分)?"
# "GB 4706-1": one digit is no year, so it is the part.
_DASHED_PART = r"(?:-(?P<dashed>[1-9])(?![\d.]))?"
# What follows a number and shows that it counted something else.
_NOT_A_COUNT = r"(?!\d|\s?(?:年(?!版)|月|元|块钱|万|个|台|件|套|%))"
_TAIL = rf"(?P<digits>{_DIGITS}){_PART}{_DASHED_PART}{_NOT_A_COUNT}{_YEAR}(?!\d)"
_START = r"(?<![A-Z0-9])"

_KINDS = (
    ("local", rf"(?P<place>DB{_GAP}(?:\d{{2}}(?:\d{{2}})?))\s?(?P<t>/?\s?T(?=[\s\d._-]))?/?{_GAP}"),
    ("metrology", rf"(?P<kind>JJ[GF])\s?(?P<owner>\([\u4e00-\u9fff]{{1,6}}\))?{_GAP}"),
    ("health", rf"(?P<head>GBZ)\s?(?P<t>/\s?T)?{_GAP}"),
    ("national", rf"(?P<head>GB)[\s_-]?(?P<t>/\s?[TZ]|T)?/?{_GAP}"),
    ("military", rf"(?P<head>GJB|GBJ)(?:\s?/?\s?(?P<t>[TZ]))?{_GAP}"),
    ("sector", rf"(?:(?P<head>{'|'.join(sorted(SECTORS, key=len, reverse=True))})"
               rf"[\s-]?(?P<t>/\s?T|T)?{_GAP}|(?P<quakes>{_SEISMOLOGY})\s?/\s?T{_GAP})"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(f"{_START}{head}{_TAIL}")) for kind, head in _KINDS)

_MILITARY_LETTER = re.compile(r"[A-C](?![A-Z0-9])")
# Without the slash, "T-CECS 10001" is one only by a body that is known; "T-REX 450" is a model.
_BODIES = "CECS|ZZB|CAQ|CAS|CSAE|CSTM|CEC|CCSA|CNFIA|CAAMTB|CIECCPA|CNEA|CBMF|CISA"
_GROUP_LOOSE = re.compile(rf"{_START}T[\s-]?(?P<owner>{_BODIES}){_GAP}{_TAIL}")
_GROUP = re.compile(
    rf"(?<![A-Z0-9/])T\s?/\s?(?P<owner>(?!T\b)[A-Z]{{2,10}}(?:\d(?=[\s-]))?){_GAP}{_TAIL}"
)
_COMPANY = re.compile(
    rf"{_START}Q\s?/\s?(?P<owner>[A-Z0-9]{{2,10}}?(?:[.·-][A-Z]{{1,6}})?)[\s-]{{0,2}}"
    rf"(?P<digits>(?<!\d)\d{{3,5}}(?:\.\d{{1,3}})?S?)(?:-(?P<year>{_LONG_YEAR}))?(?![0-9A-Z])"
)
_ISO = re.compile(
    rf"{_START}(?P<head>{_INTERNATIONAL}){_GAP}"
    rf"(?P<digits>\d{{2,6}}(?:-\d{{1,3}}(?!\d))*){_NOT_A_COUNT}{_YEAR}(?!\d)"
)
_ABROAD = re.compile(
    rf"{_START}(?P<head>{_FOREIGN})(?:\s|-)?"
    rf"(?P<digits>[A-Z]?\s?\d{{1,6}}(?:\.\d{{1,4}})*(?:-\d{{1,3}}(?!\d))*(?:[A-Z](?![A-Z0-9]))?)"
    rf"{_NOT_A_COUNT}{_YEAR}(?!\d)"
)
_ASTM = re.compile(
    rf"{_START}ASTM[\s-]?(?P<digits>[A-G]\s?\d{{1,4}}M?)(?:/[A-G]\d{{1,4}}M?)?"
    rf"(?:\s?-\s?(?P<year>{_LONG_YEAR}|\d\d)[A-Z]?)?(?![0-9])"
)
_SAMPLE = re.compile(
    rf"{_START}GSB{_GAP}(?P<digits>\d\d-\d{{3,5}}(?:\.\d+)?)(?:-(?P<year>{_LONG_YEAR}))?(?!\d)"
)
_SPECIAL = re.compile(
    rf"{_START}TSG{_GAP}(?P<digits>[A-Z]?\d{{1,4}})(?:\s?-\s?(?P<year>{_LONG_YEAR}))?(?![0-9])"
)
_RULES = re.compile(
    rf"{_START}(?:CNCA-(?P<rule>[0-9A-Z]{{2,4}}-\d{{2,3}})|CNAS[\s-]?(?P<demand>(?:CL|RL|GL|EL|CI)\d\d(?:-[AG]\d{{3}})?))"
    rf"(?:[:-](?P<year>{_LONG_YEAR}))?(?![0-9])"
)
_SPOKEN = re.compile(
    # "国标2024" is a year unless an edition follows: GB 2024-2016 are acupuncture needles.
    rf"(?P<recommended>推荐性?的?)?(?:强制性)?(?:国标|国家标准)[号:]?\s?(?P<t>/?\s?T\s?)?"
    rf"(?!20[0-4]\d(?![\d.-]))(?P<digits>\d{{3,6}}(?:\.\d{{1,3}})?)"
    rf"{_PART}{_NOT_A_COUNT}{_YEAR}(?!\d)"
)
# "ISO 9001/14001/45001", "GB/T 19001和24001": the letters are said once.
_AND = re.compile(
    rf"\s?[/、和及与]\s?(?!(?:19|20)\d\d(?!\d))(?P<digits>\d{{4,5}}(?:\.\d{{1,3}})?)(?![\d.A-Z])"
    rf"{_NOT_A_COUNT}{_YEAR}(?!\d)"
)
_SHARING = re.compile(r"(?P<head>GB(?:/T)?|ISO|JJG|JJF) \d{2,}")
# A letter stuck to the digits makes a model of it: JJG-52X.
_STUCK = re.compile(r"[A-Z](?![A-Z])")
# "型号 JB5000": two letters and a number are a product's name more often than a standard's.
_MODEL = re.compile(r"(?:型号|机型|规格|货号|编号|单号|批号|车牌)\S{0,2}\s?$")
_MEMORY = re.compile(r"\d\s?$")
# A bare "GB" with so few digits needs more to be a standard.
_SHORT = 2
_ABOUT_STANDARDS = re.compile(r"标准|规程|规范|执行|符合|依据|条款|版本|行标|最新版|现行")
_CHINESE_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}


@dataclass(frozen=True)
class FoundNumber:
    """A standard number in a text: as written, where, and in normal form."""

    text: str
    start: int
    end: int
    value: str


def find(text: str) -> list[FoundNumber]:
    """Find the standard numbers of a text, from left to right, without overlaps."""
    return list(_find(text))


def normalize(text: str) -> str | None:
    """Return the normal form of the first standard number in a text, if there is one."""
    found = _find(text)
    return found[0].value if found else None


def without_year(number: str) -> str:
    """Take the edition off a normal form: `GB/T 19001-2016` becomes `GB/T 19001`."""
    if number.startswith("ASTM "):
        return number.partition("-")[0]
    return re.sub(r"[-:]\d{4}$", "", number)


def trunk(number: str) -> str:
    """Reduce a normal form to what customers remember of it.

    `GB 19001`, `GB/T 19001` and `GB/T 19001-2016` have the same trunk: people say
    “国标 19001” for recommended and mandatory standards alike.
    """
    return re.sub(r"^([A-Z]+\d*)/[TZ] ", r"\1 ", without_year(number))


# A turn asks twice for the same text: the words to search for, and the entities.
@lru_cache(maxsize=256)
def _find(text: str) -> tuple[FoundNumber, ...]:
    flat = plain(text)
    if not any(character.isdigit() for character in flat):
        return ()
    found: list[FoundNumber] = []
    for start, end, value in sorted(_matches(flat), key=lambda match: (match[0], -match[1])):
        if found and start < found[-1].end:
            continue
        found.append(FoundNumber(text[start:end], start, end, value))
        found += _sharing(text, flat, found[-1])
    return tuple(found)


def _sharing(text: str, flat: str, first: FoundNumber) -> list[FoundNumber]:
    """Return the numbers that follow one and share its letters."""
    shared = _SHARING.match(first.value)
    if shared is None:
        return []
    others: list[FoundNumber] = []
    end, joint = first.end, ":" if shared["head"] == "ISO" else "-"
    while match := _AND.match(flat, end):
        start, end = match.start("digits"), match.end()
        value = f"{shared['head']} {_number(match, joint)}"
        others.append(FoundNumber(text[start:end], start, end, value))
    return others


def _matches(flat: str) -> list[tuple[int, int, str]]:
    matches = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(flat):
            if kind == "sector" and not _is_sector_standard(match, flat):
                continue
            if kind != "military" and _STUCK.match(flat, match.end()):
                continue
            if kind == "national" and not _is_national_standard(match, flat):
                continue
            if kind == "military" and (letter := _MILITARY_LETTER.match(flat, match.end("digits"))):
                matches.append(_military(match, flat, letter.group()))
            else:
                matches.append((match.start(), match.end(), _chinese(kind, match)))
    for pattern, write in _OTHER_KINDS:
        matches += [(match.start(), match.end(), write(match)) for match in pattern.finditer(flat)]
    return matches


def _is_national_standard(match: re.Match[str], flat: str) -> bool:
    """Tell a national standard from a size of memory ("8 GB 3200") and a screw ("GB 50的螺丝")."""
    if _MEMORY.search(flat[: match.start()]):
        return False
    if len(match["digits"]) > _SHORT or match["t"] or match["part"] or match["dashed"]:
        return True
    return (
        any(match[name] for name in _YEARS)
        or bool(_ABOUT_STANDARDS.search(flat))
        or flat.strip() == match.group().strip()
    )


def _is_sector_standard(match: re.Match[str], flat: str) -> bool:
    """Tell a sector standard from a product's model that looks like one.

    "/T" or a year makes it a standard; two bare letters and a number are one
    only where the sentence speaks of standards and not of a model.
    """
    if match["quakes"] or (match["t"] and "/" in match["t"]):
        return True
    if _MODEL.search(flat[: match.start()]):
        return False
    if match["year"] or match["year_after_one"] or match["year_in_brackets"]:
        return True
    return bool(_ABOUT_STANDARDS.search(flat)) or trunk(_chinese("sector", match)) in _known()


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Return the trunks of the sector standards in our table."""
    path = Path(__file__).parent / "resources" / "standards.csv"
    if not path.exists():
        return frozenset()
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return frozenset(trunk(row["number"]) for row in csv.DictReader(lines))


def _chinese(kind: str, match: re.Match[str]) -> str:
    groups = match.groupdict()
    mark = (groups.get("t") or "").replace("/", "").strip()
    if kind == "local":
        head = re.sub(r"[\s._-]", "", groups["place"]) + ("/T" if mark else "")
        # Mandatory local standards join code and number by a slash: DB11/501-2017.
        return f"{head}{' ' if mark else '/'}{_number(match)}"
    if kind == "metrology":
        return f"{groups['kind']}{groups['owner'] or ''} {_number(match)}"
    if groups.get("quakes"):
        return f"{_SEISMOLOGY}/T {_number(match)}"
    return f"{groups['head']}{f'/{mark}' if mark else ''} {_number(match)}"


def _military(match: re.Match[str], flat: str, letter: str) -> tuple[int, int, str]:
    year = re.compile(rf"\s?-\s?({_LONG_YEAR})").match(flat, match.end("digits") + 1)
    value = f"{match['head']}{'/' + match['t'] if match['t'] else ''} {match['digits']}{letter}"
    if year:
        return match.start(), year.end(), f"{value}-{year.group(1)}"
    return match.start(), match.end("digits") + 1, value


def _number(match: re.Match[str], joint: str = "-") -> str:
    """Write number, part and edition of a match."""
    groups = match.groupdict()
    digits = re.sub(r"\s", "", groups["digits"])
    part = groups.get("part") or groups.get("dashed")
    if part and "." not in digits:
        digits += f".{part if part.isdigit() else _from_chinese(part)}"
    year = next((groups[name] for name in _YEARS if groups.get(name)), None)
    return f"{digits}{joint}{_full_year(year)}" if year else digits


def _full_year(year: str) -> str:
    # Two-digit years went out of use around 1995, but people still shorten 2016 to 16.
    return year if len(year) == 4 else f"{'19' if year >= '50' else '20'}{year}"


def _from_chinese(number: str) -> int:
    tens, ten, ones = number.rpartition("十")
    value = _CHINESE_DIGITS.get(ones, 0)
    return value + (10 * _CHINESE_DIGITS.get(tens, 1) if ten else 0)


def _international(match: re.Match[str]) -> str:
    head = re.sub(r"\s", " ", match["head"])
    return f"{head} {_number(match, ':')}"


def _astm(match: re.Match[str]) -> str:
    # ASTM counts editions in two digits itself, so they stay as written.
    digits = re.sub(r"\s", "", match["digits"])
    return f"ASTM {digits}{'-' + match['year'] if match['year'] else ''}"


def _spoken(match: re.Match[str]) -> str:
    return f"GB{'/T' if match['recommended'] or match['t'] else ''} {_number(match)}"


def _rule(match: re.Match[str]) -> str:
    head = f"CNCA-{match['rule']}" if match["rule"] else f"CNAS-{match['demand']}"
    return head + (f":{match['year']}" if match["year"] else "")


_OTHER_KINDS = (
    (_GROUP_LOOSE, lambda match: f"T/{match['owner']} {_number(match)}"),
    (_GROUP, lambda match: f"T/{match['owner']} {_number(match)}"),
    (_COMPANY, lambda match: f"Q/{match['owner']} {_number(match)}"),
    (_ISO, _international),
    (_ABROAD, lambda match: f"{match['head']} {_number(match, ':')}"),
    (_ASTM, _astm),
    (_SPECIAL, lambda match: f"TSG {_number(match)}"),
    (_SAMPLE, lambda match: f"GSB {_number(match)}"),
    (_RULES, _rule),
    (_SPOKEN, _spoken),
)
