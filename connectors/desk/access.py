"""Who is at the desk: the session cookie, the token that repeats it, and what a role may see."""

from __future__ import annotations

import hmac

from sanic import Request
from sqlalchemy.orm import Session

from bot.errors import CsrfMissing, Forbidden, Unauthorized
from bot.staff.models import SignIn, Staff
from bot.staff.service import signed_in

COOKIE = "desk_session"
_LONGEST_TOKEN = 256
# The coordinating department sees figures, not customers' conversations.
_SERVING_ROLES = ("staff", "admin")


def cookie(request: Request) -> str:
    """The secret of the session cookie.

    Raises:
        Unauthorized: There is none.
    """
    token = str(request.cookies.get(COOKIE) or "")
    if not token or len(token) > _LONGEST_TOKEN:
        raise Unauthorized("请先登录。")
    return token


def present(session: Session, request: Request) -> SignIn:
    """The caller's sign-in, whatever the role.

    Raises:
        Unauthorized: Nobody is signed in, or no longer.
    """
    return signed_in(session, cookie(request), now=request.app.ctx.clock())


def reader(session: Session, request: Request) -> Staff:
    """A member of staff who may read conversations.

    Raises:
        Unauthorized: Nobody is signed in.
        Forbidden: The role has nothing to do with conversations.
    """
    staff = present(session, request).staff
    if staff.role not in _SERVING_ROLES:
        raise Forbidden
    return staff


def deliberate(session: Session, request: Request) -> SignIn:
    """A caller who repeats the token that only our own page knows, whatever the role.

    Raises:
        Unauthorized: Nobody is signed in.
        CsrfMissing: The token is missing or not the sign-in's.
    """
    found = present(session, request)
    given = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(given.encode(), found.csrf_token.encode()):
        raise CsrfMissing
    return found


def acting(session: Session, request: Request) -> Staff:
    """A member of staff who changes something.

    Raises:
        Unauthorized, CsrfMissing, Forbidden: See ``deliberate`` and ``reader``.
    """
    deliberate(session, request)
    return reader(session, request)
