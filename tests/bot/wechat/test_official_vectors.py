"""Figures that Tencent publishes with its documents and demos: signatures, ciphers and their texts.

They catch what a peer of ours cannot: a mistake that both make.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bot.wechat.crypto import (
    KeyPair,
    Refused,
    Signed,
    aes_key,
    check_query,
    encrypt,
    open_envelope,
    signature,
)

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("official_vectors.json").read_text("utf-8")
)


def of(*kinds: str) -> Any:
    found = [each for each in VECTORS if each["kind"] in kinds]
    assert found
    return pytest.mark.parametrize("vector", found, ids=lambda vector: vector["name"])


def pair(vector: dict[str, Any]) -> KeyPair:
    return KeyPair(vector["token"], aes_key(vector["encoding_aes_key"]))


def signed(vector: dict[str, Any]) -> Signed:
    return Signed(vector["timestamp"], vector["nonce"])


@of("signature")
def test_query_is_signed(vector: dict[str, Any]) -> None:
    known = KeyPair(vector["token"], None)
    assert check_query([known], vector["signature"], signed(vector)) == known
    with pytest.raises(Refused):
        check_query([KeyPair("Other", None)], vector["signature"], signed(vector))


@of("decrypt")
def test_envelope_is_opened(vector: dict[str, Any]) -> None:
    def opened(known: KeyPair, receive_id: str) -> bytes:
        given = vector["msg_signature"]
        found = open_envelope([known], given, signed(vector), vector["encrypt"], receive_id)
        return found.message

    plain = opened(pair(vector), vector["appid"])
    assert hashlib.sha256(plain).hexdigest() == vector["plain_sha256"]
    with pytest.raises(Refused):
        opened(pair(vector), "wx0000000000000000")
    with pytest.raises(Refused):
        opened(KeyPair(vector["token"], b"\1" * 32), vector["appid"])


@of("encrypt")
def test_reply_is_sealed_to_the_byte(vector: dict[str, Any]) -> None:
    random, plain = vector["random"].encode(), vector["plain"].encode()
    sealed = encrypt(aes_key(vector["encoding_aes_key"]), plain, vector["appid"], random)
    assert sealed == vector["expected_encrypt"]
    made = signature(vector["token"], vector["timestamp"], vector["nonce"], sealed)
    assert made == vector["expected_msg_signature"]
