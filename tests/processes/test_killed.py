"""Processes die; the customer is answered all the same and nothing is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.running import Platform, Visitor

pytestmark = [pytest.mark.rasa, pytest.mark.processes]


def test_rasa_killed_while_a_customer_writes_is_answered_within_five_seconds(
    platform: Platform,
) -> None:
    visitor = Visitor(platform)
    assert visitor.asks("压力表多久检定一次")["author"] == "bot"
    pid = platform.pid_of("--port")
    rasa = next(p for p in (platform.pid_of("components.serve"), platform.pid_of("rasa run")) if p)
    assert pid is not None
    started = time.monotonic()
    posted = visitor.post(text="游标卡尺要强制检定吗")
    os.kill(rasa, signal.SIGKILL)
    assert posted.status_code == 202
    answer = visitor.hears("bot", seconds=5)
    assert time.monotonic() - started < 5
    assert answer["text"]
    again = visitor.asks("那计量检定收费吗")
    assert again["text"]
    seqs = [message["seq"] for message in sorted(visitor.messages, key=lambda m: m["seq"])]
    assert seqs == list(range(1, len(seqs) + 1))
    platform.wait_until_ready(60)
    assert platform.health()["rasa"] == "up"


def test_web_killed_between_storing_and_answering_answers_after_its_restart(
    platform: Platform,
) -> None:
    visitor = Visitor(platform)
    web = platform.pid_of("-m connectors")
    assert web is not None
    assert visitor.post(text="检测报告有效期是多久").status_code == 202
    os.kill(web, signal.SIGKILL)
    time.sleep(0.3)
    platform.wait_until_ready(60)
    assert visitor.hears("bot", seconds=10)["text"]
    said = [message for message in visitor.messages if message["author"] == "customer"]
    assert len(said) == 1
