"""Whether an answer helped, said in a word where a chat has no buttons for it."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Conversation, ConversationStatus, Message

# Put at the end of an answer, so it costs no message of the few that are allowed.
HINT = "回复“有用”或“没用”，可以评价这条答复。"
# What is said to it; a score has other words, for it is given to people.
THANKS = {
    True: "谢谢您的评价，很高兴帮上忙。还有问题，直接在这里说。",
    False: "谢谢您的评价，我们会改进这条答复。您可以换个说法再问，也可以回复“转人工”。",
}
_HELPED = re.compile(r"(?:很|非常|挺)?(?:有用|有帮助|管用)的?")
_DID_NOT = re.compile(r"没用|没有用|没有?帮助|不管用|没什么用")
_ENDS = " \t\n。．.!！~～,，、“”\"'"


def opinion_in(text: str) -> bool | None:
    """Whether a message says that an answer helped, and nothing else; None for other words."""
    plain = unicodedata.normalize("NFKC", text).strip(_ENDS)
    if _HELPED.fullmatch(plain):
        return True
    return False if _DID_NOT.fullmatch(plain) else None


def answer_to_judge(session: Session, conversation: Conversation) -> Message | None:
    """The answer of the knowledge base that the customer has read last, while the bot speaks."""
    if conversation.status != ConversationStatus.BOT:
        return None
    last_said = (
        select(func.coalesce(func.max(Message.seq), 0))
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .scalar_subquery()
    )
    newest = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.author == Author.BOT,
        Message.seq > last_said,
    )
    said = session.scalars(newest.order_by(Message.seq.desc())).all()
    return next((each for each in said if each.data.get("faq")), None)
