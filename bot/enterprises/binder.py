"""Binding customers to enterprises as the conversation goes: what is done, and what is said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation
from bot.enterprises.codes import DIGITS, TOKEN, Issued, issue, redeem, tries_left
from bot.enterprises.membership import bind, enterprise_of, unbind
from bot.enterprises.models import By, Enterprise, Way
from bot.enterprises.words import Act, Wish
from bot.errors import BindingRefused, EnterpriseNotFound
from bot.responses import Responses
from bot.staff.models import Staff


class Binder:
    """Obeys customers' words about their enterprise, and gives out codes for staff."""

    def __init__(self, key: bytes, responses: Responses) -> None:
        self._key = key
        self._responses = responses

    def issue(
        self, session: Session, enterprise: Enterprise, staff: Staff, way: Way, *, now: datetime
    ) -> Issued:
        """Give out a proof for one use; see ``codes.issue``."""
        return issue(session, self._key, enterprise, staff, way, now=now)

    def obey(
        self, session: Session, conversation: Conversation, wish: Wish, *, now: datetime
    ) -> None:
        """Do what a customer wants, and tell them in this conversation what came of it."""
        if wish.act is Act.BIND:
            return self._bind(session, conversation, wish.secret, now)
        customer_id = conversation.customer_id
        enterprise = enterprise_of(session, customer_id)
        if enterprise is None:
            return self._say(session, conversation, "utter_system_binding_how", now)
        if wish.act is Act.CONFIRM:
            unbind(session, customer_id, by=By.CUSTOMER, now=now)
            response = "utter_system_unbound"
        elif wish.act is Act.UNBIND:
            response = "utter_system_unbind_sure"
        else:
            response = "utter_system_bound_already"
        self._say(session, conversation, response, now, enterprise=enterprise.name)

    def unbind_for(
        self, session: Session, conversation: Conversation, staff: Staff, *, now: datetime
    ) -> Enterprise:
        """Unbind the customer of a conversation on the word of staff; the customer is told.

        Raises:
            EnterpriseNotFound: The customer speaks for none.
        """
        enterprise = unbind(session, conversation.customer_id, by=By.STAFF, staff=staff, now=now)
        if enterprise is None:
            raise EnterpriseNotFound("这位客户没有绑定企业。")
        told = {"enterprise": enterprise.name}
        self._say(session, conversation, "utter_system_unbound_by_staff", now, **told)
        return enterprise

    def _bind(
        self, session: Session, conversation: Conversation, secret: str, now: datetime
    ) -> None:
        is_short = DIGITS.fullmatch(secret) is not None
        if not is_short and not TOKEN.fullmatch(secret):
            return self._say(session, conversation, "utter_system_binding_digits", now)
        customer_id = conversation.customer_id
        try:
            proven = redeem(session, self._key, customer_id, secret, now=now)
        except BindingRefused:
            return self._say(session, conversation, "utter_system_binding_refused", now)
        if proven is None and is_short:
            left = tries_left(session, customer_id)
            response = "utter_system_binding_wrong" if left else "utter_system_binding_refused"
            return self._say(session, conversation, response, now, left=str(left))
        if proven is None:
            return self._say(session, conversation, "utter_system_binding_over", now)
        known = enterprise_of(session, customer_id)
        before = bind(
            session,
            customer_id,
            proven.enterprise,
            way=proven.way,
            staff_id=proven.staff_id,
            now=now,
        )
        told = {"enterprise": proven.enterprise.name}
        if before is not None:
            told["other"] = before.name
            response = "utter_system_bound_instead"
        elif known is not None:
            response = "utter_system_bound_already"
        else:
            response = "utter_system_bound"
        self._say(session, conversation, response, now, **told)

    def _say(
        self,
        session: Session,
        conversation: Conversation,
        response: str,
        now: datetime,
        **told: str,
    ) -> None:
        line = self._responses.line(response, **told)
        append(
            session,
            conversation,
            Author.SYSTEM,
            line.text,
            now=now,
            kind=line.kind,
            data=line.data,
        )
