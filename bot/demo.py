"""Demo data: accounts and resources, put in once and never twice."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.database import Database
from bot.desk.canned import begin_teams
from bot.resources.importing import import_resources
from bot.settings import Settings
from bot.staff.models import Staff
from bot.staff.service import add_staff, set_password


@dataclass(frozen=True)
class DemoAccount:
    """A demo account and, when it was made just now, its password in clear."""

    username: str
    password: str | None


# username, name, work number, role, service categories
_ACCOUNTS: tuple[tuple[str, str, str, str, list[str]], ...] = (
    ("staff1", "王工", "03", "staff", ["metrology", "testing"]),
    ("staff2", "李工", "05", "staff", ["standards", "certification"]),
    ("supervisor1", "孙主任", "04", "supervisor", []),
    ("admin", "赵老师", "01", "admin", []),
    ("coordinator", "周科长", "02", "coordinator", []),
)


def seed(database: Database, settings: Settings) -> list[DemoAccount]:
    """Put the demo data in; what is there already stays, but ``DEMO_PASSWORD`` is obeyed each time.

    Returns:
        The demo accounts; a random password is told only on the run that made the account.
    """
    with database.writing() as session:
        import_resources(session)
        is_new = session.scalar(select(Staff.id).limit(1)) is None
        accounts = [_account(session, settings, *each) for each in _ACCOUNTS]
        if is_new:
            admin = session.scalars(select(Staff).where(Staff.username == "admin")).one()
            begin_teams(session, admin, now=datetime.now(UTC))
        return accounts


def _account(
    session: Session,
    settings: Settings,
    username: str,
    name: str,
    number: str,
    role: str,
    skills: list[str],
) -> DemoAccount:
    known = session.scalar(select(Staff).where(Staff.username == username))
    if known is not None:
        if settings.demo_password:
            set_password(session, known, settings.demo_password)
        return DemoAccount(username, settings.demo_password or None)
    password = settings.demo_password or secrets.token_urlsafe(9)
    add_staff(session, username, password, name=name, number=number, role=role, skills=skills)
    return DemoAccount(username, password)
