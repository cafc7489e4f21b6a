"""Processes die; the customer is answered all the same and nothing is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest

from bot import ledger
from tests.running import Platform, Visitor

pytestmark = [pytest.mark.rasa, pytest.mark.processes]


def test_rasa_killed_while_a_customer_writes_is_answered_within_five_seconds(
    platform: Platform, customer: Visitor
) -> None:
    assert customer.asks("压力表多久检定一次")["author"] == "bot"
    rasa = platform.pid_of("components.serve")
    assert rasa is not None
    started = time.monotonic()
    posted = customer.post(text="游标卡尺要强制检定吗")
    os.kill(rasa, signal.SIGKILL)
    assert posted.status_code == 202
    answer = customer.hears("bot", seconds=5)
    assert time.monotonic() - started < 5
    assert answer["text"]
    again = customer.asks("那计量检定收费吗")
    assert again["text"]
    seqs = [message["seq"] for message in sorted(customer.messages, key=lambda m: m["seq"])]
    assert seqs == list(range(1, len(seqs) + 1))
    platform.wait_until_ready()
    assert platform.health()["rasa"] == "up"


def test_web_killed_between_storing_and_answering_answers_after_its_restart(
    platform: Platform, customer: Visitor
) -> None:
    web = platform.pid_of("-m connectors")
    assert web is not None
    assert customer.post(text="检测报告有效期是多久").status_code == 202
    os.kill(web, signal.SIGKILL)
    platform.wait_until_ready()
    assert customer.hears("bot")["text"]
    said = [message for message in customer.messages if message["author"] == "customer"]
    assert len(said) == 1


def test_ledger_explains_every_message_in_spite_of_all_that(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ledger.main(["audit"], {"DATABASE_URL": platform.database_url})
    assert found == ledger.CLEAN, capsys.readouterr().out
