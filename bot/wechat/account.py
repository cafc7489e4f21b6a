"""The official account this platform speaks through, as the settings describe it."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass, field
from itertools import product

from bot.settings import Settings, listed
from bot.wechat.crypto import KeyPair, aes_key

logger = logging.getLogger(__name__)

# A callback cannot be checked without these, and nothing can be sent without the secret.
_NEEDED = ("wechat_app_id", "wechat_app_secret", "wechat_token")


@dataclass(frozen=True)
class Account:
    """One official account; the first key pair is the newest.

    Attributes:
        is_secure: Whether Tencent encrypts; a body that is not encrypted is refused then.
        replay_window_seconds: How old or how far ahead a callback may be; 0: not checked.
        link_key: Signs the addresses of pages that customers open.
        public_url: Where customers reach the platform, without a slash at the end, or empty.
        is_passive: It may only answer, because the settings say so.
    """

    app_id: str
    app_secret: str = field(repr=False)
    pairs: tuple[KeyPair, ...] = field(repr=False)
    api_base: str
    replay_window_seconds: int
    link_key: bytes = field(repr=False)
    public_url: str = ""
    is_passive: bool = False

    @property
    def is_secure(self) -> bool:
        """Whether messages come encrypted (compatible mode counts as that)."""
        return any(pair.aes_key for pair in self.pairs)

    def masked(self, openid: str) -> str:
        """What stands for a customer's OpenID in logs: only with our key one is told from it."""
        return hmac.digest(self.link_key, f"openid|{openid}".encode(), "sha256").hex()[:12]


def account_of(settings: Settings) -> Account | None:
    """The account, or None with a line in the log when it is not (completely) configured."""
    missing = [name.upper() for name in _NEEDED if not getattr(settings, name)]
    if missing:
        if len(missing) < len(_NEEDED):
            logger.warning("wechat_off missing=%s", ",".join(missing))
        else:
            logger.info("wechat_off reason=not_configured")
        return None
    written = listed(settings.wechat_encoding_aes_key)
    keys: list[bytes | None] = [aes_key(each) for each in written]
    tokens = listed(settings.wechat_token)
    if not keys:
        logger.warning("wechat_plain_mode reason=WECHAT_ENCODING_AES_KEY_is_empty")
    return Account(
        app_id=settings.wechat_app_id,
        app_secret=settings.wechat_app_secret,
        pairs=tuple(KeyPair(token, key) for token, key in product(tokens, keys or [None])),
        api_base=settings.wechat_api_base.rstrip("/"),
        replay_window_seconds=settings.wechat_replay_window_seconds,
        link_key=_derived(settings.secret_key or settings.wechat_app_secret),
        public_url=settings.public_url.rstrip("/"),
        is_passive=settings.wechat_reply_mode == "passive",
    )


def _derived(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"links to pages", "sha256")
