"""Whatever is added and removed in whatever order, exactly those who wait are called."""

from __future__ import annotations

import random
import socket

import pytest

from noria.loop import Loop


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
