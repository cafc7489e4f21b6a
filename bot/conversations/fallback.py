"""What the customer sees when the brain gives nothing: never silence."""

from __future__ import annotations

import re
from datetime import date

from bot.conversations.brain import Answer, FailureKind, Reply
from bot.database import Database
from bot.faq.service import FaqReply, FaqService, faq_data
from bot.faq.two_questions import Understood
from bot.resources.standards import look_up, numbers_in, sentence_for
from bot.responses import Responses
from bot.staff.hours import spoken_date
from knowledge.courtesy import courtesy_in
from knowledge.entries import Entry

# Asking for a person must work without any understanding at all.
ASKS_FOR_PERSON = re.compile(r"人工|真人|客服|工作人员|坐席")
_COURTESIES = {
    "thanks": "utter_thank",
    "goodbye": "utter_goodbye",
    "agreed": "utter_all_right",
    "greeting": "utter_system_greeting",
}
_HANDOFF_PAYLOAD = "/request_handoff"


class Fallback:
    """Answers without the brain: from the knowledge base or the tables if sure, else an apology."""

    def __init__(self, faq: FaqService, responses: Responses, database: Database) -> None:
        self._faq = faq
        self._responses = responses
        self._database = database

    def not_text(self) -> Answer:
        """Says what is understood, to a message of symbols only."""
        return Answer([self._reply("utter_system_not_text")], handled="clarify")

    def apology(self, failure: FailureKind) -> Answer:
        """Says that it did not work, with a person or a message as the way out."""
        slow = failure is FailureKind.TIMEOUT
        name = "utter_system_engine_slow" if slow else "utter_system_engine_away"
        return Answer([self._reply(name)], handled="clarify", failure=failure)

    async def without_brain(
        self,
        text: str,
        payload: str | None,
        understood: Understood | None,
        today: date,
        failure: FailureKind,
    ) -> Answer:
        """The best visible answer to a message that the brain failed on."""
        if payload == _HANDOFF_PAYLOAD or (payload is None and ASKS_FOR_PERSON.search(text)):
            return Answer(
                [],
                intent="request_handoff",
                handled="handoff",
                handoff_reason="customer_asked",
                failure=failure,
            )
        courtesy = courtesy_in(text) if payload is None else None
        if courtesy is not None:
            reply = self._reply(_COURTESIES[courtesy])
            return Answer([reply], handled="answer", failure=failure)
        found = self._sure_answers(understood, today) if understood is not None else []
        if found:
            return Answer(
                [self._entry(entry, reply.score) for entry, reply in found],
                category=found[0][0].category,
                confidence=found[0][1].score,
                handled="answer",
                failure=failure,
            )
        state = await self._state_of_standard(text, today) if payload is None else None
        if state is not None:
            return Answer([state], intent="lookup_standard", handled="answer", failure=failure)
        return self.apology(failure)

    async def _state_of_standard(self, text: str, today: date) -> Reply | None:
        """The state of the one standard that a message names, if it is known for sure."""
        numbers = numbers_in(text)
        if len(numbers) != 1:
            return None
        found = await self._database.read(look_up, numbers[0], today)
        standard = found.standard
        if standard is None or standard.confidence == "check":
            return None
        day = standard.effective_on
        return self._reply(
            sentence_for(found),
            asked=found.asked,
            number=standard.number,
            title=standard.title,
            status=standard.status,
            successor=f"{found.successor.number}《{found.successor.title}》"
            if found.successor
            else "",
            effective=spoken_date(day) if day else "",
            equivalent="",
            more="",
        )

    def _sure_answers(self, understood: Understood, today: date) -> list[tuple[Entry, FaqReply]]:
        """The answers to both questions of a message, or the one to the whole, if it is sure."""
        for each in ([part.candidates for part in understood.parts], [understood.whole.candidates]):
            replies = [self._faq.reply(candidates, today) for candidates in each]
            sure = [(reply.entry, reply) for reply in replies if reply.kind == "answer"]
            known = {entry.id: (entry, reply) for entry, reply in sure if entry is not None}
            if known and len(sure) == len(replies):
                return list(known.values())
        return []

    def _entry(self, entry: Entry, score: float) -> Reply:
        name = "utter_faq_answer_authority" if entry.authority else "utter_faq_answer"
        text = self._responses.text(name, answer=entry.answer.strip())
        return Reply(text, "text", {"faq": faq_data(entry, score)})

    def _reply(self, name: str, **variables: str) -> Reply:
        line = self._responses.line(name, **variables)
        return Reply(line.text, line.kind, line.data)
