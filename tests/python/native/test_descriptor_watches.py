"""Whatever is added and removed in whatever order, exactly those who wait are called."""

from __future__ import annotations

import os
import random
import signal
import socket

import pytest

from pelton.loop import Loop


@pytest.mark.parametrize("engine", ["epoll", "uring"])
@pytest.mark.parametrize("seed", range(10))
def test_random_watches(engine: str, seed: int) -> None:
    chance = random.Random(seed)
    loop = Loop(engine)
    pairs = [socket.socketpair() for _ in range(8)]
    seen: set[tuple[int, str]] = set()
    waits: set[tuple[int, str]] = set()
    full: set[int] = set()

    def turns() -> None:
        seen.clear()
        for _ in range(3):
            loop.call_soon(loop.stop)
            loop.run_forever()

    try:
        turns()
    except OSError as error:
        pytest.skip(str(error))
    for _ in range(60):
        at = chance.randrange(len(pairs))
        side = chance.choice(("reader", "writer"))
        ours, theirs = pairs[at]
        match chance.randrange(5):
            case 0 | 1:
                getattr(loop, f"add_{side}")(ours, seen.add, (at, side))
                waits.add((at, side))
            case 2:
                assert getattr(loop, f"remove_{side}")(ours) == ((at, side) in waits)
                waits.discard((at, side))
            case 3:
                if at not in full:
                    theirs.send(b"x")
                    full.add(at)
                else:
                    ours.recv(1)
                    full.discard(at)
            case 4:  # the same numbers, other sockets
                for other in ("reader", "writer"):
                    getattr(loop, f"remove_{other}")(ours)
                    waits.discard((at, other))
                ours.close()
                theirs.close()
                pairs[at] = socket.socketpair()
                full.discard(at)
        turns()
        ready = {(at, side) for at, side in waits if side == "writer" or at in full}
        assert seen == ready, seed
    loop.close()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("engine", ["epoll", "uring"])
@pytest.mark.parametrize("where", ["before the loop stops", "behind its run"])
def test_a_descriptor_that_is_watched_no_more_is_closed_for_its_peer_at_once(engine: str, where: str) -> None:
    loop = Loop(engine)
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    loop.add_reader(ours, lambda: None)
    loop.call_soon(loop.stop)
    try:
        loop.run_forever()
    except OSError as error:
        pytest.skip(str(error))

    def leave() -> None:
        loop.remove_reader(ours)
        ours.close()

    if where == "behind its run":
        leave()
    else:
        loop.call_soon(leave)
        loop.call_soon(loop.stop)
        loop.run_forever()
    # Nobody turns the loop now.
    assert theirs.recv(1) == b""
    loop.close()
    theirs.close()


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_a_forked_child_may_close_its_parents_loop(engine: str) -> None:
    loop = Loop(engine)
    ours, theirs = socket.socketpair()
    seen: list[bytes] = []
    loop.add_reader(ours, lambda: (seen.append(ours.recv(1)), loop.stop()))
    loop.call_soon(loop.stop)
    try:
        loop.run_forever()
    except OSError as error:
        pytest.skip(str(error))
    loop.add_signal_handler(signal.SIGUSR2, loop.stop)
    loop.call_soon(loop.stop)
    loop.run_forever()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            loop.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    theirs.send(b"x")
    loop.run_forever()
    assert seen == [b"x"]
    loop.close()
    ours.close()
    theirs.close()
