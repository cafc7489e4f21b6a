"""Proofs that a customer may speak for an enterprise: given out by staff, good for one use.

Six digits are a million possibilities. So they live for minutes, a customer has a few tries, and
all customers together have few enough that guessing one of a handful of codes stays hopeless.
The tokens of links and QR codes are long, and need none of that.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.enterprises.models import BindingCode, BindingGuesses, Enterprise, Way
from bot.errors import BindingRefused
from bot.settings import Settings
from bot.staff.models import Staff

logger = logging.getLogger(__name__)

LIFE = {
    Way.CODE: timedelta(minutes=30),
    Way.LINK: timedelta(hours=24),
    Way.SCENE: timedelta(hours=24),
}
MOST_WRONG = 5
# Of all customers together: with ten codes out, a guesser has one chance in five hundred an hour.
MOST_WRONG_TOGETHER = 200
WRONG_KEPT = timedelta(hours=1)
# The scene of a binding's QR code: this and the token.
BINDING_SCENE = "bind_"
DIGITS = re.compile(r"\d{6}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_ATTEMPTS = 20


@dataclass(frozen=True)
class Issued:
    """What is given to the customer, and until when it is good."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class Proven:
    """For which enterprise, and who vouched for it how."""

    enterprise: Enterprise
    way: Way
    staff_id: int


def key_of(settings: Settings) -> bytes:
    """The key of the hashes: whoever holds a copy of the database cannot work the codes out."""
    secret = settings.secret_key or settings.wechat_app_secret or settings.database_url
    return hmac.digest(secret.encode(), b"binding codes", "sha256")


def issue(
    session: Session, key: bytes, enterprise: Enterprise, staff: Staff, way: Way, *, now: datetime
) -> Issued:
    """Give out a new proof; those given out before stay good until their own time is over."""
    session.execute(delete(BindingCode).where(BindingCode.expires_at <= now))
    secret = _unused(session, key) if way is Way.CODE else secrets.token_urlsafe(16)
    expires_at = now + LIFE[way]
    session.add(
        BindingCode(
            hash=_hash(key, secret),
            way=way,
            enterprise_id=enterprise.id,
            staff_id=staff.id,
            issued_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return Issued(secret, expires_at)


def redeem(
    session: Session, key: bytes, customer_id: int, secret: str, *, now: datetime
) -> Proven | None:
    """What a customer's proof is good for; from now on it is good for nothing.

    Returns:
        None if it is no proof (any more). A try at six digits is counted then.

    Raises:
        BindingRefused: Too many tries; ``reason`` says whose, and nothing was looked up.
    """
    is_short = DIGITS.fullmatch(secret) is not None
    guesses = session.get(BindingGuesses, customer_id, with_for_update=True)
    if guesses is not None and guesses.since <= now - WRONG_KEPT:
        session.delete(guesses)
        guesses = None
    if is_short and guesses is not None and guesses.wrong >= MOST_WRONG:
        raise BindingRefused("customer")
    if is_short and _wrong_together(session, now) >= MOST_WRONG_TOGETHER:
        logger.warning("binding_codes_closed wrong=%d", MOST_WRONG_TOGETHER)
        raise BindingRefused("everybody")
    # One statement takes it, so that two customers at once cannot both have it.
    used = (
        delete(BindingCode)
        .where(BindingCode.hash == _hash(key, secret), BindingCode.expires_at > now)
        .returning(BindingCode.enterprise_id, BindingCode.way, BindingCode.staff_id)
    )
    found = session.execute(used).first()
    if found is None:
        if is_short:
            _count_wrong(session, guesses, customer_id, now)
        return None
    if guesses is not None:
        session.delete(guesses)
    enterprise_id, way, staff_id = found
    return Proven(session.get_one(Enterprise, enterprise_id), Way(way), staff_id)


def tries_left(session: Session, customer_id: int) -> int:
    """How many more wrong codes a customer may name."""
    guesses = session.get(BindingGuesses, customer_id)
    return max(0, MOST_WRONG - (guesses.wrong if guesses else 0))


def _unused(session: Session, key: bytes) -> str:
    for _ in range(_ATTEMPTS):
        code = f"{secrets.randbelow(1_000_000):06}"
        if session.get(BindingCode, _hash(key, code)) is None:
            return code
    raise AssertionError("no six digits are free")


def _count_wrong(
    session: Session, guesses: BindingGuesses | None, customer_id: int, now: datetime
) -> None:
    if guesses is None:
        session.flush()
        guesses = BindingGuesses(customer_id=customer_id, wrong=0, since=now)
        session.add(guesses)
    guesses.wrong += 1
    session.flush()


def _wrong_together(session: Session, now: datetime) -> int:
    query = select(func.coalesce(func.sum(BindingGuesses.wrong), 0))
    return int(session.scalar(query.where(BindingGuesses.since > now - WRONG_KEPT)) or 0)


def _hash(key: bytes, secret: str) -> str:
    return hmac.digest(key, secret.encode("utf-8", "replace"), "sha256").hex()
