"""The tracker store: one short row per conversation, safe against being killed."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.components.short_history import KEPT_TURNS, lean, shortened
from bot.components.tracker_store import RecentTrackerStore
from tests.components.small_project import DOMAIN
from tests.needs import postgres_programs

SLOTS = ("topic", "product", "phone")


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.from_yaml(DOMAIN)


def turn_events(number: int) -> list[Event]:
    return [
        UserUttered(f"第 {number} 句", {"name": "greet", "confidence": 0.9}),
        ActionExecuted("utter_greet"),
        BotUttered("您好"),
        SlotSet("topic", f"话题 {number}"),
        ActionExecuted("action_listen"),
    ]


def start_events() -> list[Event]:
    return [
        ActionExecuted("action_session_start"),
        SessionStarted(),
        ActionExecuted("action_listen"),
    ]


def tracker_of(events: list[Event], domain: Domain) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("c.1", events, domain.slots)


def state(tracker: DialogueStateTracker) -> dict[str, object]:
    return {
        "slots": tracker.current_slot_values(),
        "set": {name: slot.has_been_set for name, slot in tracker.slots.items()},
        "loop": tracker.active_loop_name,
        "latest": tracker.latest_message.text if tracker.latest_message else None,
        "action": tracker.latest_action_name,
        "paused": tracker.is_paused(),
        "followup": tracker.followup_action,
    }


def random_turn(number: int, dice: random.Random) -> list[Event]:
    events = turn_events(number)
    extra: list[Event] = [
        SlotSet(dice.choice(SLOTS), dice.choice([None, "甲", "乙"])),
        ActiveLoop(dice.choice([None, "case_form"])),
        SlotSet("requested_slot", dice.choice([None, "product"])),
    ]
    events[3:3] = [event for event in extra if dice.random() < 0.4]
    if dice.random() < 0.05:
        events += start_events()
    if dice.random() < 0.03:
        events.append(Restarted())
    return events


@pytest.mark.parametrize("seed", range(30))
def test_shortened_events_lead_to_the_same_state(domain: Domain, seed: int) -> None:
    dice = random.Random(seed)
    events = start_events()
    for number in range(dice.randint(1, 40)):
        events += random_turn(number, dice)
    whole = tracker_of(events, domain)

    short = shortened(whole, domain)

    assert state(tracker_of(short, domain)) == state(whole)
    stored = [lean(event.as_dict()) for event in short]
    assert state(DialogueStateTracker.from_dict("c.1", stored, domain.slots)) == state(whole)
    assert sum(isinstance(event, UserUttered) for event in short) <= KEPT_TURNS


def test_the_last_turns_are_kept_as_they_were(domain: Domain) -> None:
    events = start_events() + [event for n in range(20) for event in turn_events(n)]

    short = shortened(tracker_of(events, domain), domain)

    kept = KEPT_TURNS * len(turn_events(0))
    assert short[-kept:] == events[-kept:]


def test_stored_message_keeps_its_meaning_and_not_the_rest() -> None:
    parse_data = {
        "intent": {"name": "greet", "confidence": 0.9},
        "entities": [],
        "category": {"name": "out_of_scope", "confidence": 0.8},
        "intent_ranking": [{"name": "greet", "confidence": 0.9}],
        "text_tokens": [[0, 2]],
        "metadata": {"turn_id": 7},
    }
    message = UserUttered("你好", parse_data=parse_data, metadata={"turn_id": 7, "model_id": "m"})

    kept = lean(message.as_dict())

    assert kept["metadata"] == {"turn_id": 7}
    assert not {"intent_ranking", "text_tokens", "metadata"} & kept["parse_data"].keys()
    assert kept["parse_data"]["category"] == parse_data["category"]


def test_conversation_that_is_short_is_left_alone(domain: Domain) -> None:
    events = start_events() + [event for n in range(KEPT_TURNS) for event in turn_events(n)]

    assert len(shortened(tracker_of(events, domain), domain)) == len(events) - 1


async def live(store: RecentTrackerStore, turns: int) -> list[int]:
    """Play turns as Rasa does, reading and saving each time; sizes of the row."""
    sizes = []
    for number in range(turns):
        tracker = await store.get_or_create_tracker("c.1", append_action_listen=False)
        for event in (start_events() if not tracker.events else []) + turn_events(number):
            tracker.update(event)
        await store.save(tracker)
        with store.engine.connect() as connection:
            sizes.append(
                len(connection.execute(sa.text("SELECT events FROM rasa_trackers")).scalar())
            )
    return sizes


def test_row_is_as_long_after_200_turns_as_after_8(domain: Domain, tmp_path: Path) -> None:
    store = RecentTrackerStore(domain, host=f"sqlite:///{tmp_path}/t.db")

    sizes = asyncio.run(live(store, 200))

    assert sizes[199] < sizes[7] * 1.05
    assert sizes[199] < sizes[4] * 1.5


def test_tracker_survives_a_restart(domain: Domain, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    asyncio.run(live(RecentTrackerStore(domain, host=url), 30))

    tracker = asyncio.run(RecentTrackerStore(domain, host=url).retrieve("c.1"))

    assert tracker is not None
    assert tracker.latest_message.text == "第 29 句"
    assert tracker.get_slot("topic") == "话题 29"


def test_empty_tracker_is_not_written(domain: Domain, tmp_path: Path) -> None:
    store = RecentTrackerStore(domain, host=f"sqlite:///{tmp_path}/t.db")

    asyncio.run(store.get_or_create_tracker("c.1", append_action_listen=False))

    assert asyncio.run(store.keys()) == []
    assert asyncio.run(store.retrieve("c.1")) is None


def test_forgotten_trackers_are_deleted(domain: Domain, tmp_path: Path) -> None:
    store = RecentTrackerStore(domain, host=f"sqlite:///{tmp_path}/t.db")
    asyncio.run(live(store, 1))

    assert store.forget_older_than(3600) == 0
    assert store.forget_older_than(-1) == 1
    assert asyncio.run(store.keys()) == []


WRITES_UNTIL_KILLED = """
import asyncio, sys
from tests.components import test_tracker_store as tests
from bot.components.tracker_store import RecentTrackerStore
from rasa.shared.core.domain import Domain
store = RecentTrackerStore(Domain.from_yaml(tests.DOMAIN), host=sys.argv[1])
asyncio.run(tests.live(store, 10))
print("writing", flush=True)
asyncio.run(tests.live(store, 1_000_000))
"""


@pytest.mark.processes
def test_tracker_is_whole_after_kill_9(domain: Domain, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    command = [sys.executable, "-W", "ignore", "-c", WRITES_UNTIL_KILLED, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        writer.send_signal(signal.SIGKILL)

    store = RecentTrackerStore(domain, host=url)
    with store.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
        events = json.loads(
            connection.execute(sa.text("SELECT events FROM rasa_trackers")).scalar()
        )
    assert events[-1]["name"] == "action_listen"
    tracker = asyncio.run(store.retrieve("c.1"))
    assert tracker is not None
    assert str(tracker.get_slot("topic")).startswith("话题 ")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL server of this test's own, without a password, on a socket."""
    programs = postgres_programs()
    # PostgreSQL does not run as root, and a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    owner = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid} if os.getuid() == 0 else {}
    initdb = [programs / "initdb", "-D", f"{folder}/data", "-U", "assistant", "-A", "trust"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/tmp", **as_owner)
    options = ["-c", "listen_addresses=", "-k", str(folder), "-c", "fsync=off"]
    command = [programs / "postgres", "-D", f"{folder}/data", *options]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd="/tmp", **as_owner) as server:
        try:
            yield f"postgresql+psycopg://assistant@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)
            shutil.rmtree(folder, ignore_errors=True)


def opened(domain: Domain, url: str) -> RecentTrackerStore:
    deadline = time.monotonic() + 20
    while True:
        try:
            return RecentTrackerStore(domain, host=url)
        except sa.exc.OperationalError:
            # The server is still coming up.
            if time.monotonic() > deadline:
                raise


@pytest.mark.postgres
def test_store_works_over_postgresql(domain: Domain, postgres: str) -> None:
    store = opened(domain, postgres)
    sizes = asyncio.run(live(store, 20))
    store.engine.dispose()

    again = RecentTrackerStore(domain, host=postgres)

    tracker = asyncio.run(again.retrieve("c.1"))
    assert tracker is not None
    assert tracker.get_slot("topic") == "话题 19"
    assert sizes[19] < sizes[7] * 1.1
    assert again.forget_older_than(-1) == 1
    again.engine.dispose()
