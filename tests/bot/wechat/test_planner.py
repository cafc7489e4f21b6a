"""What is sent of what must be said, and how texts are split; whatever the texts may be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wechat.choices import Choice
from bot.wechat.planner import Item, Plan, in_halves, plan
from bot.wechat.splitting import MOST_BYTES, size, split

FAMILY = "👨‍👩‍👧"
LINK = "https://platform.example/wechat/messages/1"
PIECES = ["计量", "。", "\n", "a", " ", FAMILY, "👍🏽", "é", "，", "https://e.cn/a?b=1&c=2 ", "🇨🇳"]
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=600).map("".join)
long_texts = st.lists(st.sampled_from(PIECES), min_size=400, max_size=900).map("".join)


def choices(count: int) -> tuple[Choice, ...]:
    return tuple(Choice(number, number, f"选项{number}") for number in range(1, count + 1))


items = st.lists(
    st.builds(
        Item,
        texts.map(lambda text: f"始{text}终"),
        st.integers(0, 10).map(choices),
        st.sampled_from(["", "", "", "picture"]),
        st.sampled_from(["", LINK]),
        st.just(0),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


class TestSplitting:
    @given(texts | long_texts | st.text(max_size=3000))
    def test_the_parts_are_the_text_and_none_is_too_long(self, text: str) -> None:
        parts = split(text)
        assert "".join(parts) == text
        assert all(0 < size(part) <= MOST_BYTES for part in parts)

    @given(long_texts, st.integers(64, 512))
    def test_no_emoji_and_no_link_is_broken(self, text: str, most: int) -> None:
        parts = split(text, most)
        for whole in (FAMILY, "👍🏽", "é", "🇨🇳", "https://e.cn/a?b=1&c=2"):
            assert sum(part.count(whole) for part in parts) == text.count(whole)

    def test_a_part_ends_where_a_sentence_does(self) -> None:
        parts = split("计量器具要定期检定。" * 100)
        assert len(parts) == 2
        assert all(part.endswith("。") for part in parts)

    def test_an_element_stays_whole(self) -> None:
        element = '<a href="https://e.cn/">请看这里</a>'
        parts = split("字" * 640 + element + "字" * 640, 2048)
        assert any(element in part for part in parts)

    def test_3000_bytes_of_chinese_and_emoji(self) -> None:
        text = "检定😀校准" * 200
        assert size(text) == 3200
        assert "".join(split(text)) == text
        assert [size(part) for part in split(text)] == [2048, 1152]


def whole(planned: Plan, count: int) -> set[int]:
    """The items that are whole with the plan."""
    return {index for send in planned.sends for index in send.ends} & set(range(count))


class TestPlan:
    @settings(max_examples=150, deadline=None)
    @given(items, st.integers(1, 5), st.booleans())
    def test_no_more_is_sent_than_allowed_and_nothing_too_long(
        self, said: list[Item], left: int, menus: bool
    ) -> None:
        planned = plan(said, left, menus=menus)
        assert len(planned.sends) <= left
        assert all(size(send.text) <= MOST_BYTES for send in planned.sends)
        assert menus or not any(send.choices for send in planned.sends)

    @settings(max_examples=150, deadline=None)
    @given(items, st.integers(1, 5))
    def test_order_is_kept_and_nothing_is_lost(self, said: list[Item], left: int) -> None:
        planned = plan(said, left)
        carried = [index for send in planned.sends for index in send.items]
        assert carried == sorted(carried)
        complete = whole(planned, len(said))
        held = range(planned.held_from if planned.held_from is not None else len(said), len(said))
        assert complete | set(held) == set(range(len(said)))
        assert not complete & set(held)

    @settings(max_examples=100, deadline=None)
    @given(items)
    def test_where_there_is_room_every_word_is_said(self, said: list[Item]) -> None:
        planned = plan(said, 1000)
        assert planned.held_from is None
        told = "".join(send.text for send in planned.sends)
        for item in said:
            if item.media:
                continue
            assert re.sub(r"\s", "", item.text) in re.sub(r"\s", "", told)
            offered = {each for send in planned.sends for each in send.choices}
            for choice in item.choices:
                assert choice in offered or f"{choice.number}. {choice.title}" in told

    def test_short_texts_are_one_message(self) -> None:
        assert len(plan([Item("一"), Item("二"), Item("三")], 5).sends) == 1

    def test_a_menu_takes_what_was_said_before_as_its_head(self) -> None:
        planned = plan([Item("依据如下"), Item("选哪个？", choices(2))], 5)
        assert [send.text for send in planned.sends] == ["依据如下\n\n选哪个？"]
        assert len(planned.sends[0].choices) == 2

    def test_menus_become_numbers_where_that_saves_a_message(self) -> None:
        said = [Item("甲", choices(2)), Item("乙", (Choice(3, 3, "丙"),))]
        assert len(plan(said, 2).sends) == 2
        (only,) = plan(said, 1).sends
        assert "1. 选项1" in only.text
        assert "3. 丙" in only.text

    def test_a_long_answer_moves_to_a_page_when_it_would_take_too_much(self) -> None:
        long = Item("说明。" * 1500, link=LINK)
        assert len(plan([long], 9).sends) == 7
        (only,) = plan([long], 5).sends
        assert LINK in only.text

    def test_without_a_page_a_long_answer_goes_on_where_it_ended(self) -> None:
        long = Item("说明。" * 1500)
        first = plan([long], 5)
        assert first.held_from == 0
        second = plan([Item(long.text, sent=sum(send.pieces for send in first.sends))], 5)
        assert second.held_from is None
        told = "".join(send.text for send in [*first.sends, *second.sends])
        assert told == long.text

    @pytest.mark.parametrize("taken", range(7))
    def test_what_was_begun_in_halves_goes_on_after_the_last_one_taken(self, taken: int) -> None:
        long = Item("".join(f"第 {number} 句说明。" for number in range(300)))
        halves = [half for send in plan([long], 9).sends for half in in_halves(send)]
        assert len(halves) == 7
        rest = plan([Item(long.text, sent=taken)], 9).sends
        told = "".join(half.text for half in halves[:taken])
        assert told + "".join(send.text for send in rest) == long.text
        assert [send.ends for send in rest] == [*[()] * (len(rest) - 1), (0,)]

    def test_halves_of_a_merged_message_belong_to_one_item_each(self) -> None:
        (merged,) = plan([Item("甲" * 100), Item("乙" * 400)], 5).sends
        assert [(each.items, each.ends) for each in in_halves(merged)] == [
            ((0,), (0,)),
            ((1,), ()),
            ((1,), (1,)),
        ]

    def test_the_last_message_is_not_spent_on_a_notice(self) -> None:
        notice = Item("您排在第 2 位", is_notice=True)
        assert plan([notice], 1) == Plan((), 0, is_saved=True)
        assert len(plan([notice, Item("您好")], 1).sends) == 1
        assert len(plan([notice], 2).sends) == 1
