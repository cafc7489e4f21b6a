"""Conversations and messages as the JSON that clients see (the public interface)."""

from __future__ import annotations

from typing import Any

from bot.conversations.models import Author, Conversation, ConversationStatus, Message
from bot.conversations.standing import Standing


def message_view(message: Message, delivery: dict[str, Any] | None = None) -> dict[str, Any]:
    """A message as every client gets it; ``delivery``, how far it has come, is for staff."""
    view: dict[str, Any] = {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "author": message.author,
        "kind": message.kind,
        "text": message.text,
        "data": message.data,
        "created_at": message.created_at.isoformat(),
    }
    if message.author in (Author.CUSTOMER, Author.STAFF) and message.channel_message_id:
        # So that the sender knows its own message when the feed is faster than the reply.
        view["client_id"] = message.channel_message_id.partition(":")[2]
    if message.staff is not None:
        view["staff"] = {"name": message.staff.name, "number": message.staff.number}
    if message.private:
        view["private"] = True
    if delivery is not None:
        view["delivery"] = delivery
    return view


def without_words(view: dict[str, Any]) -> dict[str, Any]:
    """A status for those who may not read its conversation: who speaks, and not why."""
    return {**view, "reason": ""} if "reason" in view else view


def status_view(conversation: Conversation) -> dict[str, Any]:
    """Who speaks now, as every client gets it; ``waiting`` says where a queued one stands."""
    holder = conversation.staff
    queued = conversation.status == ConversationStatus.QUEUED
    told = conversation.told_wait if queued else None
    return {
        "status": str(conversation.status),
        "holder": {"name": holder.name, "number": holder.number} if holder else None,
        "reason": conversation.handoff_reason,
        "waiting": Standing.read(told).view if told else None,
    }
