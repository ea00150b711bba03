"""Object counts after many requests are those before them: nothing stays behind."""

from __future__ import annotations

import sys
from pathlib import Path

from pelton import _native
from pelton.loop import Loop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from load import objects  # noqa: E402

REQUESTS = 20_000
# A leak of one object in one of the kinds of requests would be a thousand.
NOISE = 10


def test_object_counts_are_flat_over_20_000_requests() -> None:
    loop = Loop("epoll")
    server = _native.MemoryServer(objects.application()._parts.freeze(), config={}, loop=loop)
    connection = server.connect(("10.0.0.1", 4000), ("10.0.0.2", 80))
    server.send(connection, objects.OCTETS)
    assert objects.statuses_in(bytes(server.receive(connection))) == objects.STATUSES

    def serve(requests: int) -> None:
        for _ in range(requests // len(objects.ROUND)):
            server.send(connection, objects.OCTETS)
            server.receive(connection)

    serve(2_000)
    blocks, known = objects.counts()
    serve(REQUESTS)
    blocks_after, known_after = objects.counts()
    assert blocks_after - blocks <= NOISE
    assert known_after - known <= NOISE
