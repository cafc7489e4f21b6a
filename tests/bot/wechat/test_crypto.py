"""Signature and encryption against a peer that is not ours, and every way of being wrong."""

from __future__ import annotations

import base64
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.crypto import (
    KeyPair,
    Opened,
    Refused,
    Signed,
    aes_key,
    check_query,
    decrypt,
    encrypt,
    open_envelope,
    signature,
)
from tests.bot.wechat import peer

KEY = aes_key(peer.ENCODING_AES_KEY)
PAIR = KeyPair(peer.TOKEN, KEY)
SIGNED = Signed("1764000000", "nonce")
OTHER_KEY = "0therKey00000000000000000000000000000000000"


def raw(content: bytes) -> str:
    """Anything encrypted as it is, without the padding that belongs to it."""
    encryptor = Cipher(AES(KEY), CBC(KEY[:16])).encryptor()
    return base64.b64encode(encryptor.update(content) + encryptor.finalize()).decode()


def padded(content: bytes, pad: int | None = None) -> bytes:
    pad = 32 - len(content) % 32 if pad is None else pad
    return content + bytes([pad]) * pad


def content(message: bytes = b"<xml/>", length: int | None = None) -> bytes:
    size = len(message) if length is None else length
    return b"r" * 16 + struct.pack(">I", size) + message + peer.APP_ID.encode()


@given(st.text(max_size=300))
def test_what_the_peer_encrypts_is_read(plain: str) -> None:
    assert decrypt(KEY, peer.sealed(plain), peer.APP_ID) == plain.encode()


@given(st.text(max_size=300))
def test_the_peer_reads_what_we_encrypt(plain: str) -> None:
    assert peer.opened(encrypt(KEY, plain.encode(), peer.APP_ID)) == plain


def test_every_padding_from_1_to_32_is_read() -> None:
    pads = set()
    for size in range(64):
        sealed = peer.sealed("x" * size)
        pads.add(32 - (16 + 4 + size + len(peer.APP_ID)) % 32)
        assert decrypt(KEY, sealed, peer.APP_ID) == b"x" * size
    assert pads == set(range(1, 33))


def test_capitals_sort_before_small_letters() -> None:
    assert signature("b", "A", "a") == peer.sign("b", "A", "a") == signature("a", "b", "A")


@pytest.mark.parametrize(
    ("name", "encrypted"),
    [
        ("empty", ""),
        ("not base64", "%%%"),
        ("not ASCII", "密文"),
        ("not whole blocks", base64.b64encode(b"x" * 40).decode()),
        ("pad of nothing", raw(padded(content())[:-1] + b"\0")),
        ("pad too long", raw(b"x" * 31 + bytes([33]) * 33)),
        ("uneven pad", raw(padded(content())[:-2] + b"\1" + padded(content())[-1:])),
        ("nothing inside", raw(bytes([32]) * 32)),
        ("too short for a length", raw(padded(b"r" * 18))),
        ("length beyond the end", raw(padded(content(length=2**31)))),
        ("meant for another account", peer.sealed("<xml/>", app_id="wx0000000000000000")),
        ("no account at all", raw(padded(b"r" * 16 + struct.pack(">I", 6) + b"<xml/>"))),
        ("another key", peer.sealed("<xml/>", key=OTHER_KEY)),
    ],
)
def test_what_is_wrong_is_refused_in_one_way(name: str, encrypted: str) -> None:
    good = peer.sealed("<xml/>")
    assert decrypt(KEY, good, peer.APP_ID) == b"<xml/>"
    with pytest.raises(Refused):
        decrypt(KEY, encrypted, peer.APP_ID)


@given(st.binary(max_size=200))
def test_no_ciphertext_breaks_the_reader(noise: bytes) -> None:
    with pytest.raises(Refused):
        decrypt(KEY, base64.b64encode(noise).decode(), peer.APP_ID)


def test_signature_over_the_body_is_checked_before_anything_is_opened() -> None:
    sealed = peer.sealed("<xml/>")
    good = peer.sign(peer.TOKEN, SIGNED.timestamp, SIGNED.nonce, sealed)
    assert open_envelope([PAIR], good, SIGNED, sealed, peer.APP_ID).message == b"<xml/>"
    query_only = peer.sign(peer.TOKEN, SIGNED.timestamp, SIGNED.nonce)
    for wrong in (query_only, good[:-1] + "x", "", "签名", "\ud800"):
        with pytest.raises(Refused):
            open_envelope([PAIR], wrong, SIGNED, sealed, peer.APP_ID)


def test_both_pairs_count_while_keys_are_rotated() -> None:
    newer = KeyPair("NewToken", aes_key(OTHER_KEY))
    pairs = [newer, PAIR, KeyPair(newer.token, KEY), KeyPair(PAIR.token, newer.aes_key)]
    for token, key in (
        (peer.TOKEN, peer.ENCODING_AES_KEY),
        ("NewToken", OTHER_KEY),
        ("NewToken", peer.ENCODING_AES_KEY),
    ):
        sealed = peer.sealed("<xml/>", key=key)
        given_ = peer.sign(token, SIGNED.timestamp, SIGNED.nonce, sealed)
        opened = open_envelope(pairs, given_, SIGNED, sealed, peer.APP_ID)
        assert opened == Opened(b"<xml/>", KeyPair(token, aes_key(key)))
    assert check_query(pairs, peer.sign("NewToken", "1764000000", "nonce"), SIGNED).token
    with pytest.raises(Refused):
        check_query(pairs, peer.sign("OldToken", "1764000000", "nonce"), SIGNED)


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "钥" * 43])
def test_a_key_of_another_form_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        aes_key(key)
