"""Names of our messages at WeCom: the same at every attempt, so that it refuses a repetition."""

from __future__ import annotations

import base64
import binascii

# The ledger's ids are 16 bytes; WeCom allows 32 letters, digits, "_" and "-".
_LETTERS = 22


def msgid_of(message_id: str, part: int, count: int = 1) -> str:
    """The name of so many parts of a message, sent as one from this part on.

    The count belongs to it: the first half of what was too long is not the whole of it.
    """
    letters = base64.urlsafe_b64encode(bytes.fromhex(message_id)).decode().rstrip("=")
    return f"{letters}_p{part}" if count == 1 else f"{letters}_p{part}-{count}"


def message_of(msgid: str) -> str | None:
    """The message a name belongs to; None if it is no name of ours."""
    if len(msgid) <= _LETTERS or not msgid[_LETTERS:].startswith("_p"):
        return None
    try:
        return base64.urlsafe_b64decode(f"{msgid[:_LETTERS]}==").hex()
    except (binascii.Error, ValueError):
        return None
