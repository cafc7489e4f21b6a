"""Trains the Rasa model when there is none or when what it learns from has changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.errors import StartFailed
from bot.processes.children import LOGS, die_with_us, inherited_environment
from bot.settings import ROOT, VAR

MODELS = ROOT / "models"
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"

# What a model depends on. FAQ entries are searched, not learned: editing them costs no training.
_SOURCES = (
    "config.yml",
    "domain.yml",
    "data/**/*.yml",
    "bot/components/*.py",
    "knowledge/*.py",
    "knowledge/dictionary/*",
    "knowledge/resources/*.csv",
    "requirements/rasa.txt",
)

# Rasa's training cache does not see a change in knowledge/, which our components call: off.
RASA_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "RASA_MAX_CACHE_SIZE": "0",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
}


def fingerprint(root: Path = ROOT) -> str:
    """A short digest of everything a model is made from."""
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                digest.update(f"{path.relative_to(root)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def current_model() -> Path:
    """Where the model for the present sources is, or would be."""
    return MODELS / f"assistant-{fingerprint()}.tar.gz"


def ensure_model(
    *, force: bool = False, progress: Callable[[float], None] = lambda seconds: None
) -> Path:
    """Train unless the model for the present sources is there.

    Args:
        force: Train even so.
        progress: Called about once a second with the seconds passed, while training.

    Returns:
        The model.

    Raises:
        StartFailed: The sources cannot be trained; the last model is still there.
    """
    MODELS.mkdir(exist_ok=True)
    with _one_at_a_time():
        model = current_model()
        if force or not model.is_file():
            _train(model, progress)
            for older in MODELS.glob("assistant-*.tar.gz"):
                if older != model:
                    older.unlink()
    return model


def _train(model: Path, progress: Callable[[float], None]) -> None:
    log = LOGS / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # Trained beside and moved into place, so that a model by that name is always a whole one.
    folder = VAR / "training"
    command = [str(RASA_PYTHON), "-m", "rasa", "train", "--force"]
    command += ["--out", str(folder), "--fixed-model-name", model.name.removesuffix(".tar.gz")]
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited_environment(), **RASA_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_us(),
        )
        with _killed_on_error(process):
            while process.poll() is None:
                progress(time.monotonic() - started)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
    trained = folder / model.name
    if process.returncode or not trained.is_file():
        tail = "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise StartFailed(f"模型训练失败，完整日志见 {log.relative_to(ROOT)}：\n{tail}")
    trained.replace(model)


@contextlib.contextmanager
def _killed_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.kill()
        process.wait()
        raise


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (MODELS / "training.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
