"""Accounts and sign-in: what is kept, what is refused, what is forgiven."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.database import Database
from bot.errors import LoginRefused, StaffNotFound, TooManyRequests, Unauthorized
from bot.staff.models import LoginFailure, SignIn
from bot.staff.service import (
    FAILURE_WINDOW,
    MOST_FAILURES,
    MOST_FAILURES_OF_AN_ADDRESS,
    SIGN_IN_HOURS,
    add_staff,
    begin_sign_in,
    by_username,
    matches,
    note_failure,
    set_password,
    sign_in,
    sign_out,
    signed_in,
)
from tests.factories import PASSWORD, alice, bob
from tests.fakes import FakeClock

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def test_password_is_kept_only_as_an_argon2_hash(database: Database) -> None:
    with database.writing() as session:
        kept = alice(session).password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert matches(kept, PASSWORD)
    assert not matches(kept, PASSWORD.upper())


def test_cookie_is_kept_only_as_a_hash(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        done = sign_in(session, "alice", HOME, now=clock())
        assert session.scalars(select(SignIn.token_hash)).all() != [done.token]
        assert signed_in(session, done.token, now=clock()).staff.username == "alice"


def test_sign_in_ends_after_a_working_day(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        token = sign_in(session, "alice", HOME, now=clock()).token
        clock.advance(hours=SIGN_IN_HOURS, seconds=-1)
        assert signed_in(session, token, now=clock())
        clock.advance(seconds=1)
        with pytest.raises(Unauthorized):
            signed_in(session, token, now=clock())


def test_signing_out_twice_does_no_harm(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        token = sign_in(session, "alice", HOME, now=clock()).token
        sign_out(session, token)
        sign_out(session, token)
        with pytest.raises(Unauthorized):
            signed_in(session, token, now=clock())


def test_nobody_takes_as_long_as_somebody(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        known = begin_sign_in(session, "alice", HOME, now=clock())
        unknown = begin_sign_in(session, "mallory", HOME, now=clock())
    # The same parameters, so the same work; and nothing matches it.
    assert unknown.split("$")[:4] == known.split("$")[:4]
    assert not matches(unknown, "")


def test_account_guessed_at_is_closed_for_a_while(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        bob(session)
        for _ in range(MOST_FAILURES):
            begin_sign_in(session, "alice", HOME, now=clock())
            note_failure(session, "alice", HOME, now=clock())
        with pytest.raises(TooManyRequests, match="15 分钟"):
            begin_sign_in(session, "alice", ELSEWHERE, now=clock())
        assert begin_sign_in(session, "bob", HOME, now=clock())
        clock.now += FAILURE_WINDOW
        assert begin_sign_in(session, "alice", HOME, now=clock())


def test_address_that_tries_many_names_is_refused(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        bob(session)
        for number in range(MOST_FAILURES_OF_AN_ADDRESS):
            note_failure(session, f"name{number}", HOME, now=clock())
        with pytest.raises(TooManyRequests):
            begin_sign_in(session, "bob", HOME, now=clock())
        assert begin_sign_in(session, "bob", ELSEWHERE, now=clock())


def test_slips_are_forgiven_after_signing_in(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        alice(session)
        for _ in range(MOST_FAILURES - 1):
            note_failure(session, "alice", HOME, now=clock())
        note_failure(session, "alice", ELSEWHERE, now=clock())
        sign_in(session, "alice", HOME, now=clock())
        left = session.scalars(select(LoginFailure.address)).all()
    # What somebody else tried is not forgiven.
    assert left == [ELSEWHERE]


def test_old_failures_are_forgotten(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        note_failure(session, "alice", HOME, now=clock())
        clock.now += FAILURE_WINDOW + timedelta(seconds=1)
        note_failure(session, "alice", HOME, now=clock())
        assert session.scalar(select(func.count()).select_from(LoginFailure)) == 1


def test_account_that_has_gone_is_refused(database: Database, clock: FakeClock) -> None:
    with database.writing() as session, pytest.raises(LoginRefused):
        sign_in(session, "mallory", HOME, now=clock())


def test_new_password_ends_every_sign_in(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        staff = alice(session)
        token = sign_in(session, "alice", HOME, now=clock()).token
        set_password(session, staff, PASSWORD)
        assert signed_in(session, token, now=clock())
        set_password(session, staff, "another horse")
        with pytest.raises(Unauthorized):
            signed_in(session, token, now=clock())


def test_work_number_belongs_to_one_person(database: Database) -> None:
    with database.writing() as session:
        alice(session)
    with pytest.raises(IntegrityError), database.writing() as session:
        add_staff(session, "eve", PASSWORD, name="伊芙", number="11", role="staff", skills=[])


def test_staff_are_found_by_login_name(database: Database) -> None:
    with database.writing() as session:
        alice(session)
        assert by_username(session, "alice").name == "爱丽丝"
        with pytest.raises(StaffNotFound):
            by_username(session, "mallory")
