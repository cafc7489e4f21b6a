"""The WeCom company whose 微信客服 accounts this platform answers, as the settings describe it."""

from __future__ import annotations

import hmac
import logging
import re
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from bot.settings import Settings, listed
from bot.wechat.crypto import KeyPair, aes_key

logger = logging.getLogger(__name__)

CHANNEL = "wechat_kf"
# Everything comes encrypted, so nothing works without all of them.
_NEEDED = ("wecom_corp_id", "wecom_kf_secret", "wecom_token", "wecom_encoding_aes_key")
# Two of them and a slash fit into a customer's address.
_ID = re.compile(r"[A-Za-z0-9_-]{1,63}")


@dataclass(frozen=True)
class KfAccount:
    """One company; the first key pair is the newest. See ``bot.wechat.account.Account``."""

    corp_id: str
    secret: str = field(repr=False)
    pairs: tuple[KeyPair, ...] = field(repr=False)
    api_base: str
    replay_window_seconds: int
    link_key: bytes = field(repr=False)
    public_url: str = ""

    def masked(self, external_userid: str) -> str:
        """What stands for a customer in logs; who lacks our key cannot try ids against it."""
        told = f"customer|{external_userid}".encode("utf-8", "replace")
        return hmac.digest(self.link_key, told, "sha256").hex()[:12]


class Address(NamedTuple):
    """Where a customer is: which of the company's accounts they wrote to, and who they are there.

    As text it is the customer's address in the ledger and nowhere else.
    """

    open_kfid: str
    external_userid: str

    def __str__(self) -> str:
        return f"{self.open_kfid}/{self.external_userid}"

    @classmethod
    def read(cls, text: str) -> Address:
        """What ``str`` wrote."""
        open_kfid, _, external_userid = text.partition("/")
        return cls(open_kfid, external_userid)


def is_id(value: str) -> bool:
    """Whether it may be an id of WeCom's."""
    return _ID.fullmatch(value) is not None


def kf_account_of(settings: Settings) -> KfAccount | None:
    """The account, or None with a line in the log when it is not (completely) configured."""
    missing = [name.upper() for name in _NEEDED if not getattr(settings, name)]
    if missing:
        if len(missing) < len(_NEEDED):
            logger.warning("wecom_off missing=%s", ",".join(missing))
        else:
            logger.info("wecom_off reason=not_configured")
        return None
    keys = [aes_key(each) for each in listed(settings.wecom_encoding_aes_key)]
    tokens = listed(settings.wecom_token)
    secret = settings.secret_key or settings.wecom_kf_secret
    return KfAccount(
        corp_id=settings.wecom_corp_id,
        secret=settings.wecom_kf_secret,
        pairs=tuple(KeyPair(token, key) for token, key in product(tokens, keys)),
        api_base=settings.wecom_api_base.rstrip("/"),
        replay_window_seconds=settings.wechat_replay_window_seconds,
        link_key=hmac.digest(secret.encode(), b"wecom customers and links", "sha256"),
        public_url=settings.public_url.rstrip("/"),
    )
