"""Accounts and sign-in of the people who serve.

Passwords are kept as argon2id hashes (RFC 9106, the argon2-cffi defaults). A sign-in is a
random token in a cookie, of which only a hash is stored, and a second token that each
state-changing call must repeat, so that another site cannot act in a signed-in browser.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from bot.errors import StaffNotFound, TooManyRequests, Unauthorized
from bot.staff.models import LoginFailure, SignIn, Staff

# A working day with its break; nobody signs in twice a day.
SIGN_IN_HOURS = 12
# Guessing stops here; a person who mistyped waits a quarter of an hour.
MOST_FAILURES = 8
FAILURE_WINDOW = timedelta(minutes=15)

_hasher = PasswordHasher()
# Checked when there is no such account, so that both refusals take the same time.
_NOBODY = _hasher.hash(secrets.token_hex(8))


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in: the cookie's secret, the CSRF token and who it is."""

    staff: Staff
    token: str
    csrf_token: str


def add_staff(
    session: Session,
    username: str,
    password: str,
    *,
    name: str,
    number: str,
    role: str,
    skills: list[str],
) -> Staff:
    """Create an account; the user name must be new."""
    staff = Staff(
        username=username,
        password_hash=_hasher.hash(password),
        name=name,
        number=number,
        role=role,
        skills=skills,
    )
    session.add(staff)
    session.flush()
    return staff


def set_password(session: Session, staff: Staff, password: str) -> None:
    """Change a password and end every sign-in made with the old one; the same again: nothing."""
    if _matches(staff.password_hash, password):
        return
    staff.password_hash = _hasher.hash(password)
    session.execute(delete(SignIn).where(SignIn.staff_id == staff.id))


def may_try(session: Session, username: str, address: str, *, now: datetime) -> None:
    """Check that neither this account nor this address has been guessed at too often.

    Raises:
        TooManyRequests: It has; a later try may succeed.
    """
    failures = session.scalar(
        select(func.count())
        .select_from(LoginFailure)
        .where(
            LoginFailure.failed_at > now - FAILURE_WINDOW,
            or_(LoginFailure.username == username[:64], LoginFailure.address == address[:64]),
        )
    )
    if (failures or 0) >= MOST_FAILURES:
        raise TooManyRequests("登录尝试过多，请 15 分钟后再试。")


def sign_in(
    session: Session, username: str, password: str, address: str, *, now: datetime
) -> SignedIn | None:
    """Sign a person in.

    Returns:
        The sign-in, or None when name and password do not match; the failure is counted then,
        which is why this does not raise: the count must be committed.

    Raises:
        TooManyRequests: Too many failures lately.
    """
    may_try(session, username, address, now=now)
    staff = session.scalar(select(Staff).where(Staff.username == username))
    if not _matches(staff.password_hash if staff else _NOBODY, password) or staff is None:
        session.add(LoginFailure(username=username[:64], address=address[:64], failed_at=now))
        return None
    session.execute(delete(SignIn).where(SignIn.expires_at < now))
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_hash(token),
            staff_id=staff.id,
            csrf_token=csrf_token,
            created_at=now,
            expires_at=now + timedelta(hours=SIGN_IN_HOURS),
        )
    )
    return SignedIn(staff, token, csrf_token)


def signed_in(session: Session, token: str, *, now: datetime) -> SignIn:
    """The sign-in a cookie belongs to.

    Raises:
        Unauthorized: None, or it has expired.
    """
    found = session.get(SignIn, _hash(token))
    if found is None or found.expires_at <= now:
        raise Unauthorized("请先登录。")
    return found


def sign_out(session: Session, token: str) -> None:
    """End a sign-in; ending it again changes nothing."""
    session.execute(delete(SignIn).where(SignIn.token_hash == _hash(token)))


def by_username(session: Session, username: str) -> Staff:
    """A member of staff by login name.

    Raises:
        StaffNotFound: There is none.
    """
    found = session.scalar(select(Staff).where(Staff.username == username))
    if found is None:
        raise StaffNotFound
    return found


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
