"""The finder of entities in Rasa's pipeline."""

from __future__ import annotations

from datetime import date

from rasa.shared.nlu.training_data.message import Message

from bot.components.entity_finder import EntityFinder


def test_days_count_from_the_customers_day() -> None:
    finder = EntityFinder(today=lambda: date(2026, 11, 24))
    message = Message.build("下周三上午校准压力表")
    finder.process([message])
    found = [(each["entity"], each["value"]) for each in message.get("entities")]
    assert found == [("date", "2026-12-02 上午"), ("instrument", "一般压力表")]
