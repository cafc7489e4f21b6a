"""Addresses of pages that show one message in whole; only we can make them."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from bot.wechat.account import Account

_OPEN_FOR = timedelta(days=30)
PATH = "/wechat/messages"


def link_to_message(account: Account, message_id: str, *, now: datetime) -> str:
    """Where a customer reads all of a message; empty if we do not know our own address."""
    if not account.public_url:
        return ""
    until = int((now + _OPEN_FOR).timestamp())
    proof = _proof(account, message_id, str(until))
    return f"{account.public_url}{PATH}/{message_id}?until={until}&proof={proof}"


def is_ours(account: Account, message_id: str, until: str, proof: str, *, now: datetime) -> bool:
    """Whether we made this link and its time is not over."""
    wanted = _proof(account, message_id, until)
    if not hmac.compare_digest(wanted.encode(), proof.encode("utf-8", "replace")):
        return False
    return int(until) > now.timestamp()


def _proof(account: Account, message_id: str, until: str) -> str:
    told = f"{message_id}.{until}".encode("utf-8", "replace")
    return hmac.digest(account.link_key, told, "sha256").hex()[:32]
