"""Whatever is queued, in pieces of any size and number, leaves in order and whole."""

from __future__ import annotations

import random
import socket

import pytest
from transports import KINDS, Recorder, pair, turns

import pelton.loop


@pytest.mark.parametrize("seed", range(6))
def test_many_pieces_to_a_slow_reader(loop: pelton.loop.Loop, seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = pair(KINDS[seed % 2])
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    protocol = Recorder()
    transport = loop._make_socket_transport(ours, protocol)
    turns(loop)
    sent = bytearray()
    got = bytearray()

    def take() -> None:
        try:
            got.extend(theirs.recv(chance.choice((1, 100, 5000, 200_000))))
        except BlockingIOError:
            turns(loop, 1)

    for _ in range(400):
        pieces = [chance.randbytes(chance.choice((0, 1, 10, 3000))) for _ in range(chance.randrange(90))]
        sent += b"".join(pieces)
        if chance.randrange(2):
            transport.writelines(pieces)
        else:
            for piece in pieces:
                transport.write(piece)
        take()
        assert transport.get_write_buffer_size() == sum(map(len, transport._buffer))
    while len(got) < len(sent):
        take()
    assert got == sent, seed
    turns(loop, 1)
    assert transport.get_write_buffer_size() == 0 and transport._buffer == ()
    assert [each[0] for each in protocol.seen][1:3] == ["pause", "resume"]
    transport.close()
    turns(loop)
    theirs.close()
