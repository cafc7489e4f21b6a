"""Trains the model if its sources changed: `python -m bot.components.train`.

Does what `rasa train --force` does, without TensorFlow and without Rasa's
training cache, which misses changes in helper modules and dictionaries. The
same sources always give a model that answers the same.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

from bot.components import sources
from bot.components.start_up import prepare_process, quiet_logs


def main() -> None:
    options = _options()
    root = Path.cwd()
    if sources.model_is_current(root) and not options.force:
        _say("The model is up to date.")
        return
    if options.check:
        _say("The model is missing or older than its sources.")
        sys.exit(1)
    started = time.monotonic()
    train(root)
    _say(f"Trained in {time.monotonic() - started:.0f} s: {sources.model_path(root)}")


def train(root: Path) -> None:
    """Train and put the model and its fingerprint in place.

    A training that fails or is killed leaves the earlier model as it was.

    Raises:
        SystemExit: Rasa found the training data wanting; it has said why.
    """
    # Taken first: a source that changes meanwhile makes the model out of date.
    fingerprint = sources.training_fingerprint(root)
    prepare_process()
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"  # noqa: TID251 - no other switch
    quiet_logs(logging.WARNING)

    # Entities are annotated in the data and found by rule: nothing learns them.
    warnings.filterwarnings("ignore", message=".*does not include an entity extractor")

    from rasa.model_training import train as train_with_rasa

    target = sources.model_path(root)
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as folder:
        result = train_with_rasa(
            domain=str(root / "domain.yml"),
            config=str(root / "config.yml"),
            training_files=[str(root / "data")],
            output=folder,
            force_training=True,
            fixed_model_name="assistant",
        )
        if result.model is None:
            sys.exit(result.code or 1)
        os.replace(result.model, target)
    sources.fingerprint_path(root).write_text(fingerprint + "\n", "utf-8")


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.components.train")
    parser.add_argument("--force", action="store_true", help="train even if nothing changed")
    parser.add_argument("--check", action="store_true", help="only say whether it is needed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
