"""RFC 6455 as a client of ours speaks it, checked with the examples of its section 5.7."""

from __future__ import annotations

import random

import pytest
from websocket_peer import plain

from pelton.hosting.client_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    FrameError,
    FrameReader,
    MessageReader,
    masked,
    masked_frame,
)


def test_the_examples_of_the_standard() -> None:
    assert masked_frame(TEXT, b"Hello", mask=b"\x37\xfa\x21\x3d") == b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert masked_frame(PONG, b"Hello", mask=b"\x37\xfa\x21\x3d") == b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert FrameReader().feed(b"\x81\x05Hello\x89\x05Hello") == [Frame(TEXT, b"Hello"), Frame(PING, b"Hello")]
    assert MessageReader().feed(b"\x01\x03Hel\x80\x02lo") == [Frame(TEXT, b"Hello")]
    assert FrameReader().feed(b"\x82\x7e\x01\x00" + b"a" * 256) == [Frame(BINARY, b"a" * 256)]
    assert FrameReader().feed(b"\x82\x7f" + (65536).to_bytes(8, "big") + b"a" * 65536) == [Frame(BINARY, b"a" * 65536)]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 65535, 65536, 100_000])
def test_sizes(size: int) -> None:
    payload, mask = random.Random(size).randbytes(size), b"\1\2\3\4"
    frame = masked_frame(BINARY, payload, mask=mask)
    assert frame[0] == 0x82 and frame[1] & 0x80 and frame.endswith(mask + masked(payload, mask))
    assert masked(masked(payload, mask), mask) == payload
    assert masked(payload, mask) == bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
    assert FrameReader().feed(plain(BINARY, payload)) == [Frame(BINARY, payload)]


def test_each_frame_has_a_mask_of_its_own() -> None:
    assert len({masked_frame(TEXT, b"a")[2:6] for _ in range(8)}) > 1


def test_every_cut() -> None:
    data = plain(TEXT, b"one") + plain(PING, b"") + plain(BINARY, b"x" * 200) + plain(CLOSE, b"\x03\xe8")
    whole = [Frame(TEXT, b"one"), Frame(PING, b""), Frame(BINARY, b"x" * 200), Frame(CLOSE, b"\x03\xe8")]
    for cut in range(len(data) + 1):
        reader = MessageReader()
        assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == whole
    reader = MessageReader()
    assert [frame for octet in data for frame in reader.feed(bytes((octet,)))] == whole


def test_a_message_in_pieces_with_a_ping_between() -> None:
    pieces = (
        plain(TEXT, b"a", is_final=False)
        + plain(PING, b"p")
        + plain(CONTINUATION, b"b", is_final=False)
        + plain(CONTINUATION, b"")
        + plain(BINARY, b"c")
    )
    assert MessageReader().feed(pieces) == [Frame(PING, b"p"), Frame(TEXT, b"ab"), Frame(BINARY, b"c")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (masked_frame(TEXT, b"a"), "masked"),
        (b"\xc1\x00", "reserved bits"),
        (b"\x83\x00", "unknown opcode 3"),
        (b"\x09\x00", "in pieces"),
        (b"\x89\x7e\x00\x7e", "longer than 125"),
        (b"\x82\x7e\x00\x7d", "length of 125 in 2 octets"),
        (b"\x82\x7f" + (65535).to_bytes(8, "big"), "length of 65535 in 8 octets"),
        (b"\x82\x7f" + (2**63).to_bytes(8, "big"), "in 8 octets"),
        (b"\x80\x00", "belongs to none"),
        (b"\x01\x00\x81\x00", "begins inside another"),
    ],
)
def test_what_no_server_may_send(data: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        MessageReader().feed(data)
