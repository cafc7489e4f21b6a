"""Reading the mailbox: everything once, by one reader, whatever breaks between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from bot.conversations.models import Turn
from bot.database import Database
from bot.settings import Settings
from bot.wechat.models import WeChatDelivery
from bot.wecom import pulling
from bot.wecom.mailboxes import LEASE
from bot.wecom.models import KfMailbox
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, holds
from tests.connectors.wecom.conftest import CALLBACK, OPEN_KFID, XIAOCHEN, read, running, settled
from tests.connectors.wecom.looking import (
    heard,
    mailbox,
)
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone


def cut_off(work: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """Do the work, and fail right after it, so many times."""
    left = [times]

    def broken(*args: Any, **kwargs: Any) -> Any:
        done = work(*args, **kwargs)
        if left[0]:
            left[0] -= 1
            raise OSError("cut off")
        return done

    return broken


def test_pages_are_read_to_the_end_also_empty_ones(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.wecom.switches.page = 2
    xiaochen.wecom.switches.empty_pages = 3
    for number in range(5):
        xiaochen.writes(f"第 {number} 句")
    settled(web)
    assert heard(database) == [f"第 {number} 句" for number in range(5)]
    assert xiaochen.wecom.calls["kf/sync_msg"] == 6
    assert mailbox(database).cursor == "c5"


def test_empty_pages_without_end_are_left_for_later(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.wecom.switches.empty_pages = 1000
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.wecom.calls["kf/sync_msg"] < 60
    assert mailbox(database).troubles == 1


def test_a_first_reading_answers_only_what_was_said_just_now(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock, brain: FakeBrain
) -> None:
    now = int(clock().timestamp())
    for age, text in ((4 * 86400, "四天前"), (2 * 86400, "前天"), (3600, "一小时前"), (60, "刚才")):
        line = xiaochen._said(3, "text", {"content": text})
        line["send_time"] = now - age
    xiaochen.writes("现在")
    settled(web)
    assert heard(database) == ["刚才", "现在"]
    assert [each.text for each in brain.heard] == ["刚才", "现在"]


def test_what_was_said_while_we_were_away_is_answered_after_all(
    web: Served, xiaochen: KfPhone, clock: FakeClock, brain: FakeBrain
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen._said(3, "text", {"content": "夜里的问题"})
    clock.advance(hours=5)
    xiaochen.user.until = clock() + timedelta(hours=40)
    settled(web)
    assert brain.heard[-1].text == "夜里的问题"


def test_the_same_item_again_is_not_taken_again(
    web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
) -> None:
    line = xiaochen.writes("你好")
    xiaochen.wecom.log.append(dict(line))
    settled(web)
    xiaochen.wecom.log.append(dict(line))
    xiaochen.call()
    settled(web)
    assert heard(database) == ["你好"]
    assert len(brain.heard) == 1


class TestAtomic:
    def test_a_page_cut_off_after_its_messages_is_stored_whole_later(
        self,
        web: Served,
        xiaochen: KfPhone,
        database: Database,
        clock: FakeClock,
        brain: FakeBrain,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        puller = web.app.ctx.kf_puller
        xiaochen.writes("一")
        xiaochen.writes("二")
        monkeypatch.setattr(puller, "_store", cut_off(puller._store))
        settled(web)
        assert (heard(database), mailbox(database).cursor) == ([], "")
        assert count(database, WeChatDelivery) == 0
        assert brain.heard == []
        clock.advance(seconds=5)
        settled(web)
        assert (heard(database), mailbox(database).cursor) == (["一", "二"], "c2")
        assert "\n\n".join(xiaochen.texts) == "听到：一\n\n听到：二"

    def test_a_page_cut_off_between_two_messages_leaves_neither(
        self,
        web: Served,
        xiaochen: KfPhone,
        database: Database,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        receiver = web.app.ctx.kf_puller._receiver
        monkeypatch.setattr(receiver, "take_in", cut_off(receiver.take_in))
        xiaochen.writes("一")
        xiaochen.writes("二")
        settled(web)
        assert (heard(database), mailbox(database).cursor) == ([], "")
        clock.advance(seconds=5)
        settled(web)
        assert (heard(database), mailbox(database).cursor) == (["一", "二"], "c2")

    def test_a_process_killed_between_storing_and_the_turn_loses_nothing(
        self,
        web: Served,
        xiaochen: KfPhone,
        kf_settings: Settings,
        database: Database,
        clock: FakeClock,
        brain: FakeBrain,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        puller = web.app.ctx.kf_puller
        # The page is stored, its turn begun; then there is nobody any more to run it.
        monkeypatch.setattr(puller, "_go_on", lambda taken: None)
        xiaochen.writes("你好")
        read(web)
        assert (heard(database), count(database, Turn), brain.heard) == (["你好"], 1, [])
        clock.advance(minutes=10)
        other = FakeBrain()
        # Starting, it takes up the turns of those who have died.
        with running(kf_settings, database, other, clock) as later:
            xiaochen.user.until = clock() + timedelta(hours=40)
            settled(later)
        assert [each.text for each in other.heard] == ["你好"]
        assert xiaochen.texts == ["听到：你好"]

    def test_a_reader_that_died_is_succeeded_when_its_lease_ends(
        self,
        web: Served,
        xiaochen: KfPhone,
        database: Database,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        puller = web.app.ctx.kf_puller
        with monkeypatch.context() as killed:

            async def die(*_: object) -> None:
                raise asyncio.CancelledError

            killed.setattr(puller, "_read_pages", die)
            xiaochen.writes("你好")
            with pytest.raises(CancelledError):
                read(web)
        settled(web)
        assert heard(database) == []
        clock.advance(seconds=LEASE.total_seconds() + 1)
        settled(web)
        assert heard(database) == ["你好"]

    def test_an_item_that_can_never_be_stored_does_not_stop_the_others(
        self,
        web: Served,
        xiaochen: KfPhone,
        database: Database,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        receiver = web.app.ctx.kf_puller._receiver
        whole = receiver.take_in

        def choking(session: Any, item: Any, *args: Any, **kwargs: Any) -> Any:
            if getattr(item.content, "text", "") == "噎住":
                raise OSError("never")
            return whole(session, item, *args, **kwargs)

        monkeypatch.setattr(receiver, "take_in", choking)
        for text in ("前", "噎住", "后"):
            xiaochen.writes(text)
        for _ in range(12):
            settled(web)
            clock.advance(minutes=2)
        assert heard(database) == ["前", "后"]
        assert mailbox(database).failures == 0


class TestTwoProcesses:
    def test_two_readers_at_once_take_everything_once(
        self,
        web: Served,
        xiaochen: KfPhone,
        kf_settings: Settings,
        database: Database,
        clock: FakeClock,
        brain: FakeBrain,
    ) -> None:
        xiaochen.wecom.switches.page = 3
        other = FakeBrain()
        with running(kf_settings, database, other, clock) as second:
            phone = KfPhone(xiaochen.wecom, xiaochen.keys, f"{second.url}{CALLBACK}", XIAOCHEN)
            with phone.client, ThreadPoolExecutor(4) as pool:
                for number in range(12):
                    (xiaochen if number % 2 else phone).writes(f"第 {number:02} 句")
                    list(pool.map(read, [web, second]))
                list(pool.map(read, [web, second]))
            settled(web)
            settled(second)
            settled(web)
        assert heard(database) == [f"第 {number:02} 句" for number in range(12)]
        asked = "，".join(each.text for each in [*brain.heard, *other.heard])
        assert sorted(asked.split("，")) == heard(database)
        assert xiaochen.wecom.most_pulling == 1

    def test_who_has_lost_the_lease_stores_nothing(
        self, web: Served, xiaochen: KfPhone, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api = web.app.ctx.kf_puller._api
        sync = api.sync

        async def slow(*args: Any) -> Any:
            page = await sync(*args)
            with database.writing() as session:
                session.get_one(KfMailbox, OPEN_KFID).lease = "somebody else's"
            return page

        monkeypatch.setattr(api, "sync", slow)
        xiaochen.writes("你好")
        read(web)
        assert heard(database) == []
        assert mailbox(database).lease == "somebody else's"


def test_what_comes_while_somebody_reads_is_read_too(
    web: Served, xiaochen: KfPhone, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = web.app.ctx.kf_puller._api
    sync, late = api.sync, [True]

    async def during(*args: Any) -> Any:
        page = await sync(*args)
        if late.pop() if late else False:
            await asyncio.to_thread(xiaochen.writes, "迟到的一句")
        return page

    monkeypatch.setattr(api, "sync", during)
    xiaochen.writes("你好")
    settled(web)
    assert len(heard(database)) == 2


def test_the_loop_reads_when_called(
    web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
) -> None:
    puller = web.app.ctx.kf_puller
    go_on = holds(web, brain)
    web._loop.call_soon_threadsafe(puller.start)
    xiaochen.writes("你好")

    async def wait() -> None:
        while not brain.heard:
            await asyncio.sleep(0.01)
        await puller.stop()

    asyncio.run_coroutine_threadsafe(wait(), web._loop).result(30)
    go_on()
    assert heard(database) == ["你好"]
    assert pulling.TOPIC == "wecom:mail"
