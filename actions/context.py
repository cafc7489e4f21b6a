"""What actions work with: settings, database, knowledge base and clock, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from bot import settings
from bot.cases.service import customer_of
from bot.database import Database
from bot.enterprises.membership import enterprise_of
from bot.faq.content import Content, shared_content
from bot.faq.service import FaqService, shared_faq_service
from bot.resources.regions import home_region
from bot.settings import Settings
from bot.staff.groups import load_groups
from bot.staff.hours import SHANGHAI, WorkingHours
from knowledge.entries import Entry


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass
class Context:
    """The action server's surroundings; tests put in their own."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime] = utc_now
    load_faq: Callable[[], FaqService] = shared_faq_service
    load_content: Callable[[], Content] = shared_content

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The knowledge base's entries as they are now; reading them takes no encoder."""
        return self.load_content().entries

    @cached_property
    def faq(self) -> FaqService:
        """The search, whose encoders take seconds to load.

        Only where no web application has searched before (``rasa shell``, tests) it is needed.
        """
        return self.load_faq()

    @property
    def platform_hours(self) -> WorkingHours:
        """The platform's hours, for groups that have none of their own."""
        return WorkingHours.parse(self.settings.working_hours)

    def hours_of(self, category: str | None) -> WorkingHours:
        """When the people of a category can be promised, by what was imported up to now."""
        with self.database.reading() as session:
            return load_groups(session, self.platform_hours).of(category).hours

    def company_of(self, conversation_id: str | None) -> str | None:
        """The name of the enterprise for which the customer of a conversation speaks."""
        with self.database.reading() as session:
            found = enterprise_of(session, customer_of(session, conversation_id))
            return found.name if found else None

    @property
    def region(self) -> str | None:
        """Where to look when the customer names no place."""
        return home_region(self.settings.platform_name)

    @property
    def today(self) -> date:
        """The date at the customer's place."""
        return self.clock().astimezone(SHANGHAI).date()


_current: Context | None = None


def context() -> Context:
    """The surroundings of this process."""
    global _current
    if _current is None:
        loaded = settings.load()
        _current = Context(loaded, Database(loaded.database_url))
    return _current


def use(replacement: Context | None) -> None:
    """Put other surroundings in place; None makes them anew when next asked for."""
    global _current
    _current = replacement
