"""Why a person is asked for, by what went before."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.conversations.models import Conversation, Episode, Turn, TurnStatus
from bot.database import Database
from tests.bot.duty import Duty
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

Went = tuple[str | None, str | None, str | None]  # failure, intent, handled
ANSWERED: Went = (None, "ask_metrology", "answer")
MISSED: Went = (None, "out_of_scope", "clarify")
REFUSED: Went = (None, "out_of_scope", "refuse")
ASKING: Went = (None, "request_handoff", "handoff")


@pytest.mark.parametrize(
    ("went", "said", "reason"),
    [
        ([], "转人工", "customer_asked"),
        ([ANSWERED], "转人工", "customer_asked"),
        ([MISSED], "转人工", "customer_asked"),
        ([MISSED, ANSWERED], "转人工", "customer_asked"),
        ([MISSED, REFUSED, ASKING], "转人工", "not_understood"),
        ([ANSWERED, MISSED, MISSED], "转人工", "not_understood"),
        ([(None, "complain", "task")], "转人工", "complaint"),
        ([("brain_timeout", None, "answer")], "转人工", "failure"),
        ([("brain_timeout", None, "refuse"), ANSWERED], "转人工", "customer_asked"),
        ([], "锅炉爆炸有人受伤", "sensitive"),
        ([MISSED, MISSED], "你们再不管我就找记者", "sensitive"),
    ],
)
def test_what_led_to_it_is_the_reason_in_reports(
    database: Database, clock: FakeClock, went: list[Went], said: str, reason: str
) -> None:
    duty = Duty(database, clock)
    with database.writing() as session:
        opened = xiaolin(session, clock)
        conversation = session.get_one(Conversation, opened.conversation.id)
        for number, (failure, intent, handled) in enumerate(went, 1):
            session.add(
                Turn(
                    conversation_id=conversation.id,
                    epoch=0,
                    first_seq=number,
                    last_seq=number,
                    status=TurnStatus.ANSWERED,
                    failure=failure,
                    intent=intent,
                    handled=handled,
                    started_at=clock(),
                )
            )
            session.flush()
        writes(session, opened, said, clock)
        duty.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    with database.reading() as session:
        assert session.scalars(select(Episode.reason)).one() == reason
