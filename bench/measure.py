"""The figures: percentiles of times, and the memory of a tree of processes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path


def percentile(seconds: Sequence[float], share: float) -> float:
    """The time that this share of the turns did not exceed (nearest rank)."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def tree_of(pid: int) -> Iterator[int]:
    """A process and everything it started (Linux)."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text("ascii").split():
            yield from tree_of(int(child))


def memory_of(pids: Sequence[int]) -> int:
    """Bytes of all these processes and their children: shared pages are counted once (PSS)."""
    return sum(_proportional(each) for pid in pids for each in tree_of(pid))


def _proportional(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
