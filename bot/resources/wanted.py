"""What a customer looks for, taken apart: the object, the kind of work, a standard, a place."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz

from bot.resources.importing import stem_of
from knowledge import entities

# Kinds of work name what is done, not what it is done to; alone they say only which service.
SERVICES = {
    "检定": "metrology",
    "校准": "metrology",
    "校验": "metrology",
    "计量": "metrology",
    "检测": "testing",
    "测试": "testing",
    "检验": "testing",
    "试验": "testing",
    "认证": "certification",
    "标准": "standards",
    "商标": "ip",
    "专利": "ip",
    "知识产权": "ip",
    "品牌": "brand",
    "质量奖": "brand",
    "质量管理": "quality_management",
    "质量诊断": "quality_management",
    "特种设备": "other",
}
# What customers say for what the tables say.
_SYNONYMS = (
    (re.compile(r"3[Cc]|三[Cc]"), "CCC 认证"),
    (re.compile("拉力"), "拉伸"),
    (re.compile("水泵"), "离心泵"),
    (re.compile("地磅"), "电子汽车衡"),
    (re.compile("三坐标"), "三坐标测量机"),
    (re.compile("重金属"), "铅"),
    (re.compile("体系证书?"), "管理体系"),
)
# Said of a thing to be done, these ask for a place and not for a rule.
_ASKS_WHERE = re.compile(
    r"(?:哪里|哪儿|哪家|谁|附近|周边|本地|有没有|有什么地方)[^，。？]{0,8}?(?:能|可以|会)[^，。？]{0,3}?[做检测校]"
    r"|(?:能|可以)[做检测校][^，。？]{0,12}?(?:机构|单位|实验室|公司|地方)|哪[里儿][检测校做]"
)
_WORK = re.compile("检定|校准|较准|校正|校验|计量|检测|测试|检验|认证")
_FILLER = re.compile(
    r"我们|我司|我厂|公司|帮忙?|麻烦|请问?|你好|您好|想要?|需要|打算|推荐|介绍|联系|查一?下?|找一?[家个下]?|一下|一家|哪[里儿家些个]"
    r"|什么地方|什么|附近|周边|本地|当地|有没有|有哪些|有|能不能|(?<![性功节机智])能够?(?![源效耗])|可以|会|做|测(?!量|试)|去|到|在|给|谁|吗|呢|啊|吧|的|了"
    r"|机构|单位|实验室|检测所|公司|第三方|资质|具备|服务|这个|那个|送|办理?|关于|方面|一[批台只个份]|专家|老师|请教|咨询"
    r"|仪器|设备|共享|借用?|租用?|使用|预约|开放|标准号?|现行|最新|版本|执行|适用|用哪个|是多少|怎么|如何|要|我|你|您|(?<![使费家医商通专车民军饮食信])用(?![品具途户电水能])"
)
_PUNCTUATION = re.compile(r"[^\w\u4e00-\u9fff.]+|[，。？！、；：]")


# What a message names besides the thing itself.
_BESIDE = frozenset(
    {"company", "phone", "quantity", "case_number", "credit_code", "certificate_number", "date"}
)
# Which day is named does not matter here, only where.
_SOME_DAY = date(2026, 1, 5)

# Tried on the demo tables: with 1 a rocket engine finds electric motors, with 4 “阀门壳体试验”
# finds nothing.
UNKNOWN = 2.5


@dataclass(frozen=True)
class Wanted:
    """A wish: its object in pieces (in variants), the work, a standard's stem, a region."""

    text: str
    pieces: tuple[tuple[str, ...], ...]
    work: str | None
    service: str | None
    stem: str | None
    region: str | None

    @property
    def is_empty(self) -> bool:
        """Whether it says neither what nor by which standard nor which service."""
        return not (any(self.pieces) or self.stem or self.service)


def wanted_in(text: str) -> Wanted:
    """Take a wish apart."""
    found = entities.find(text, _SOME_DAY)
    rest, stem, region, names = text, None, None, []
    for entity in found:
        if entity.type == "standard_number":
            stem, rest = stem_of(entity.value), rest.replace(entity.text, " ")
        elif entity.type == "region":
            region, rest = region or entity.value, rest.replace(entity.text, " ")
        elif entity.type in _BESIDE:
            rest = rest.replace(entity.text, " ")
        elif entity.type in ("instrument", "product") and entity.value != entity.text:
            names.append((entity.text, entity.value))
    work = _WORK.search(rest)
    service = next((service for word, service in SERVICES.items() if word in rest), None)
    variants = [rest, *(rest.replace(written, name) for written, name in names)]
    variants += [word.sub(meant, rest) for word, meant in _SYNONYMS if word.search(rest)]
    pieces = tuple(dict.fromkeys(_pieces(variant) for variant in variants))
    return Wanted(text.strip(), pieces, work[0] if work else None, service, stem, region)


def asks_where(text: str) -> bool:
    """Whether a message asks who can do something, however it was classified."""
    return bool(_ASKS_WHERE.search(text)) and any(wanted_in(text).pieces)


def shown(wanted: Wanted) -> str:
    """The wish as it is repeated back: short, without the words round it."""
    words = " ".join(wanted.pieces[0]) if wanted.pieces else ""
    parts = [words, wanted.work or "", wanted.stem or ""]
    return " ".join(part for part in parts if part) or wanted.text[:30]


class Relevance:
    """How well texts cover a wish: pairs of characters, the rarer the weightier."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        total = 0
        for text in texts:
            counts.update(set(_pairs(text)))
            total += 1
        self._weights = {pair: math.log(1 + total / count) for pair, count in counts.items()}

    def of(self, wanted: Wanted, text: str) -> float:
        """0 … 1: the best of the wish's variants; every piece of it counts the same."""
        return max((self._coverage(pieces, text) for pieces in wanted.pieces), default=0.0)

    def _coverage(self, pieces: tuple[str, ...], text: str) -> float:
        if not pieces:
            return 0.0
        return sum(self._piece(piece, text) for piece in pieces) / len(pieces)

    def _piece(self, piece: str, text: str) -> float:
        if piece in text or piece.isascii():
            return float(piece in text)
        pairs = _pairs(piece)
        # A pair nobody offers is a seam between two words, or something nobody can do: it
        # weighs about as much as a common pair.
        weights = [self._weights.get(pair, UNKNOWN) for pair in pairs]
        hit = sum(weight for pair, weight in zip(pairs, weights, strict=True) if pair in text)
        covered = hit / sum(weights)
        # A slip of one character (校准、较准) still leaves most of a longer word.
        close = fuzz.partial_ratio(piece, text) / 100 if len(piece) >= 4 else 0.0
        return max(covered, close if close >= 0.75 else 0.0)


def _pieces(text: str) -> tuple[str, ...]:
    plain = _PUNCTUATION.sub(" ", text)
    plain = _FILLER.sub(" ", _WORK.sub(" ", plain))
    return tuple(piece for piece in plain.split() if len(piece) > 1 and "哪" not in piece)


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)] or [text]
