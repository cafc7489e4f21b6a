"""The soak's customers notice what went wrong: each fault put into a feed is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import cycle
from random import Random
from typing import Any

import pytest

from tests.load.people import Customer

Feed = list[dict[str, Any]]


class Told:
    """Answers every call with what is left of a feed after the cursor."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    async def call(self, _method: str, path: str, _body: Any = None) -> dict[str, Any]:
        """One page, then an empty one."""
        after = int(path.partition("after=")[2].partition("&")[0])
        changes = [each for each in self.feed if each["cursor"] > after]
        return {"changes": changes, "cursor": max([after, *(c["cursor"] for c in changes)])}


def _feed(*said: tuple[str, str]) -> Feed:
    return [
        {
            "cursor": number,
            "type": "message",
            "message": {
                "conversation_id": "c",
                "seq": number,
                "author": author,
                "client_id": name,
                "text": name,
            },
        }
        for number, (author, name) in enumerate(said, 1)
    ]


def _good() -> Feed:
    return _feed(("customer", "1"), ("bot", "a"), ("customer", "2"), ("bot", "b"))


def _found(shown: Feed, fresh: Feed) -> list[str]:
    customer = Customer(0, Told(fresh), cycle(["?"]), 2, Random(1))  # type: ignore[arg-type]
    customer.path, customer.sent = "/c", ["1", "2"]
    customer.take({"changes": shown, "cursor": max((c["cursor"] for c in shown), default=0)})
    return asyncio.run(customer.problems())


def _numbered(feed: Feed) -> Feed:
    return [{**each, "cursor": number} for number, each in enumerate(feed, 1)]


def _lost(feed: Feed) -> Feed:
    return _numbered([feed[0], feed[1], feed[3]])


def _twice(feed: Feed) -> Feed:
    return _numbered([*feed[:3], feed[2], feed[3]])


def _disordered(feed: Feed) -> Feed:
    return _numbered([feed[2], feed[1], feed[0], feed[3]])


def _unanswered(feed: Feed) -> Feed:
    return feed[:3]


def test_feed_without_a_fault_has_no_problems() -> None:
    assert _found(_good(), _good()) == []


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (_lost, "1 lost"),
        (_twice, "1 duplicated"),
        (_disordered, "out of order"),
        (_unanswered, "left without an answer"),
    ],
)
def test_each_fault_is_named(fault: Callable[[Feed], Feed], named: str) -> None:
    broken = fault(_good())
    assert any(named in each for each in _found(broken, broken))


def test_what_was_followed_must_equal_a_fresh_fetch() -> None:
    assert any("differs" in each for each in _found(_good()[:2] + _good()[3:], _good()))


def test_change_that_is_shown_again_is_named() -> None:
    assert any("shown twice" in each for each in _found([*_good(), _good()[1]], _good()))
