"""Find what a message names: standards, instruments, products, places, codes, days.

Everything here is looked up or matched by rule. The words of these things are known
(tables) or their form is (codes), so nothing has to be learnt, and a name is found in
the middle of a sentence whatever the words around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from knowledge import codes, official_numbers, standard_numbers, times
from knowledge.numerals import NUMERALS, number
from knowledge.plain import plain
from knowledge.vocabulary import Term, terms

# 个 and 块 are units of much that is not counted in an order: 3 个月, 10 块钱.
_UNITS = (
    "公斤|千克|KG|台套|平方米|立方米|把|台|件|套|支|只|吨|米|瓶|辆|盒|箱|根|组|袋|卷|桶|片|颗|架"
    "|个(?!多?月|工作日|小时|星期|礼拜|季度|年|人|问题|点|自然日)|块(?!钱)|批(?!次)|份(?!钱)"
    "|张|条(?!中|里|款|规定|件|例)"
)
_QUANTITY = re.compile(
    rf"(?<![\dA-Z.\-第{NUMERALS}几])(?P<number>\d{{1,7}}(?:\.\d{{1,3}})?|[{NUMERALS}]{{1,6}})"
    rf"\s?(?:多|来|余)?(?P<unit>{_UNITS})"
)
# "一个", "一份" are articles unless the message says nothing else.
_ARTICLE = re.compile(r"[一两]\s?[个份张条批块件套组]")
_COMPANY_TAIL = re.compile(
    r"(?:股份|责任|控股)?有限(?:责任)?公司|(?<=[\u4e00-\u9fff])厂(?![家商房区里内址子方])|专业合作社|集团(?!公司)"
)
_COMPANY_BODY = re.compile(r"[\u4e00-\u9fff0-9A-Za-z()（）·&]+$")
# What stands between the sentence and the name; the name begins after the last of these.
_BEFORE_NAME = re.compile(
    r".*(?:[是叫的在找请给问被把向跟从到们了]|[一这那哪几两]家|我司|我厂|单位为?|名称为?|公司(?=.{4})|联系|名字|帮忙|名为|改成|企业)"
)
# Words that say what kind of company it is; a name has at least two characters besides.
_KIND_OF_COMPANY = re.compile(
    r"小型|大型|一家|这家|那家|哪家|几家|这个|那个|一个|某|注册|成立|开|设立|办理?|变更|注销|投资|民营|国有|外资"
    r"|个人|一人|两人|食品|服装|机械|家具|五金|加工|电子|塑料|化工|阀门|玩具|生产|代工|制造|科技|贸易|商贸|门窗|检测"
    r"|第三方|水泵|泵|工厂|客户|[审验工出电水钢纸药酒染老新本小大]$"
)

# Words that hold a term but mean something else.
_OTHER_WORDS = ("手机号", "手机号码", "手机端", "手机上", "手机版", "汽车站", "服务器端", "量块钱")


@dataclass(frozen=True)
class Entity:
    """Something named in a text; `value` is its normal form, `text` how it was written."""

    type: str
    value: str
    text: str
    start: int
    end: int


def find(text: str, today: date | None = None) -> list[Entity]:
    """Find the entities of a text from left to right.

    They never overlap: codes come first, then company names, then days, then quantities,
    then the known names, longest first. So the place in a company's name is no region.

    Args:
        text: What was said.
        today: The day on which it was said. Without it no days are found: “明天” has no
            normal form of its own.
    """
    flat = plain(text)
    taken: list[Entity] = []
    for kind, start, end, value in _candidates(text, flat, today):
        if all(end <= entity.start or entity.end <= start for entity in taken):
            taken.append(Entity(kind, value, text[start:end], start, end))
    return sorted(taken, key=lambda entity: entity.start)


_Found = Iterator[tuple[str, int, int, str]]


def _candidates(text: str, flat: str, today: date | None) -> _Found:
    """Yield what may be an entity; where two overlap, the first is meant."""
    yield from codes.find(flat)
    for found in standard_numbers.find(text):
        yield "standard_number", found.start, found.end, found.value
    # Orders and notices are looked up in the same table by the same question.
    for found in official_numbers.find(text):
        yield "standard_number", found.start, found.end, found.value
    yield from _companies(text)
    if today is not None:
        for day in times.find(text, today):
            yield "date", day.start, day.end, day.value
    yield from _quantities(flat)
    yield from _names(flat)


def _companies(text: str) -> _Found:
    for tail in _COMPANY_TAIL.finditer(text):
        body = _COMPANY_BODY.search(text[: tail.end()])
        if body is None:
            continue
        start = body.start()
        if before := _BEFORE_NAME.match(text[start : tail.start()]):
            start += before.end()
        ending = 1 if tail.group().endswith("厂") else len(tail.group())
        if len(_KIND_OF_COMPANY.sub("", text[start : tail.end() - ending])) >= 2:
            yield "company", start, tail.end(), text[start : tail.end()]


def _quantities(flat: str) -> _Found:
    for match in _QUANTITY.finditer(flat):
        if _ARTICLE.fullmatch(match.group()) and match.group() != flat.strip():
            continue
        said, unit = match["number"], match["unit"].replace("KG", "kg")
        value = said if said[0].isdigit() and said.isascii() else str(number(said))
        yield "quantity", match.start(), match.end(), f"{value} {unit}"


def _names(flat: str) -> _Found:
    known, lengths = _known_names()
    position = 0
    while position < len(flat):
        for length in lengths.get(flat[position], ()):
            word = flat[position : position + length]
            if len(word) == length and word in known and _stands_alone(flat, position, length):
                if term := known[word]:
                    yield term.type, position, position + length, term.value
                position += length - 1
                break
        position += 1


@lru_cache(maxsize=1)
def _known_names() -> tuple[dict[str, Term | None], dict[str, tuple[int, ...]]]:
    """Return the names by their plain form, and by first character the lengths to try."""
    known: dict[str, Term | None] = {plain(term.word): term for term in terms()}
    known.update(dict.fromkeys(_OTHER_WORDS))
    lengths: dict[str, set[int]] = {}
    for word in known:
        lengths.setdefault(word[0], set()).add(len(word))
    return known, {first: tuple(sorted(some, reverse=True)) for first, some in lengths.items()}


def _stands_alone(flat: str, start: int, length: int) -> bool:
    """Refuse Latin letters that are part of a longer Latin word."""
    end = start + length
    before, after = flat[start - 1 : start], flat[end : end + 1]
    cut_before = before.isascii() and before.isalnum() and flat[start].isascii()
    cut_after = after.isascii() and after.isalnum() and flat[end - 1].isascii()
    return not (cut_before or cut_after)
