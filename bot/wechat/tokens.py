"""The access token: one for the account, renewed by one process while the others wait."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.database import Database
from bot.wechat.models import WeChatToken

logger = logging.getLogger(__name__)

# Tencent hands out a new one in the last five minutes of the old; both work meanwhile.
_RENEW_BEFORE = timedelta(seconds=300)
_LEASE = timedelta(seconds=15)
_LOOK_SECONDS = 0.2
_LOOKS = 100


@dataclass(frozen=True)
class Fetched:
    """A token as Tencent gave it, and for how many seconds."""

    token: str = field(repr=False)
    seconds: int


class TokenUnavailable(Exception):
    """Another process has been renewing the token for too long."""


@dataclass(frozen=True)
class _Looked:
    token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    lease: str | None = None


class Tokens:
    """Keeps the token in memory and in the database, encrypted there.

    Args:
        name: Whose token: an AppID, or what stands for another account.
        secret: What the token is fetched with; the key of its encryption comes from it.
        database: Where it is shared.
        fetch: Gets a new one from Tencent.
        clock: Tells the time, aware.
    """

    def __init__(
        self,
        name: str,
        secret: str,
        database: Database,
        fetch: Callable[[], Awaitable[Fetched]],
        clock: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._database = database
        self._fetch = fetch
        self._clock = clock
        digest = hashlib.sha256(f"token|{secret}".encode()).digest()
        self._box = Fernet(base64.urlsafe_b64encode(digest))
        self._lock = asyncio.Lock()
        self._known = _Looked()
        self._renewed_for = ""

    async def token(self) -> str:
        """A token that Tencent should take.

        Raises:
            TokenUnavailable: Nobody got one.
        """
        if self._is_good(self._known):
            return self._known.token
        async with self._lock:
            if not self._is_good(self._known):
                self._known = await self._get("")
            return self._known.token

    async def instead_of(self, refused: str) -> str | None:
        """A token in place of one that Tencent refused; None if that has been tried already.

        Only the one that failed is dropped: somebody may have renewed it meanwhile.
        """
        async with self._lock:
            if self._known.token and self._known.token != refused:
                return self._known.token
            if refused == self._renewed_for:
                return None
            self._renewed_for = refused
            self._known = await self._get(refused)
            return self._known.token

    async def _get(self, refused: str) -> _Looked:
        for _ in range(_LOOKS):
            looked = await self._database.write(self._look, refused, now=self._clock())
            if looked.token:
                return looked
            if looked.lease is not None:
                return await self._renew(looked.lease)
            await asyncio.sleep(_LOOK_SECONDS)
        raise TokenUnavailable

    async def _renew(self, lease: str) -> _Looked:
        try:
            fetched = await self._fetch()
        except BaseException:
            await self._database.write(self._give_back, lease)
            raise
        expires_at = self._clock() + timedelta(seconds=fetched.seconds)
        await self._database.write(self._store, lease, fetched.token, expires_at)
        logger.info("wechat_token_renewed seconds=%d", fetched.seconds)
        return _Looked(fetched.token, expires_at)

    def _look(self, session: Session, refused: str, *, now: datetime) -> _Looked:
        """What the row holds, or the lease to renew it, or neither while somebody else has that."""
        insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
        new = insert(WeChatToken).values(app_id=self._name, sealed="")
        session.execute(new.on_conflict_do_nothing(index_elements=["app_id"]))
        row = session.get_one(WeChatToken, self._name, with_for_update=True)
        stored = _Looked(self._opened(row.sealed), row.expires_at)
        if stored.token != refused and self._is_good(stored):
            return stored
        if row.lease is not None and row.lease_until is not None and row.lease_until > now:
            return _Looked()
        row.lease, row.lease_until = secrets.token_hex(16), now + _LEASE
        return _Looked(lease=row.lease)

    def _store(self, session: Session, lease: str, token: str, expires_at: datetime) -> None:
        row = session.get_one(WeChatToken, self._name, with_for_update=True)
        row.sealed, row.expires_at = self._box.encrypt(token.encode()).decode(), expires_at
        if row.lease == lease:
            row.lease, row.lease_until = None, None

    def _give_back(self, session: Session, lease: str) -> None:
        row = session.get_one(WeChatToken, self._name, with_for_update=True)
        if row.lease == lease:
            row.lease, row.lease_until = None, None

    def _opened(self, sealed: str) -> str:
        try:
            return self._box.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            # Written under another secret.
            return ""

    def _is_good(self, looked: _Looked) -> bool:
        return bool(looked.token) and (
            looked.expires_at is not None and looked.expires_at - _RENEW_BEFORE > self._clock()
        )
