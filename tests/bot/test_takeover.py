"""In whichever order things happen, nobody is talked over and nothing is lost.

``TAKEOVER_INTERLEAVINGS=10000`` runs that many instead of a few hundred. On PostgreSQL, where each
takes five times as long, it is a fifth of them.
"""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.conversations.audit import audit
from bot.conversations.brain import Answer, Reply
from bot.database import Database
from bot.errors import ServiceError
from tests.bot.takeover import BUTTONS, GRACE, Platform, office

INTERLEAVINGS = int(os.environ.get("TAKEOVER_INTERLEAVINGS", "150"))
STEPS = 25

_people = st.integers(0, 2)
_answers = st.builds(
    lambda replies, reason: Answer(
        [Reply(f"答复 {number}") for number in range(replies)], handoff_reason=reason
    ),
    st.integers(1, 3),
    st.sampled_from([None, None, "customer_asked"]),
)


class Takeover(RuleBasedStateMachine):
    """Customer, bot, three people and dying processes, in any order."""

    database: Database
    staff_ids: list[int]
    interleavings: int
    latest: Platform

    @initialize()
    def opens(self) -> None:
        """A customer opens the widget."""
        self.platform = type(self).latest = Platform(self.database, self.staff_ids)

    @rule(text=st.sampled_from(["压力表多久检一次", "在吗", "转人工", "结束"]))
    def customer_says(self, text: str) -> None:
        self.platform.says(text)
        self.platform.look()

    @precondition(lambda self: self.platform.sent)
    @rule(data=st.data())
    def channel_delivers_again(self, data: st.DataObject) -> None:
        earlier = data.draw(st.sampled_from(sorted(self.platform.sent)))
        self.platform.says(self.platform.sent[earlier], client_id=earlier)
        self.platform.look()

    @rule(payload=st.sampled_from(BUTTONS))
    def customer_presses(self, payload: str) -> None:
        self.platform.presses(payload)
        self.platform.look()

    @rule()
    def customer_asks_for_a_person(self) -> None:
        self.platform.asks_for_a_person()
        self.platform.look()

    @rule()
    def bot_is_woken(self) -> None:
        self.platform.wakes()
        self.platform.look()

    @precondition(lambda self: self.platform.thinking)
    @rule(which=st.integers(0, 5), answer=_answers)
    def bot_answers(self, which: int, answer: Answer) -> None:
        self.platform.answers(which, answer)

    @rule(who=_people)
    def somebody_accepts(self, who: int) -> None:
        self._staff("accept", who)

    @rule(who=_people)
    def somebody_replies(self, who: int) -> None:
        with suppress(ServiceError):
            self.platform.staff_replies(who)
        self.platform.look()

    @rule(who=_people)
    def somebody_takes_over(self, who: int) -> None:
        self._staff("take_over", who)

    @rule(who=_people)
    def somebody_puts_it_back(self, who: int) -> None:
        self._staff("requeue", who)

    @rule(who=_people)
    def somebody_passes_it_to_a_group(self, who: int) -> None:
        self._staff("transfer_to_group", who, "metrology")

    @rule(who=_people)
    def somebody_returns_it_to_the_bot(self, who: int) -> None:
        self._staff("return_to_bot", who)

    @rule(who=_people)
    def somebody_resolves(self, who: int) -> None:
        self._staff("resolve", who, "已答复")

    @rule(who=_people, to=_people)
    def somebody_offers_it(self, who: int, to: int) -> None:
        with suppress(ServiceError):
            self.platform.staff_offers(who, to)
        self.platform.look()

    @rule(who=_people)
    def somebody_offers_it_to_a_group(self, who: int) -> None:
        with suppress(ServiceError):
            self.platform.staff_offers_to_all(who)
        self.platform.look()

    @rule(who=_people)
    def somebody_takes_what_is_offered(self, who: int) -> None:
        self._staff("accept_transfer", who)

    @rule(who=_people)
    def somebody_refuses_what_is_offered(self, who: int) -> None:
        with suppress(ServiceError):
            self.platform.staff_refuses(who)
        self.platform.look()

    @rule()
    def half_a_minute_passes(self) -> None:
        self.platform.time_passes()
        self.platform.look()

    @rule()
    def nothing_is_heard_of_the_customer(self) -> None:
        self.platform.nothing_is_heard()
        self.platform.look()

    @rule(stalls=st.booleans())
    def a_process_dies(self, stalls: bool) -> None:
        self.platform.process_dies(stalls)
        self.platform.look()

    def _staff(self, verb: str, who: int, *more: str) -> None:
        with suppress(ServiceError):
            self.platform.staff_does(verb, who, *more)
        self.platform.look()

    def teardown(self) -> None:
        if hasattr(self, "platform"):
            self.platform.settles()


@pytest.fixture
def machine(database: Database) -> type[Takeover]:
    class Here(Takeover):
        pass

    Here.database, Here.staff_ids = database, office(database, 3)
    Here.interleavings = INTERLEAVINGS // (5 if database.is_shared else 1)
    return Here


def test_the_bot_never_talks_over_a_person_and_never_leaves_a_customer_without_a_word(
    machine: type[Takeover],
) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=machine.interleavings,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    clock = machine.latest.clock
    clock.advance(days=1)
    with machine.database.reading() as session:
        report = audit(session, grace=GRACE, now=clock())
    assert report.conversations >= machine.interleavings / 2
    assert report.problems == []
