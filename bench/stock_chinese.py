"""The stock Chinese pipeline (jieba, word and character counts, DIET) on our training data."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import httpx
import yaml

from bot.errors import StartFailed
from bot.processes.children import Child, Program, free_port, inherited_environment
from bot.processes.engine import wait_until_ready
from bot.processes.training import RASA_PYTHON
from bot.settings import ROOT, VAR

PROJECT = VAR / "bench" / "stock-chinese"
MODEL = PROJECT / "models" / "nlu.tar.gz"
# What Rasa's documentation starts a Chinese bot with, DIET after it.
PIPELINE = [
    {"name": "JiebaTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def prepare(epochs: int = 100) -> None:
    """Make the project anew: our sentences, their pipeline."""
    diet = {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True}
    shutil.rmtree(PROJECT, ignore_errors=True)
    (PROJECT / "models").mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "nlu", PROJECT / "data")
    shutil.copy(ROOT / "domain.yml", PROJECT)
    config = {"recipe": "default.v1", "language": "zh", "pipeline": [*PIPELINE, diet]}
    (PROJECT / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def train(limit_seconds: float) -> float:
    """Train the understanding alone; the seconds it took.

    Raises:
        StartFailed: It did not work, or took longer than the limit.
    """
    command = [RASA_PYTHON, "-m", "rasa", "train", "nlu", "--nlu", "data", "--out", "models"]
    return timed(
        [*map(str, command), "--fixed-model-name", "nlu"], PROJECT, "stock-chinese", limit_seconds
    )


def timed(command: list[str], folder: Path, name: str, limit_seconds: float) -> float:
    """Run a training to its end; the seconds it took.

    Raises:
        StartFailed: It failed, or took longer than the limit.
    """
    log = VAR / "log" / f"bench-train-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        try:
            code = subprocess.call(
                command,
                cwd=folder,
                env={**inherited_environment(), **QUIET, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=output,
                timeout=limit_seconds,
            )
        except subprocess.TimeoutExpired:
            raise StartFailed(f"{name}: not trained within {limit_seconds:.0f} s") from None
    if code:
        raise StartFailed(f"{' '.join(command)} failed; see {log}")
    return time.monotonic() - started


class StockServer:
    """One stock Rasa server with that model."""

    def __init__(self) -> None:
        """Choose a port; nothing is started yet."""
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        self.child = Child(
            Program(
                name="bench-stock-chinese",
                title="stock",
                command=(
                    *(str(RASA_PYTHON), "-m", "rasa", "run", "--enable-api"),
                    *("--interface", "127.0.0.1", "--port", str(port), "--model", str(MODEL)),
                ),
                environment={**inherited_environment(), **QUIET},
                health_url=f"{self._url}/status",
                folder=PROJECT,
            )
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.child.start()
        wait_until_ready([self.child], limit_seconds=400.0)

    def parse(self, text: str) -> None:
        """Have one message understood."""
        httpx.post(
            f"{self._url}/model/parse", json={"text": text}, timeout=60.0, trust_env=False
        ).raise_for_status()
