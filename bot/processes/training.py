"""Has the Rasa model trained when there is none or when what it learns from has changed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.components.sources import model_is_current, model_path
from bot.errors import StartFailed
from bot.processes.children import LOGS, die_with_us, inherited_environment
from bot.settings import ROOT

RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"


def ensure_model(
    *, force: bool = False, progress: Callable[[float], None] = lambda seconds: None
) -> Path:
    """Train unless the model for the present sources is there.

    Args:
        force: Train even so.
        progress: Called about once a second with the seconds passed, while training; may raise
            to break off.

    Returns:
        The model.

    Raises:
        StartFailed: The sources cannot be trained; the last model is still there.
    """
    model = model_path()
    model.parent.mkdir(exist_ok=True)
    if force or not model_is_current():
        with _one_at_a_time(model.parent / "training.lock"):
            # Somebody else may have trained it while we waited.
            if force or not model_is_current():
                _train(progress)
    return model


def _train(progress: Callable[[float], None]) -> None:
    log = LOGS / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(RASA_PYTHON), "-m", "bot.components.train", "--force"],
            cwd=ROOT,
            # Nothing else runs meanwhile, so the encoder may have every core; the vectors are the
            # same to the last bit.
            env={**inherited_environment(), "OMP_NUM_THREADS": str(os.cpu_count() or 1)},
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
            # Ctrl-C reaches the training too; the caller breaks off here before it looks failed.
            progress(time.monotonic() - started)
    if process.returncode:
        tail = "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise StartFailed(f"模型训练失败，完整日志见 {log.relative_to(ROOT)}：\n{tail}")


@contextlib.contextmanager
def _killed_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # Asked first, so that it takes its half-made model away.
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
