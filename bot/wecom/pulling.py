"""Reads the company's mailboxes: one reader for each over all processes, nothing lost, once each.

A page's items, the turns begun for them and the cursor are one unit of work. A process that dies
before it has stored nothing, so the page is read again; one that dies after it leaves turns that
another process takes up (see ``turns.recover``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attachments.storage import Storage
from bot.conversations.answering import Asked
from bot.conversations.bell import Bell
from bot.conversations.models import Customer
from bot.database import Database
from bot.wechat.asides import Asides
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.fetching import fetch_media
from bot.wechat.receiving import Taken
from bot.wechat.tokens import TokenUnavailable
from bot.wecom.account import CHANNEL, Address, KfAccount
from bot.wecom.api import KfApi
from bot.wecom.mailboxes import (
    TOPIC,
    Claimed,
    advance,
    claim_mailbox,
    give_back,
    look_soon,
    next_mail,
    note_not_stored,
    wait_for_wecom,
)
from bot.wecom.messages import CUSTOMER, Item, Page, read_page
from bot.wecom.models import KfSession
from bot.wecom.receiving import KfReceiver, Look
from bot.wecom.sessions import THEIRS

logger = logging.getLogger(__name__)

# Units of work stay short: on SQLite they keep every other writer waiting.
_PAGE = 100
# A page that cannot be stored is read item by item; the item that cannot be is left out at last.
_ONE_BY_ONE_AFTER, _LEFT_OUT_AFTER = 3, 6
# Pages without an item may go on for a while, but not for ever.
_MOST_EMPTY_PAGES = 50
_LOOK_SECONDS = 5.0
_SHORTEST_SLEEP = 0.05
_FAREWELL_SECONDS = 10.0
# How often at most WeCom is asked whether somebody there still serves a customer.
_ASK_AGAIN = timedelta(seconds=60)


class Turns(Protocol):
    """Runs what a page has begun."""

    def wake(self, conversation_id: str, begun: Asked | None = None) -> object:
        """See ``TurnRunner.wake``."""
        ...


class _LostLease(Exception):
    """Somebody else reads this mailbox by now: what we have read is theirs to store."""


@dataclass(frozen=True)
class Hands:
    """What follows when a page has been stored."""

    turns: Turns
    storage: Storage


class Puller:
    """The reader of this process."""

    def __init__(
        self,
        account: KfAccount,
        api: KfApi,
        receiver: KfReceiver,
        database: Database,
        bell: Bell,
        clock: Callable[[], datetime],
        hands: Hands,
    ) -> None:
        self._account = account
        self._api = api
        self._receiver = receiver
        self._database = database
        self._bell = bell
        self._clock = clock
        self._hands = hands
        self._loop: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._fetching = Asides()

    def start(self) -> None:
        """Begin; call it on the event loop."""
        self._is_stopping = False
        self._loop = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        """Read no further page, and let the one under way be stored."""
        self._is_stopping = True
        self._bell.ring({TOPIC})
        loop, self._loop = self._loop, None
        if loop is not None:
            _, late = await asyncio.wait({loop}, timeout=_FAREWELL_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._fetching.end()

    async def run_once(self) -> int:
        """Read every mailbox that is due; how many there were."""
        read = 0
        while not self._is_stopping and (claimed := await self._claim()) is not None:
            await self._read(claimed)
            read += 1
        return read

    async def settle(self) -> None:
        """Wait for the pictures that are being fetched."""
        await self._fetching.settle()

    async def _serve(self) -> None:
        is_first = True
        async with self._bell.listening(TOPIC) as rung:
            while not self._is_stopping:
                rung.clear()
                sleep = _LOOK_SECONDS
                try:
                    if is_first:
                        await self._database.write(look_soon, now=self._clock())
                    is_first = False
                    await self.run_once()
                    sleep = await self._until_due()
                except Exception:
                    # The outermost edge: a database that is away comes back.
                    logger.exception("kf_reading_failed")
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), sleep)

    async def _until_due(self) -> float:
        due_at = await self._database.read(next_mail)
        if due_at is None:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(_SHORTEST_SLEEP, (due_at - self._clock()).total_seconds()))

    async def _claim(self) -> Claimed | None:
        due_at = await self._database.read(next_mail)
        if due_at is None or due_at > self._clock():
            return None
        return await self._database.write(claim_mailbox, now=self._clock())

    async def _read(self, claimed: Claimed) -> None:
        try:
            await self._read_pages(claimed)
        except _LostLease:
            logger.warning("kf_lease_lost account=%s", claimed.open_kfid)
            return
        except WeChatError as error:
            logger.warning("kf_pull_refused account=%s %s", claimed.open_kfid, error)
            seconds = error.rule.seconds
            await self._database.write(wait_for_wecom, claimed, seconds, now=self._clock())
        except (WeChatAway, TokenUnavailable) as trouble:
            logger.warning("kf_pull_away account=%s kind=%s", claimed.open_kfid, trouble)
            await self._database.write(wait_for_wecom, claimed, None, now=self._clock())
        except Exception:
            # The outermost edge of one mailbox: it must not keep the others from being read.
            logger.exception("kf_page_not_stored account=%s", claimed.open_kfid)
            await self._database.write(note_not_stored, claimed, now=self._clock())
        else:
            await self._database.write(give_back, claimed, now=self._clock())

    async def _read_pages(self, claimed: Claimed) -> None:
        one_by_one = claimed.failures >= _ONE_BY_ONE_AFTER
        leave_out = claimed.failures >= _LEFT_OUT_AFTER
        cursor, empty = claimed.cursor, 0
        while not self._is_stopping:
            limit = 1 if one_by_one else _PAGE
            answer = await self._api.sync(claimed.open_kfid, cursor, claimed.token, limit)
            page = read_page(answer, claimed.open_kfid)
            looks = await self._looks(page)
            if leave_out:
                logger.error("kf_left_out account=%s items=%d", claimed.open_kfid, len(page.items))
            items = () if leave_out else page.items
            leave_out = False
            taken = await self._database.write(
                self._store, claimed, cursor, page, items, looks, now=self._clock()
            )
            self._go_on(taken)
            cursor = page.cursor or cursor
            empty = 0 if page.items else empty + 1
            if not page.has_more:
                return
            if empty > _MOST_EMPTY_PAGES:
                raise WeChatAway("no_end_of_empty_pages")

    def _store(
        self,
        session: Session,
        claimed: Claimed,
        before: str,
        page: Page,
        items: tuple[Item, ...],
        looks: Mapping[Address, Look],
        *,
        now: datetime,
    ) -> list[Taken]:
        """The messages and the cursor behind them: both, or neither."""
        if not advance(session, claimed, before, page.cursor or before, now):
            raise _LostLease
        opened_at = claimed.opened_at
        return [self._receiver.take_in(session, each, opened_at, looks, now=now) for each in items]

    async def _looks(self, page: Page) -> dict[Address, Look]:
        """How the sessions stand of those who write although somebody in WeCom serves them."""
        writing = {each.address for each in page.items if each.origin == CUSTOMER}
        now = self._clock()
        looks: dict[Address, Look] = {}
        for address in await self._database.read(_unsure, writing, now - _ASK_AGAIN):
            try:
                looks[address] = Look(await self._api.state(address), now)
            except (WeChatError, WeChatAway, TokenUnavailable, KeyError, ValueError) as trouble:
                logger.info("kf_state_unknown kind=%s", type(trouble).__name__)
        return looks

    def _go_on(self, taken: list[Taken]) -> None:
        woken: set[str] = set()
        for each in taken:
            if each.bot_answers and each.conversation_id and each.conversation_id not in woken:
                # One turn for the first; when it ends it takes up the others.
                woken.add(each.conversation_id)
                self._hands.turns.wake(each.conversation_id, each.begun)
            if each.fetch is not None:
                self._fetch(*each.fetch)
            for attachment_id in each.remove:
                self._aside(asyncio.to_thread(self._hands.storage.remove, attachment_id))

    def _fetch(self, message_id: str, media_id: str) -> None:
        self._aside(
            fetch_media(
                self._api, self._database, self._hands.storage, self._clock, message_id, media_id
            )
        )

    def _aside(self, work: Coroutine[Any, Any, object]) -> None:
        self._fetching.do(work)


def _unsure(session: Session, addresses: set[Address], asked_before: datetime) -> list[Address]:
    query = (
        select(Customer.address)
        .join(KfSession, KfSession.customer_id == Customer.id)
        .where(
            Customer.channel == CHANNEL,
            Customer.address.in_([str(each) for each in addresses]),
            KfSession.state.in_(THEIRS),
            (KfSession.asked_at.is_(None)) | (KfSession.asked_at < asked_before),
        )
    )
    return [Address.read(each) for each in session.scalars(query) if each]
