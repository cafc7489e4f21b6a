"""What is done with files: said as messages, found again, and linked to for a short time.

The bytes are stored first (``storage``); the message and the record of the file come in one unit
of work after that, so that a message never names a file which is not there.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.attachments.names import clean_name
from bot.attachments.storage import Stored
from bot.conversations.changes import note_message
from bot.conversations.desk import record_staff_message
from bot.conversations.ledger import Incoming, Received, append, record_incoming
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
)
from bot.errors import AttachmentNotFound, FileRefused
from bot.responses import Responses
from bot.staff.models import Staff

KIND = "file"
# A thick folder of papers; more belongs into a case, and no conversation fills the disk.
MOST_FILES = 50
MOST_BYTES = 200_000_000
# Long enough to load a picture on a slow line, too short to be passed on.
LINK_SECONDS = 600
_ADDRESS = "/api/attachments/"


@dataclass(frozen=True)
class Said:
    """The message a file became; ``is_new`` is false when it had been sent before."""

    message: Message
    is_new: bool


def say_as_customer(
    session: Session,
    conversation_id: str,
    customer: Customer,
    client_id: str,
    name: str,
    stored: Stored,
    responses: Responses,
    *,
    now: datetime,
) -> Said:
    """Store a customer's file as a message; the same ``client_id`` again, once.

    While the bot speaks it says what it received and offers a person, since it cannot read files;
    with that the message is dealt with. A person simply sees it.

    Raises:
        BadInput, ConversationNotFound: See ``record_incoming``.
        FileRefused: The conversation has no room for more.
    """
    data, label = _described(name, stored)
    incoming = Incoming(client_id, label, attachment=data)
    received = record_incoming(session, conversation_id, customer, incoming, now=now)
    if received.is_new:
        _note(session, received.message, stored, now)
        if received.conversation.status == ConversationStatus.BOT:
            _acknowledge(session, received, responses, now)
    return Said(received.message, received.is_new)


def say_as_staff(
    session: Session,
    conversation_id: str,
    staff: Staff,
    client_id: str,
    name: str,
    stored: Stored,
    private: bool,
    *,
    now: datetime,
) -> Said:
    """Store a file from the desk, for the customer or as a private note; repeated: once.

    Raises:
        BadInput, ConversationNotFound, NotYours, WrongStatus: See ``record_staff_message``.
        FileRefused: The conversation has no room for more.
    """
    data, label = _described(name, stored)
    message = record_staff_message(
        session, conversation_id, staff, client_id, label, private, now=now, attachment=data
    )
    is_new = message.data.get("attachment", {}).get("id") == stored.id
    if is_new:
        _note(session, message, stored, now)
    return Said(message, is_new)


def add_to_message(session: Session, message: Message, stored: Stored, *, now: datetime) -> None:
    """Give a message that stands in the ledger the file it is about, fetched since.

    Raises:
        FileRefused: The conversation has no room for more.
    """
    extension = stored.what.type.extensions[0].lstrip(".")
    data, _label = _described(f"{_sort(stored)}.{extension}", stored)
    message.kind, message.data = KIND, {**message.data, "attachment": data}
    _note(session, message, stored, now)
    note_message(session, session.get_one(Conversation, message.conversation_id), message)


def check_room(session: Session, conversation_id: str, size: int) -> None:
    """Refuse a file that its conversation has no room for.

    Raises:
        FileRefused: Fifty files or 200 MB are there already.
    """
    files, filled = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(
            Attachment.conversation_id == conversation_id
        )
    ).one()
    if files >= MOST_FILES or filled + size > MOST_BYTES:
        raise FileRefused(f"一次会话最多发送 {MOST_FILES} 个、共 200 MB 文件，不能再发了。")


def attachment_for(
    session: Session, attachment_id: str, customer: Customer | None = None
) -> Attachment:
    """A file, for staff, or for a customer who may see it.

    Raises:
        AttachmentNotFound: There is none of that id, or it is not for this customer.
    """
    found = session.get(Attachment, attachment_id)
    if found is None:
        raise AttachmentNotFound
    if customer is not None:
        owner = session.get_one(Conversation, found.conversation_id).customer_id
        if owner != customer.id or session.get_one(Message, found.message_id).private:
            raise AttachmentNotFound
    return found


def link_to(attachment: Attachment, *, now: datetime) -> dict[str, str]:
    """A link that opens a file for ten minutes without any other proof, and until when."""
    until = now + timedelta(seconds=LINK_SECONDS)
    stamp = str(int(until.timestamp()))
    signature = _signature(attachment, stamp)
    return {
        "url": f"{_ADDRESS}{attachment.id}?until={stamp}&signature={signature}",
        "expires_at": until.isoformat(),
    }


def linked(
    session: Session, attachment_id: str, until: str, signature: str, *, now: datetime
) -> Attachment:
    """The file that a link opens.

    Raises:
        AttachmentNotFound: The link was not made by us, or its time is over.
    """
    found = attachment_for(session, attachment_id)
    is_ours = hmac.compare_digest(_signature(found, until).encode(), signature.encode())
    if not is_ours or int(until) <= now.timestamp():
        raise AttachmentNotFound
    return found


def _described(name: str, stored: Stored) -> tuple[dict[str, Any], str]:
    clean = clean_name(name, stored.what.type.extensions)
    data: dict[str, Any] = {
        "id": stored.id,
        "name": clean,
        "type": stored.what.type.media_type,
        "size": stored.size,
        "url": f"{_ADDRESS}{stored.id}",
    }
    if stored.what.pixels:
        # So that a page can keep the room free before the picture has come.
        data["width"], data["height"] = stored.what.pixels
    return data, f"{_sort(stored)}：{clean}"


def _sort(stored: Stored) -> str:
    if stored.what.type.is_voice:
        return "语音"
    return "图片" if stored.what.type.is_image else "文件"


def _note(session: Session, message: Message, stored: Stored, now: datetime) -> None:
    check_room(session, message.conversation_id, stored.size)
    session.flush()
    session.add(
        Attachment(
            id=stored.id,
            conversation_id=message.conversation_id,
            message_id=message.id,
            name=message.data["attachment"]["name"],
            type=stored.what.type.media_type,
            size=stored.size,
            digest=stored.digest,
            link_key=secrets.token_hex(32),
            created_at=now,
        )
    )


def _acknowledge(session: Session, received: Received, responses: Responses, now: datetime) -> None:
    message, conversation = received.message, received.conversation
    # Of several files in a row only the first needs the whole explanation.
    before = session.scalar(
        select(Message.data).where(
            Message.conversation_id == conversation.id, Message.seq == message.seq - 1
        )
    )
    again = bool(before and before.get("received"))
    name = "utter_system_file_again" if again else "utter_system_file_received"
    line = responses.line(name, file=message.text)
    data = {**line.data, "received": message.data["attachment"]["id"]}
    append(session, conversation, Author.SYSTEM, line.text, now=now, kind=line.kind, data=data)
    # An earlier message that nobody has answered yet must not count as answered with it.
    if conversation.answered_seq == message.seq - 1:
        conversation.answered_seq = message.seq + 1


def _signature(attachment: Attachment, until: str) -> str:
    told = f"{attachment.id}.{until}".encode()
    return hmac.new(attachment.link_key.encode(), told, "sha256").hexdigest()
