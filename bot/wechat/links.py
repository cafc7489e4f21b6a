"""Addresses of pages that show one message in whole; only we can make them."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Protocol

_OPEN_FOR = timedelta(days=30)
PATH = "/wechat/messages"


class Linker(Protocol):
    """An account with a key for signing, and the platform's own address (empty: unknown)."""

    @property
    def link_key(self) -> bytes:
        """Only we have it."""
        ...

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        ...


def link_to_message(account: Linker, message_id: str, *, now: datetime) -> str:
    """Where a customer reads all of a message; empty if we do not know our own address."""
    if not account.public_url:
        return ""
    until = int((now + _OPEN_FOR).timestamp())
    proof = _proof(account, message_id, str(until))
    return f"{account.public_url}{PATH}/{message_id}?until={until}&proof={proof}"


def is_ours(account: Linker, message_id: str, until: str, proof: str, *, now: datetime) -> bool:
    """Whether we made this link and its time is not over."""
    wanted = _proof(account, message_id, until)
    if not hmac.compare_digest(wanted.encode(), proof.encode("utf-8", "replace")):
        return False
    return int(until) > now.timestamp()


def _proof(account: Linker, message_id: str, until: str) -> str:
    told = f"{message_id}.{until}".encode("utf-8", "replace")
    return hmac.digest(account.link_key, told, "sha256").hex()[:32]
