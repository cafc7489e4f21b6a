"""What a callback means to us: stored once, before Tencent is answered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.attachments.service import KIND
from bot.conversations.answering import Asked
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import (
    MAX_TEXT,
    Incoming,
    Received,
    append,
    cleaned,
    conversation_at,
    record_incoming,
)
from bot.conversations.models import Author, Conversation, ConversationStatus, Customer, Message
from bot.conversations.reception import Admitted, admit
from bot.delivery.outbox import release
from bot.enterprises.binder import Binder
from bot.enterprises.codes import BINDING_SCENE
from bot.enterprises.words import Act, Wish
from bot.errors import PayloadNotOffered
from bot.feedback.follow_ups import judge_answer
from bot.resources.models import Station
from bot.resources.stations import spoken_distance, station_card, stations_near
from bot.responses import Responses
from bot.wechat import consents, windows
from bot.wechat.choices import SCORE, chosen
from bot.wechat.deliveries import claim
from bot.wechat.describing import NAMES, described
from bot.wechat.forgetting import forget, open_conversations
from bot.wechat.judging import THANKS, answer_to_judge, opinion_in
from bot.wechat.menu import SAID_BY_MENU
from bot.wechat.messages import (
    Callback,
    CodeScanned,
    Followed,
    Link,
    Media,
    MenuClicked,
    Place,
    Scanned,
    Text,
    Unfollowed,
    Unknown,
    Unsupported,
)
from bot.wechat.models import WeChatDelivery
from bot.wechat.scenes import CASE_SCENE, note_station
from bot.wechat.voting import Voter

logger = logging.getLogger(__name__)

CHANNEL = "wechat"
# In place of a menu message's item: an item of the account's own menu.
CLICKED = "menu"
_ACTING_SCENES = (CASE_SCENE, BINDING_SCENE)
_CONCERNS_US = (
    Text
    | Media
    | Place
    | Link
    | Unsupported
    | Unknown
    | Followed
    | Scanned
    | MenuClicked
    | CodeScanned
)
# Tencent hands out no files, and of a video only a page of its own.
_FETCHED = ("image", "voice")


@dataclass(frozen=True)
class Waiting:
    """A delivery that is answered with what we have to say, if that is ready in time.

    ``is_last``: Tencent does not deliver again, so something has to be said now.
    """

    key: str
    customer_id: int
    is_last: bool


@dataclass(frozen=True)
class Taken:
    """What is to be done once Tencent has been answered.

    Attributes:
        conversation_id: Where a turn is to be run, if ``bot_answers``.
        fetch: A message whose picture or voice has to be fetched from Tencent, and its media id.
        remove: Files that nobody may see any more.
        forget: Conversations of which Rasa may remember nothing any more.
        waiting: The delivery itself is to be answered, because the account can do no more.
    """

    conversation_id: str | None = None
    bot_answers: bool = False
    begun: Asked | None = None
    fetch: tuple[str, str] | None = None
    remove: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    waiting: Waiting | None = None


NOTHING = Taken()


class Receiver:
    """Takes callbacks in, each in one unit of work."""

    def __init__(
        self, handoff: Handoff, responses: Responses, platform_name: str, binder: Binder
    ) -> None:
        self._handoff = handoff
        self._responses = responses
        self._platform_name = platform_name
        self._binder = binder
        self._voter = Voter(responses, handoff.hours)

    def receive(self, session: Session, callback: Callback, *, now: datetime) -> Taken:
        """Store what a callback says; one that has been taken before changes nothing.

        The claim on its key and everything that follows from it are one unit of work: Tencent may
        deliver again as long as we have not said that we have it.
        """
        if not claim(session, callback.key, now):
            return NOTHING
        content = callback.content
        # Our own words coming back name the account as their sender; its ids begin like this.
        if not callback.openid or callback.openid.startswith("gh_"):
            return NOTHING
        if isinstance(content, Unfollowed):
            return self._farewell(session, callback.openid, now)
        if isinstance(content, Unknown) and content.is_event:
            logger.info("wechat_unknown kind=%s", content.kind)
            return NOTHING
        if isinstance(content, consents.NEWS):
            consents.take_note(session, callback, now=now)
            return NOTHING
        if not isinstance(content, _CONCERNS_US):
            return NOTHING
        customer, conversation = conversation_at(session, CHANNEL, callback.openid, now=now)
        session.get_one(WeChatDelivery, callback.key).customer_id = customer.id
        match content:
            case Text():
                return self._text(session, customer, conversation, callback.key, content, now)
            case Media(recognition=heard) if heard:
                heard_text = Text(heard)
                return self._text(session, customer, conversation, callback.key, heard_text, now)
            case Followed(scene=scene) | Scanned(scene=scene):
                window = windows.note_click(session, customer.id, now=now)
                # A binding's scene is a secret, and no place one came from.
                kept = "" if scene.startswith(BINDING_SCENE) else scene
                window.followed, window.scene = True, kept or window.scene
                release(session, customer.id, CHANNEL, now=now)
                station = note_station(session, customer.id, scene, now=now)
                if isinstance(content, Followed) or not scene.startswith(_ACTING_SCENES):
                    self._greet(session, conversation, station, now)
                if scene.startswith(BINDING_SCENE):
                    wish = Wish(Act.BIND, scene.removeprefix(BINDING_SCENE))
                    self._binder.obey(session, conversation, wish, now=now)
                    return NOTHING
                if not scene.startswith(CASE_SCENE):
                    return NOTHING
                asked = asked_by(scene)
                return self._words(session, customer, conversation, callback.key, asked, now)
            case MenuClicked(key=menu_key):
                said = Text(SAID_BY_MENU.get(menu_key, menu_key), CLICKED)
                return self._text(session, customer, conversation, callback.key, said, now)
            case CodeScanned(result=result, waits=waits):
                windows.note_click(session, customer.id, now=now)
                release(session, customer.id, CHANNEL, now=now)
                if not (waits and result):
                    return NOTHING
                # The chat shows that an answer is coming.
                said = Text(result, CLICKED)
                return self._text(session, customer, conversation, callback.key, said, now)
            case _:
                return self._not_text(session, customer, conversation, callback, now)

    def _greet(
        self, session: Session, conversation: Conversation, station: Station | None, now: datetime
    ) -> None:
        if station is None:
            return self._say(session, conversation, "utter_system_wechat_greeting", now)
        self._say(
            session,
            conversation,
            "utter_system_wechat_station",
            now,
            station=station.name,
            hours=station.hours,
            phone=station.phone,
        )

    def _farewell(self, session: Session, openid: str, now: datetime) -> Taken:
        for conversation in open_conversations(session, openid):
            # Nobody should wait for, or talk to, somebody who cannot be reached any more.
            self._handoff.customer_ends(session, conversation, now=now)
        erased = forget(session, openid, now=now)
        return Taken(remove=tuple(erased.files), forget=tuple(erased.conversations))

    def _text(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        key: str,
        said: Text,
        now: datetime,
    ) -> Taken:
        note = windows.note_click if said.menu_id else windows.note_message
        note(session, customer.id, now=now)
        return self._words(session, customer, conversation, key, said, now)

    def _words(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        key: str,
        said: Text,
        now: datetime,
    ) -> Taken:
        """Take words in, whatever they allow us to send."""
        text = cleaned(said.text)[:MAX_TEXT]
        picked = chosen(session, customer.id, conversation.id, text, said.menu_id)
        if picked is not None and picked.payload.startswith(SCORE):
            self._voter.vote(session, picked, now=now)
            release(session, customer.id, customer.channel, now=now)
            return NOTHING
        helpful = opinion_in(text) if picked is None else None
        if helpful is not None and (answer := answer_to_judge(session, conversation)):
            return self._judge(session, customer, answer, Incoming(key, text), helpful, now)
        incoming = Incoming(key, text or "？", picked.payload if picked else None)
        try:
            admitted = self._admit(session, conversation, customer, incoming, now)
        except PayloadNotOffered:
            # An item of a menu that has long scrolled away: its words still say something.
            incoming = Incoming(key, text or "？")
            admitted = self._admit(session, conversation, customer, incoming, now)
        conversation_id = admitted.received.conversation.id
        return Taken(conversation_id, admitted.bot_answers, admitted.begun)

    def _judge(
        self,
        session: Session,
        customer: Customer,
        answer: Message,
        incoming: Incoming,
        helpful: bool,
        now: datetime,
    ) -> Taken:
        """Store what a customer thinks of an answer, and say so, unless more is said to it."""
        received = record_incoming(session, answer.conversation_id, customer, incoming, now=now)
        conversation, message = received.conversation, received.message
        # No turn takes it up.
        message.kind = KIND
        judge_answer(session, answer, helpful, self._handoff, now=now)
        if conversation.last_seq == message.seq:
            append(session, conversation, Author.SYSTEM, THANKS[helpful], now=now)
        if conversation.answered_seq == message.seq - 1:
            conversation.answered_seq = conversation.last_seq
        return NOTHING

    def _admit(
        self,
        session: Session,
        conversation: Conversation,
        customer: Customer,
        incoming: Incoming,
        now: datetime,
    ) -> Admitted:
        return admit(
            session,
            conversation.id,
            customer,
            incoming,
            self._handoff,
            now=now,
            binder=self._binder,
        )

    def _not_text(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        callback: Callback,
        now: datetime,
    ) -> Taken:
        windows.note_message(session, customer.id, now=now)
        label, data = described(callback)
        incoming = Incoming(callback.key, label)
        received = record_incoming(session, conversation.id, customer, incoming, now=now)
        # Nothing the bot could read: no turn takes it up.
        received.message.kind = KIND
        received.message.data = {**received.message.data, **data}
        if received.conversation.status == ConversationStatus.BOT:
            self._acknowledge(session, received, callback, label, now)
        content = callback.content
        can_be_fetched = isinstance(content, Media) and content.kind in _FETCHED
        media_id = content.media_id if isinstance(content, Media) and can_be_fetched else ""
        return Taken(fetch=(received.message.id, media_id) if media_id else None)

    def _acknowledge(
        self, session: Session, received: Received, callback: Callback, label: str, now: datetime
    ) -> None:
        conversation, message = received.conversation, received.message
        if isinstance(callback.content, Media) and callback.content.kind == "voice":
            self._say(session, conversation, "utter_system_wechat_voice", now)
        elif isinstance(callback.content, Media):
            kind = NAMES.get(callback.content.kind, "文件")
            can_be_fetched = callback.content.kind in _FETCHED
            response = (
                "utter_system_file_received" if can_be_fetched else "utter_system_wechat_not_kept"
            )
            self._say(session, conversation, response, now, file=kind)
        elif isinstance(callback.content, Place) and self._stations(
            session, conversation, callback.content, now
        ):
            pass
        elif isinstance(callback.content, Place | Link):
            self._say(session, conversation, "utter_system_wechat_received", now, what=label)
        else:
            self._say(session, conversation, "utter_system_not_text", now)
        # An earlier message that nobody has answered yet must not count as answered with it.
        if conversation.answered_seq == message.seq - 1:
            conversation.answered_seq = conversation.last_seq

    def _stations(
        self, session: Session, conversation: Conversation, place: Place, now: datetime
    ) -> bool:
        """Tell of the nearest stations, if there are any."""
        found = stations_near(session, place.latitude, place.longitude)
        if not found:
            return False
        near = [each for each in found if each.is_near]
        response = "utter_system_stations_near" if near else "utter_system_stations_far"
        shown = near or found[:1]
        self._say(
            session,
            conversation,
            response,
            now,
            items=[station_card(each.station, each.metres) for each in shown],
            count=str(len(shown)),
            distance=spoken_distance(shown[0].metres),
        )
        return True

    def _say(
        self,
        session: Session,
        conversation: Conversation,
        response: str,
        now: datetime,
        /,
        items: Sequence[dict[str, object]] = (),
        **variables: str,
    ) -> None:
        line = self._responses.line(response, platform=self._platform_name, **variables)
        append(
            session,
            conversation,
            Author.SYSTEM,
            line.text,
            now=now,
            kind="list" if items else line.kind,
            data={**line.data, "items": list(items)} if items else line.data,
        )


def asked_by(scene: str) -> Text:
    """What the scene of a case stands for.

    Anybody can make such a code or link: it says what is asked for and proves nothing.
    """
    return Text(f"查工单 {scene.removeprefix(CASE_SCENE)} 的进度", CLICKED)
