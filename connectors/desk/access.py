"""Who is at the desk: the session cookie, the token that repeats it, and what a role may do.

============  ==================================================================
staff         serves: see ``bot.conversations.sight`` for what they may read
supervisor    serves, reads all, takes over, sees colleagues' presence
admin         all that a supervisor may, and keeps the knowledge base
coordinator   figures and reports, no customer's conversation
============  ==================================================================

Whoever is refused for want of right is recorded (``AccessRefusal``); a supervisor sees it.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from sanic import Request
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.conversations.sight import READS_ALL, may_read
from bot.errors import ConversationNotFound, CsrfMissing, Forbidden, Unauthorized
from bot.staff.models import AccessRefusal, Role, SignIn, Staff
from bot.staff.service import signed_in

COOKIE = "desk_session"
_LONGEST_TOKEN = 256
# The coordinating department sees figures, not customers' conversations.
_SERVING_ROLES = (Role.STAFF, Role.SUPERVISOR, Role.ADMIN)
_LONGEST_PATH = 200


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
    found = signed_in(session, cookie(request), now=request.app.ctx.clock())
    # So that a refusal can be recorded when this unit of work is over.
    request.ctx.caller = (found.staff_id, found.staff.role)
    return found


def reader(session: Session, request: Request) -> Staff:
    """A member of staff who has to do with conversations; which ones, ``reading`` decides.

    Raises:
        Unauthorized: Nobody is signed in.
        Forbidden: The role has nothing to do with conversations.
    """
    staff = present(session, request).staff
    if staff.role not in _SERVING_ROLES:
        raise Forbidden
    return staff


def reading(session: Session, request: Request, conversation_id: str) -> Staff:
    """A member of staff who may read this conversation.

    Raises:
        Unauthorized, Forbidden: See ``reader``; or it is no business of the caller's.
        ConversationNotFound: There is none of that id.
    """
    staff = reader(session, request)
    if not may_read(session, staff, conversation_id):
        if session.get(Conversation, conversation_id) is None:
            raise ConversationNotFound
        raise Forbidden("这个会话不属于您的服务范围。")
    return staff


def supervisor(session: Session, request: Request) -> Staff:
    """A supervisor, or an administrator.

    Raises:
        Unauthorized: Nobody is signed in.
        Forbidden: Somebody else.
    """
    staff = present(session, request).staff
    if staff.role not in READS_ALL:
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


def record_refusal(session: Session, request: Request, *, now: datetime) -> None:
    """Keep who was refused what; of strangers nothing is kept, they have no name here."""
    caller = getattr(request.ctx, "caller", None)
    if caller is not None:
        staff_id, role = caller
        path = request.path[:_LONGEST_PATH]
        session.add(
            AccessRefusal(
                staff_id=staff_id, role=role, method=request.method, path=path, refused_at=now
            )
        )
