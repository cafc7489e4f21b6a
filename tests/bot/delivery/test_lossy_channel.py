"""A channel that loses, delays, repeats and refuses, and senders that die: nothing is lost.

The machine interleaves what the product says, what several senders do with lanes they hold, and
what the far side does with each call. It keeps the far side's own book, so that what the product
recorded can be compared with what really arrived. ``OUTBOX_INTERLEAVINGS=2000`` runs that many.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from bot.conversations.audit import audit
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation
from bot.database import Base
from bot.delivery.channel import Failed, Held, Outcome, Retry, Sent
from bot.delivery.dead_letters import Way, settle
from bot.delivery.lanes import LEASE, Claimed, claim, record
from bot.delivery.models import DeliveryState, Outgoing
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.bot.delivery.post import CHANNEL, says, xiaochen
from tests.factories import alice
from tests.fakes import FakeClock

INTERLEAVINGS = int(os.environ.get("OUTBOX_INTERLEAVINGS", "25"))
CUSTOMERS = 2
GRACE = timedelta(seconds=5)
HOURS = WorkingHours.parse("08:30-17:30")


@cache
def _empty_database() -> sqlite3.Connection:
    """All tables, made once: making them takes longer than an example."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        return cast(sqlite3.Connection, _driver(connection))


def _driver(connection: Connection) -> object:
    return connection.connection.driver_connection


class LossyChannel(RuleBasedStateMachine):
    """What may happen, in any order."""

    held_lanes = Bundle("held_lanes")

    def __init__(self) -> None:
        super().__init__()
        # One connection in memory: the units of work follow one another here anyway.
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        with self.engine.connect() as connection:
            _empty_database().backup(cast(sqlite3.Connection, _driver(connection)))
        self.clock = FakeClock()
        self.arrived: dict[int, list[str]] = defaultdict(list)
        self.said: dict[int, list[str]] = defaultdict(list)
        self.resent: set[str] = set()
        self.leases: dict[int, Claimed] = {}
        self.taken_at: dict[str, datetime] = {}

    @contextmanager
    def unit(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @initialize()
    def begin(self) -> None:
        with self.unit() as session:
            self.staff_id = alice(session).id
            self.talks = [xiaochen(session, self.clock, f"address-{n}") for n in range(CUSTOMERS)]
            for talk in self.talks:
                says(session, talk, self.clock)

    @rule(which=st.integers(0, CUSTOMERS - 1))
    def product_says(self, which: int) -> None:
        with self.unit() as session:
            conversation = session.get_one(Conversation, self.talks[which])
            message = append(session, conversation, Author.BOT, "您好", now=self.clock())
            self.said[conversation.customer_id].append(message.id)

    @rule(which=st.integers(0, CUSTOMERS - 1))
    def customer_writes(self, which: int) -> None:
        with self.unit() as session:
            says(session, self.talks[which], self.clock)

    @rule(target=held_lanes)
    def sender_takes_a_lane(self) -> object:
        with self.unit() as session:
            claimed = claim(session, CHANNEL, now=self.clock())
        if claimed is None:
            return multiple()
        customer = claimed.batch.customer_id
        holder = self.leases.get(customer)
        assert holder is None or self.clock() >= self.taken_at[holder.lease] + LEASE
        self.leases[customer] = claimed
        self.taken_at[claimed.lease] = self.clock()
        return claimed

    @rule(
        claimed=consumes(held_lanes),
        takes=st.integers(0, 4),
        answer=st.sampled_from(["nothing", "retry", "later", "hold", "refuse", "lost", "dies"]),
    )
    def far_side_is_called(self, claimed: Claimed, takes: int, answer: str) -> None:
        """It takes some parcels, then answers for the next, or the call breaks off."""
        customer, parcels = claimed.batch.customer_id, claimed.batch.parcels
        if self.clock() >= self.taken_at[claimed.lease] + LEASE:
            # A sender gives a call up before its lease ends (``CHANNEL_SECONDS``).
            parcels, answer = (), "late"
        taken = parcels[:takes]
        self.arrived[customer] += [each.key for each in taken]
        if answer == "dies":
            return
        outcomes: list[Outcome] = [Sent(each.key) for each in taken]
        if answer == "late":
            outcomes = [Retry(None, "channel_timeout")]
        rest = parcels[takes:]
        if answer == "lost":
            # All arrived, and the answer got lost on the way back.
            self.arrived[customer] += [each.key for each in rest]
            outcomes = [Retry(None, "channel_timeout")]
        elif rest and answer != "nothing":
            outcomes.append(
                {
                    "retry": Retry(None, "busy"),
                    "later": Retry(90, "busy"),
                    "hold": Held("quota_used"),
                    "refuse": Failed("content_refused"),
                }[answer]
            )
        with self.unit() as session:
            is_ours = record(session, claimed, outcomes, now=self.clock(), draw=lambda _l, h: h)
        assert is_ours == (self.leases.get(customer) is claimed)
        if is_ours:
            del self.leases[customer]

    @rule(seconds=st.sampled_from([1, 5, 61, 700]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(way=st.sampled_from([Way.AGAIN, Way.TEXT, Way.NEXT_CONTACT]))
    def staff_settle_a_dead_letter(self, way: Way) -> None:
        with self.unit() as session:
            stuck = session.scalar(
                select(Outgoing.message_id).where(Outgoing.state == DeliveryState.FAILED).limit(1)
            )
            if stuck is not None:
                staff = session.get_one(Staff, self.staff_id)
                settle(session, stuck, way, staff, HOURS, now=self.clock())
                self.resent.add(stuck)

    @invariant()
    def what_is_recorded_as_sent_has_arrived(self) -> None:
        with self.unit() as session:
            for row in session.scalars(select(Outgoing).where(Outgoing.sent_at.is_not(None))):
                assert row.message_id in self.arrived[row.customer_id]

    @invariant()
    def first_arrivals_are_in_order(self) -> None:
        for customer, keys in self.arrived.items():
            # What staff sent again later on purpose is out of its place.
            first = [key for key in dict.fromkeys(keys) if key not in self.resent]
            assert first == [key for key in self.said[customer] if key in set(first)]

    def teardown(self) -> None:
        """Everybody alive works properly again: whatever was said arrives, once recorded."""
        try:
            if hasattr(self, "talks"):
                self._calm_down()
        finally:
            self.engine.dispose()

    def _calm_down(self) -> None:
        with self.unit() as session:
            for talk in self.talks:
                says(session, talk, self.clock)
        for _ in range(200):
            self.clock.advance(seconds=700)
            with self.unit() as session:
                claimed = claim(session, CHANNEL, now=self.clock())
                if claimed is None:
                    break
                parcels = claimed.batch.parcels
                self.arrived[claimed.batch.customer_id] += [each.key for each in parcels]
                record(session, claimed, [Sent(each.key) for each in parcels], now=self.clock())
        self.first_arrivals_are_in_order()
        with self.unit() as session:
            rows = list(session.scalars(select(Outgoing)))
            assert sorted(each.message_id for each in rows) == sorted(
                key for keys in self.said.values() for key in keys
            )
            for row in rows:
                has_arrived = row.message_id in self.arrived[row.customer_id]
                assert row.state == ("sent" if has_arrived and row.sent_at else "failed")
                assert row.state == "sent" or row.reason
            found = audit(session, grace=GRACE, now=self.clock()).problems
            assert [each for each in found if each.rule in ("outbox", "lanes")] == []


def test_nothing_is_lost_and_order_is_kept_whatever_the_channel_does() -> None:
    run_state_machine_as_test(
        LossyChannel,
        settings=settings(
            max_examples=INTERLEAVINGS,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
