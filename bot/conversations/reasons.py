"""Why a person is really asked for: a customer who presses “转人工” seldom does so out of the blue.

Or nobody presses anything, and a person must know all the same.

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
# It has happened, or somebody is about to act; questions about such things are questions.
_ALARM = re.compile(
    "(?:发生|出了|刚刚|刚才|有人|工人|员工|人员).{0,8}(?:伤亡|死亡|死了|受伤|爆炸|中毒|起火|着火|坍塌|触电)"
    "|(?:受伤|爆炸|中毒|起火|着火|坍塌|触电)了|不想活|[想要]自杀"
    "|[找叫]了?(?:记者|媒体)|记者[要来会]|媒体曝光|收到.{0,4}律师函|(?:已经?|要|准备)起诉你们|去上访"
)
_SUPPOSED = re.compile(
    "防止|预防|避免|防爆|可能|容易|如果|万一|风险|危险场所|标准|认证|检测|检验|保险|怎么算"
)


def is_alarming(text: str) -> bool:
    """Whether a person must see this, though the customer did not ask for one."""
    return bool(_ALARM.search(text)) and not _SUPPOSED.search(text)


def why_asked(
    session: Session, conversation: Conversation, *, is_open: bool = True
) -> HandoffReason:
    """What the last turns and words say of a customer who asks for a person.

    Where they say nothing, that nobody is in is what the wait is about.
    """
    plainly = HandoffReason.CUSTOMER_ASKED if is_open else HandoffReason.OUT_OF_HOURS
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
        return plainly
    if before[0].failure is not None:
        return HandoffReason.FAILURE
    if before[0].intent == "complain":
        return HandoffReason.COMPLAINT
    if len(before) == _MISSES and all(each.handled in _MISSED for each in before):
        return HandoffReason.NOT_UNDERSTOOD
    return plainly
