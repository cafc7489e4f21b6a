"""Why a person is really asked for: a customer who presses “转人工” seldom does so out of the blue.

The button is offered after two misses, after a complaint and after a failure; reports must tell
these apart from the wish for a person as such. The last turns say which it was.
"""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Conversation, HandoffReason, Message, Turn

# Twice in a row; once may be the customer's odd words.
_MISSES = 2
_MISSED = {"clarify", "refuse"}
_WORDS_LOOKED_AT = 3
# Where somebody may be hurt, or a court or the press is near, a person must know at once.
_SENSITIVE = re.compile(
    "伤亡|死亡|受伤|爆炸|中毒|起火|坍塌|重大事故|安全事故|举报|起诉|诉讼|律师函|记者|媒体曝光|上访|自杀"
)


def why_asked(session: Session, conversation: Conversation) -> HandoffReason:
    """What the last turns and words say of a customer who asks for a person."""
    said = session.scalars(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .order_by(Message.seq.desc())
        .limit(_WORDS_LOOKED_AT)
    )
    if any(_SENSITIVE.search(text) for text in said):
        return HandoffReason.SENSITIVE
    # The turn that asks says nothing about what led to it.
    before = session.execute(
        select(Turn.failure, Turn.intent, Turn.handled)
        .where(
            Turn.conversation_id == conversation.id,
            Turn.handled.is_not(None),
            Turn.handled != "handoff",
        )
        .order_by(Turn.id.desc())
        .limit(_MISSES)
    ).all()
    if not before:
        return HandoffReason.CUSTOMER_ASKED
    if before[0].failure is not None:
        return HandoffReason.FAILURE
    if before[0].intent == "complain":
        return HandoffReason.COMPLAINT
    if len(before) == _MISSES and all(each.handled in _MISSED for each in before):
        return HandoffReason.NOT_UNDERSTOOD
    return HandoffReason.CUSTOMER_ASKED
