"""Reading the body of a turn."""

from __future__ import annotations

import json

import pytest

from bot.components.turn_request import BadRequest, read_turn_request


def raw(**fields: object) -> bytes:
    return json.dumps({"conversation_id": "c.1", "text": "你好", **fields}).encode()


def test_good_body_is_read() -> None:
    read = read_turn_request(
        raw(text=" 你好 ", metadata={"turn_id": "t", "vectors": {"one": "AAA="}})
    )

    assert (read.conversation_id, read.text, read.payload) == ("c.1", "你好", None)
    assert read.metadata == {"turn_id": "t"}
    assert read.packed_vectors == {"one": "AAA="}


def test_payload_needs_no_text() -> None:
    read = read_turn_request(raw(text="", payload='/inform{"phone": "1"}'))

    assert (read.text, read.payload) == ("", '/inform{"phone": "1"}')


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        read_turn_request(body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conversation_id", None),
        ("conversation_id", ""),
        ("conversation_id", "  "),
        ("conversation_id", 7),
        ("conversation_id", "c" * 256),
        ("text", None),
        ("text", " \n "),
        ("text", ["你好"]),
        ("text", "长" * 20_001),
        ("text", "\ud800"),
        ("payload", 5),
        ("payload", ""),
        ("payload", "restart"),
        ("payload", "/a b"),
        ("payload", "/inform{1}"),
        ("metadata", "x"),
        ("metadata", {"vectors": "x"}),
        ("metadata", {"vectors": {"one": [1.0]}}),
        ("sender", "c.1"),
    ],
)
def test_wrong_field_is_refused_and_named(field: str, value: object) -> None:
    with pytest.raises(BadRequest, match=field) as refused:
        read_turn_request(raw(**{field: value}))

    assert refused.value.status == 422
