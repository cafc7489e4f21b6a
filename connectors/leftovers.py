"""What lies outside the database of customers who were erased there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.privacy.trackers import forget_trackers


async def remove_leftovers(
    context: Any, files: Sequence[str], conversations: Sequence[str]
) -> None:
    """Remove their files and Rasa's trackers, once the erasure is stored."""
    for each in files:
        await asyncio.to_thread(context.attachments.remove, each)
    # Without a launcher there is no Rasa, and it keeps nothing.
    if conversations and (url := context.settings.tracker_store_url):
        await asyncio.to_thread(forget_trackers, url, conversations)
