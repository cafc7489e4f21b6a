"""What is asked about a thing."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.aspects import AspectTable, asked_in


def compared(question: str, title: str, body: str) -> tuple[float, float]:
    """Compare a question with one entry."""
    titled, untold = AspectTable([title], [body]).compare(asked_in(question), np.array([0]))
    return float(titled[0]), float(untold[0])


@pytest.mark.parametrize(
    ("question", "title", "body", "expected"),
    [
        ("强检要多少钱", "强制检定的费用", "强检不收费。", (1, 0)),
        ("强检要多少钱", "强制检定在哪里做", "到法定机构去做。", (0, 1)),
        ("强检要多久，多少钱", "强制检定的期限", "20 个工作日内完成。", (0.5, 0.5)),
        ("压力表", "压力表多久检一次", "半年。", (0, 0)),
    ],
)
def test_an_entry_is_known_by_the_aspects_it_names_and_tells(
    question: str, title: str, body: str, expected: tuple[float, float]
) -> None:
    assert compared(question, title, body) == expected


def test_an_empty_table_compares_nothing() -> None:
    titled, untold = AspectTable([], []).compare(asked_in("多少钱"), np.zeros(0, dtype=int))
    assert len(titled) == len(untold) == 0
