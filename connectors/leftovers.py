"""What lies outside the database of customers who were erased there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.privacy.trackers import forget_trackers

logger = logging.getLogger(__name__)


async def remove_leftovers(
    context: Any, files: Sequence[str], conversations: Sequence[str]
) -> None:
    """Remove their files and Rasa's trackers, once the erasure is stored.

    A tracker that cannot be removed now is removed later (see ``trackers_sweep``).
    """
    for each in files:
        await asyncio.to_thread(context.attachments.remove, each)
    # Without a launcher there is no Rasa, and it keeps nothing.
    if conversations and (url := context.settings.tracker_store_url):
        try:
            await asyncio.to_thread(forget_trackers, url, conversations)
        except SQLAlchemyError as error:
            logger.warning("trackers_not_removed kind=%s", type(error).__name__)
