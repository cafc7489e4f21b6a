"""Fetches pictures and recordings from Tencent, which keeps them for three days only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from bot.attachments.service import add_to_message
from bot.attachments.storage import Storage, Stored
from bot.conversations.models import Message
from bot.database import Database
from bot.errors import ServiceError
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.codes import Act
from bot.wechat.tokens import TokenUnavailable

logger = logging.getLogger(__name__)

# Passing trouble passes, or the picture stays at Tencent's: staff see that there was one.
_ATTEMPTS = 3
_PAUSE_SECONDS = 2.0


class Downloads(Protocol):
    """Whoever can fetch what a customer sent."""

    async def download(self, media_id: str) -> bytes:
        """The bytes; raises ``WeChatError``, ``WeChatAway`` or ``TokenUnavailable``."""
        ...


async def fetch_media(
    api: Downloads,
    database: Database,
    storage: Storage,
    clock: Callable[[], datetime],
    message_id: str,
    media_id: str,
) -> bool:
    """Add what a customer sent to its message, as a file like any other.

    The type is told from the bytes, and what is of no allowed sort is not kept.

    Returns:
        Whether it is there now.
    """
    content = await _download(api, media_id)
    if content is None:
        return False
    try:
        stored = await asyncio.to_thread(_store, storage, content)
    except ServiceError as error:
        logger.info("wechat_media_not_kept message=%s code=%s", message_id, error.code)
        return False
    is_added = False
    try:
        is_added = await database.write(_add, message_id, stored, now=clock())
    finally:
        await asyncio.to_thread(storage.settle if is_added else storage.remove, stored.id)
    return is_added


async def _download(api: Downloads, media_id: str) -> bytes | None:
    for attempt in range(_ATTEMPTS):
        try:
            return await api.download(media_id)
        except WeChatError as error:
            logger.info("wechat_media_refused %s", error)
            if error.rule.act is not Act.WAIT:
                return None
            await asyncio.sleep(_PAUSE_SECONDS)
        except (WeChatAway, TokenUnavailable) as trouble:
            logger.info("wechat_media_away attempt=%d kind=%s", attempt + 1, trouble)
            await asyncio.sleep(_PAUSE_SECONDS)
    return None


def _store(storage: Storage, content: bytes) -> Stored:
    upload = storage.begin()
    try:
        upload.write(content)
        return upload.finish(with_voice=True)
    except BaseException:
        upload.discard()
        raise


def _add(session: Session, message_id: str, stored: Stored, *, now: datetime) -> bool:
    """Whether the message wants it still: it has none yet, and nobody took its words away."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if "media" not in message.data or "attachment" in message.data:
        return False
    add_to_message(session, message, stored, now=now)
    return True
