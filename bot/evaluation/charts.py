"""The report's drawings, as SVG that inherits the page's colours and scales with its width."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.evaluation.measures import BINS, Bin

_HISTOGRAM_BARS = 24
_SIDE = 300
_MARGIN = 40


def bar(value: float, most: float = 1.0, kind: str = "", mark: float | None = None) -> Markup:
    """One horizontal bar; ``mark`` draws the bound that it is held to."""
    width = 100 * max(0.0, min(1.0, value / most)) if most else 0.0
    line = ""
    if mark is not None:
        line = f'<rect class="mark" x="{100 * mark / most - 0.4:.2f}" width="0.8" height="10"/>'
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" y="1" width="100" height="8"/>'
        f'<rect class="fill {kind}" y="1" width="{width:.2f}" height="8"/>{line}</svg>'
    )


def stack(parts: Sequence[tuple[str, int]]) -> Markup:
    """One bar of several parts, as long as they are many."""
    every = sum(count for _, count in parts)
    drawn, left = [], 0.0
    for kind, count in parts:
        width = 100 * count / every if every else 0.0
        drawn.append(
            f'<rect class="part {kind}" x="{left:.2f}" width="{max(0.0, width - 0.3):.2f}"'
            ' height="10"/>'
        )
        left += width
    return Markup(
        '<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        + "".join(drawn)
        + "</svg>"
    )


def reliability_plot(bins: Sequence[Bin], title: str) -> Markup:
    """Stated against true, on a square; points lie on the diagonal when both agree."""
    most = max((one.count for one in bins), default=1)
    grid = "".join(
        f'<line class="grid" x1="{_x(tenth / 5):.1f}" y1="{_y(0):.1f}"'
        f' x2="{_x(tenth / 5):.1f}" y2="{_y(1):.1f}"/>'
        f'<line class="grid" x1="{_x(0):.1f}" y1="{_y(tenth / 5):.1f}"'
        f' x2="{_x(1):.1f}" y2="{_y(tenth / 5):.1f}"/>'
        f'<text x="{_x(tenth / 5):.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">'
        f"{tenth * 20}%</text>"
        f'<text x="{_x(0) - 6:.1f}" y="{_y(tenth / 5) + 4:.1f}" text-anchor="end">'
        f"{tenth * 20}%</text>"
        for tenth in range(6)
    )
    line = " ".join(f"{_x(one.confidence):.1f},{_y(one.accuracy):.1f}" for one in bins)
    points = "".join(
        f'<circle cx="{_x(one.confidence):.1f}" cy="{_y(one.accuracy):.1f}"'
        f' r="{3 + 6 * (one.count / most) ** 0.5:.1f}">'
        f"<title>置信度 {one.confidence:.0%}，实际 {one.accuracy:.0%}，{one.count} 题</title>"
        "</circle>"
        for one in bins
    )
    size = _SIDE + 2 * _MARGIN
    return Markup(
        f'<svg class="square" viewBox="0 0 {size} {size - 20}" role="img"'
        f' aria-label="{title}：置信度与实际准确率">{grid}'
        f'<line class="diagonal" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}"'
        f' y2="{_y(1):.1f}"/><polyline class="curve" points="{line}"/>{points}'
        f'<text class="axis" x="{_x(0.5):.1f}" y="{_y(0) + 34:.1f}" text-anchor="middle">'
        "助手说的把握</text>"
        f'<text class="axis" x="{_x(0):.1f}" y="{_y(1) - 8:.1f}">实际答对的比例</text></svg>'
    )


def _x(value: float) -> float:
    return _MARGIN + 8 + value * _SIDE


def _y(value: float) -> float:
    return _MARGIN - 14 + (1 - value) * _SIDE


def histogram(seconds: Sequence[float], middle: float, late: float) -> Markup:
    """How many answers took how long, with the median and the 95 % line."""
    if not seconds:
        return Markup("")
    end = max(late * 1.3, middle * 2)
    counts = [0] * _HISTOGRAM_BARS
    for each in seconds:
        counts[min(int(each / end * _HISTOGRAM_BARS), _HISTOGRAM_BARS - 1)] += 1
    wide, high = 600, 150
    step = wide / _HISTOGRAM_BARS
    bars = "".join(
        f'<rect class="fill" x="{n * step + 1:.1f}" y="{high - high * 0.88 * c / max(counts):.1f}"'
        f' width="{step - 2:.1f}" height="{high * 0.88 * c / max(counts):.1f}">'
        f"<title>{_ms(n * end / _HISTOGRAM_BARS)} 起：{c} 题</title></rect>"
        for n, c in enumerate(counts)
    )
    lines = "".join(
        f'<line class="diagonal" x1="{at / end * wide:.1f}" y1="0" x2="{at / end * wide:.1f}"'
        f' y2="{high}"/><text x="{at / end * wide + 5:.1f}" y="12">{name} {_ms(at)}</text>'
        for name, at in (("一半", middle), ("95%", late))
    )
    ticks = "".join(
        f'<text x="{n / 4 * wide:.1f}" y="{high + 18}" text-anchor="{anchor}">'
        f"{_ms(end * n / 4)}</text>"
        for n, anchor in enumerate(("start", "middle", "middle", "middle", "end"))
    )
    return Markup(
        f'<svg class="wide" viewBox="0 0 {wide} {high + 24}" role="img"'
        f' aria-label="答复用时分布">{bars}<line class="grid" x1="0" y1="{high}"'
        f' x2="{wide}" y2="{high}"/>{lines}{ticks}</svg>'
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} 毫秒"


def shade(value: int, row: int) -> int:
    """How dark a cell of the confusion table is, from 0 to 9, by its share of the row."""
    return min(BINS - 1, round(value / row * (BINS - 1))) if row and value else 0
