"""Phrases kept ready: one's own, the team's, and how often each is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import bindparam, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversations.ledger import checked_text, cleaned
from bot.database import UtcDateTime
from bot.desk.models import TEAM, CannedReply, CannedUse
from bot.desk.variables import check_variables
from bot.errors import BadInput, CannedNotFound, CannedTaken, Forbidden
from bot.staff.models import Staff

# More is a knowledge base, and belongs there.
MOST_OF_ONE_OWNER = 300
_FIRST = Path(__file__).parent / "phrases.yml"
_KEEP_TEAMS = ("supervisor", "admin")
_SHORTCUT = re.compile(r"[0-9A-Za-z\u4e00-\u9fff_-]{1,20}")
_LONGEST_TITLE = 40
_KEY = re.compile(r"(?:faq|canned):[0-9A-Za-z_-]{1,90}")
_COUNT = text(
    "INSERT INTO canned_uses (staff_id, key, times, last_at) VALUES (:staff_id, :key, 1, :now) "
    "ON CONFLICT (staff_id, key) "
    "DO UPDATE SET times = canned_uses.times + 1, last_at = excluded.last_at"
).bindparams(bindparam("now", type_=UtcDateTime()))


@dataclass(frozen=True)
class Phrase:
    """What somebody wants kept, before it is checked; ``for_team``: for everybody."""

    shortcut: str
    title: str
    text: str
    for_team: bool = False


def canned_of(session: Session, staff: Staff) -> list[CannedReply]:
    """A person's own phrases and the team's, by short-cut."""
    theirs = or_(CannedReply.owner == TEAM, CannedReply.owner == str(staff.id))
    return list(session.scalars(select(CannedReply).where(theirs).order_by(CannedReply.shortcut)))


def save_canned(
    session: Session,
    staff: Staff,
    phrase: Phrase,
    *,
    now: datetime,
    canned_id: int | None = None,
) -> CannedReply:
    """Keep a new phrase, or change one; the same again changes nothing but the time.

    Raises:
        BadInput: The short-cut, the title, the text or a variable in it cannot be used.
        TooLarge: The text is longer than a message may be.
        Forbidden: A team's phrase, and the caller is neither supervisor nor administrator.
        CannedTaken: The short-cut is in use.
        CannedNotFound: There is no such phrase of the caller's.
    """
    shortcut, title, words = _checked(phrase)
    if phrase.for_team:
        _may_keep_teams(staff)
    owner = TEAM if phrase.for_team else str(staff.id)
    canned = _own(session, staff, canned_id) if canned_id is not None else None
    _refuse_taken(session, owner, shortcut, canned)
    values = {"owner": owner, "shortcut": shortcut, "title": title, "text": words}
    canned = canned or CannedReply()
    for name, value in {**values, "changed_by": staff.id, "changed_at": now}.items():
        setattr(canned, name, value)
    try:
        with session.begin_nested():
            session.add(canned)
    except IntegrityError:  # a colleague was faster by a moment
        raise CannedTaken(f"快捷词“{shortcut}”刚被同事使用，请换一个。") from None
    return canned


def drop_canned(session: Session, staff: Staff, canned_id: int) -> None:
    """Throw a phrase away.

    Raises:
        CannedNotFound, Forbidden: As in ``save_canned``.
    """
    session.delete(_own(session, staff, canned_id))


def begin_teams(session: Session, staff: Staff, *, now: datetime) -> None:
    """Give the team its first phrases (``phrases.yml``), in the name of who may keep them."""
    for each in yaml.safe_load(_FIRST.read_text("utf-8")):
        save_canned(session, staff, Phrase(**each, for_team=True), now=now)


def count_use(session: Session, staff: Staff, key: str, *, now: datetime) -> None:
    """Count that a phrase (``canned:<id>``) or an entry (``faq:<id>``) went into a reply.

    Raises:
        BadInput: It is neither.
    """
    if not _KEY.fullmatch(key):
        raise BadInput("key 应为 faq: 或 canned: 加编号。")
    session.execute(_COUNT, {"staff_id": staff.id, "key": key, "now": now})


def uses_of(session: Session, staff: Staff) -> dict[str, tuple[int, datetime]]:
    """How often a person used each, and when last."""
    query = select(CannedUse).where(CannedUse.staff_id == staff.id)
    return {each.key: (each.times, each.last_at) for each in session.scalars(query)}


def may_keep_teams(staff: Staff) -> bool:
    """Whether a person may change what the whole team uses."""
    return staff.role in _KEEP_TEAMS


def canned_view(canned: CannedReply) -> dict[str, Any]:
    """A phrase as it is edited."""
    return {
        "id": canned.id,
        "shortcut": canned.shortcut,
        "title": canned.title,
        "text": canned.text,
        "team": canned.owner == TEAM,
    }


def _checked(phrase: Phrase) -> tuple[str, str, str]:
    shortcut = phrase.shortcut.strip().lstrip("/").lower()
    if not _SHORTCUT.fullmatch(shortcut):
        raise BadInput("快捷词应为 1–20 个汉字、字母、数字、“-”或“_”，不含空格。")
    title = " ".join(cleaned(phrase.title).split())
    if not title or len(title) > _LONGEST_TITLE:
        raise BadInput(f"请写一个不超过 {_LONGEST_TITLE} 字的名称。")
    if not cleaned(phrase.text):
        raise BadInput("请写常用语的内容。")
    words = checked_text(phrase.text)
    check_variables(words)
    return shortcut, title, words


def _refuse_taken(session: Session, owner: str, shortcut: str, itself: CannedReply | None) -> None:
    same = list(
        session.scalars(select(CannedReply).where(CannedReply.owner == owner).with_for_update())
    )
    others = [each for each in same if itself is None or each.id != itself.id]
    taken = next((each for each in others if each.shortcut == shortcut), None)
    if taken is not None:
        raise CannedTaken(f"快捷词“{shortcut}”已用于“{taken.title}”，请换一个。")
    if len(others) >= MOST_OF_ONE_OWNER:
        raise BadInput(f"最多保存 {MOST_OF_ONE_OWNER} 条常用语，请先删除不用的。")


def _own(session: Session, staff: Staff, canned_id: int) -> CannedReply:
    canned = session.get(CannedReply, canned_id)
    if canned is None or canned.owner not in (TEAM, str(staff.id)):
        raise CannedNotFound
    if canned.owner == TEAM:
        _may_keep_teams(staff)
    return canned


def _may_keep_teams(staff: Staff) -> None:
    if not may_keep_teams(staff):
        raise Forbidden("团队常用语由主管或管理员维护。")
