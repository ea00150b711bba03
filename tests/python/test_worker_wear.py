"""Workers that have served long enough are replaced, one at a time, and no client notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sites import Site, wait_until_gone

WORKERS = pytest.mark.parametrize("workers", [1, 2])
LEAKS = """
held = []

@app.get("/leak")
def leak():
    held.append(b"x" * 2**20)
    return Response("old", media_type="text/plain")
"""


@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path, engine, stack)
        made.write("old")
        yield made


@WORKERS
@pytest.mark.parametrize("names", [("limit-max-requests", "limit-max-requests-jitter"), ("max-requests", "max-requests-jitter")])
def test_limit_max_requests_replaces_workers_and_no_client_notices(site: Site, workers: int, names: tuple[str, str]) -> None:
    limit, jitter = names
    running = site.start(workers, f"--{limit}", "200", f"--{jitter}", "50")
    before = list(running.workers)
    with site.clients() as clients:
        for pid in before:
            running.say_until(r"^pelton: worker \d \(pid \d+\) is replaced after \d{3,} requests$")
            running.ready()
        wait_until_gone(before)
        clients.wait_for(lambda body: body == b"old")
    assert clients.faults == []
    assert running.stop() == 0


@pytest.mark.parametrize("name", ["limit-rss", "max-worker-memory"])
def test_limit_rss_replaces_a_worker_that_holds_more(site: Site, name: str) -> None:
    site.write("old", LEAKS)
    running = site.start(1, f"--{name}", "80MiB")
    (before,) = running.workers
    with site.clients("/leak") as clients:
        running.say_until(rf"^pelton: worker 0 \(pid {before}\) is replaced after \d+ MiB of memory$")
        running.ready()
        wait_until_gone([before])
        clients.wait_for(lambda body: body == b"old")
    assert clients.faults == []
    assert running.stop() == 0


def test_worker_lifetime_replaces_a_worker_that_does_nothing(site: Site) -> None:
    running = site.start(1, PELTON_WORKER_LIFETIME="1")
    for _ in range(2):
        running.say_until(r"^pelton: worker 0 \(pid \d+\) is replaced after \d+ s of service$")
        running.ready()
    assert running.stop() == 0


def test_one_that_cannot_be_replaced_goes_on(site: Site) -> None:
    running = site.start(1, "--worker-lifetime", "1")
    with site.clients() as clients:
        site.write("new", "raise ValueError('broken')\n")
        running.say_until(r"^pelton: the worker goes on, as none can replace it: cannot start: .*ValueError: broken")
        clients.wait_for(lambda body: body == b"old")
        site.write("newer")
        running.say_until("is replaced after")
        running.ready()
        clients.wait_for(lambda body: body == b"newer")
    assert clients.faults == []
    assert running.stop() == 0
