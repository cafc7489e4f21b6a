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
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.errors import LoginRefused, StaffNotFound, TooManyRequests, Unauthorized
from bot.staff.models import LoginFailure, SignIn, Staff

# A working day with its break; nobody signs in twice a day.
SIGN_IN_HOURS = 12
# Guessing stops here; a person who mistyped waits a quarter of an hour.
MOST_FAILURES = 8
# A whole office may sit behind one address; a list of names is tried from one, too.
MOST_FAILURES_OF_AN_ADDRESS = 40
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
    if matches(staff.password_hash, password):
        return
    staff.password_hash = _hasher.hash(password)
    session.execute(delete(SignIn).where(SignIn.staff_id == staff.id))


def begin_sign_in(session: Session, username: str, address: str, *, now: datetime) -> str:
    """What the password must match; hashing it takes long, so nothing may be open meanwhile.

    Returns:
        The account's hash, or one that nothing matches when there is no such account.

    Raises:
        TooManyRequests: This account, or this address, has been guessed at too often lately.
    """
    lately = LoginFailure.failed_at > now - FAILURE_WINDOW
    of_account, of_address = session.execute(
        select(
            func.count().filter(LoginFailure.username == username[:64]),
            func.count().filter(LoginFailure.address == address[:64]),
        ).where(lately)
    ).one()
    if of_account >= MOST_FAILURES or of_address >= MOST_FAILURES_OF_AN_ADDRESS:
        raise TooManyRequests("登录尝试过多，请 15 分钟后再试。")
    found = session.scalar(select(Staff.password_hash).where(Staff.username == username))
    return found or _NOBODY


def matches(password_hash: str, password: str) -> bool:
    """Whether a password is the one that was hashed; takes about a tenth of a second."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def note_failure(session: Session, username: str, address: str, *, now: datetime) -> None:
    """Count a refused sign-in; what has left the window is forgotten."""
    session.execute(delete(LoginFailure).where(LoginFailure.failed_at <= now - FAILURE_WINDOW))
    session.add(LoginFailure(username=username[:64], address=address[:64], failed_at=now))


def sign_in(session: Session, username: str, address: str, *, now: datetime) -> SignedIn:
    """Sign a person in whose password has been checked; slips made before it are forgiven.

    Raises:
        LoginRefused: The account has gone meanwhile.
    """
    staff = session.scalar(select(Staff).where(Staff.username == username))
    if staff is None:
        raise LoginRefused
    session.execute(delete(SignIn).where(SignIn.expires_at < now))
    session.execute(
        delete(LoginFailure).where(
            LoginFailure.username == username, LoginFailure.address == address[:64]
        )
    )
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


def is_signed_in(session: Session, staff: Staff) -> bool:
    """Whether any browser is signed in as this person, fresh or forgotten."""
    query = select(SignIn.token_hash).where(SignIn.staff_id == staff.id).limit(1)
    return session.scalar(query) is not None


def by_username(session: Session, username: str) -> Staff:
    """A member of staff by login name.

    Raises:
        StaffNotFound: There is none.
    """
    found = session.scalar(select(Staff).where(Staff.username == username))
    if found is None:
        raise StaffNotFound
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
