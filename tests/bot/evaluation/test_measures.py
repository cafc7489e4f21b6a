"""The figures against cases small enough to work out by hand."""

from __future__ import annotations

import pytest

from bot.evaluation.measures import (
    confusion,
    expected_calibration_error,
    label_scores,
    macro_f1,
    percentile,
    recall_at,
    reciprocal_ranks,
    reliability,
    share,
)

# ip: 2 right of 3 that are, 2 of 2 that were said; policy: 1 of 1, 1 of 2.
PAIRS = [("ip", "ip"), ("ip", "ip"), ("ip", "policy"), ("policy", "policy")]


def test_precision_recall_and_f1_are_counted_for_each_label() -> None:
    ip, policy = label_scores(PAIRS)
    assert (ip.label, ip.count) == ("ip", 3)
    assert (ip.precision, ip.recall) == (1.0, pytest.approx(2 / 3))
    assert ip.f1 == pytest.approx(0.8)
    assert (policy.precision, policy.recall) == (0.5, 1.0)
    assert policy.f1 == pytest.approx(2 / 3)


def test_macro_f1_gives_every_label_the_same_weight() -> None:
    assert macro_f1(PAIRS) == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_label_that_is_only_ever_said_counts_against_macro_f1() -> None:
    assert macro_f1([("ip", "ip"), ("ip", "brand")]) == pytest.approx((2 / 3 + 0) / 2)


def test_no_answer_is_a_mistake_of_no_label() -> None:
    assert [score.label for score in label_scores([("ip", None)])] == ["ip"]
    assert confusion([("ip", None), ("ip", "ip")]) == {"ip": {"": 1, "ip": 1}}


def test_confusion_counts_what_was_said_for_each_right_label() -> None:
    assert confusion(PAIRS) == {"ip": {"ip": 2, "policy": 1}, "policy": {"policy": 1}}


def test_calibration_error_weighs_each_bin_by_its_predictions() -> None:
    # 0.9 twice, once right: off by 0.4; 0.25 twice, never right: off by 0.25.
    bets = [(0.9, True), (0.9, False), (0.25, False), (0.25, False)]
    assert expected_calibration_error(bets) == pytest.approx((2 * 0.4 + 2 * 0.25) / 4)


def test_confidence_of_one_belongs_to_the_last_bin() -> None:
    (only,) = reliability([(1.0, True), (0.95, True)])
    assert (only.low, only.high, only.count) == (0.9, 1.0, 2)


def test_ranks_count_from_one_and_what_was_not_found_counts_nothing() -> None:
    ranks = [1, 2, None, 4]
    assert recall_at(ranks, 1) == 0.25
    assert recall_at(ranks, 3) == 0.5
    assert reciprocal_ranks(ranks) == pytest.approx((1 + 1 / 2 + 0 + 1 / 4) / 4)


def test_percentile_is_a_time_that_was_measured() -> None:
    assert percentile([0.4, 0.1, 0.3, 0.2], 0.5) == 0.2
    assert percentile([0.4, 0.1, 0.3, 0.2], 0.95) == 0.4


def test_nothing_measured_is_none_and_not_zero() -> None:
    assert share([]) is None
    assert macro_f1([]) is None
    assert expected_calibration_error([]) is None
    assert percentile([], 0.5) is None
