"""The short form of tests/soak/drivers.py: handlers that await PostgreSQL and Redis lose nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import services

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

import drivers  # noqa: E402

REQUESTS = 2000

pytestmark = pytest.mark.skipif(bool(services.missing()), reason=f"not installed: {services.missing()}")


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[services.Service, services.Service]]:
    with services.postgres() as database, services.redis() as store:
        yield database, store


def test_every_answer_is_its_requests_and_no_connection_is_left(
    engine: str, both: tuple[services.Service, services.Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, service in zip(("SOAK_POSTGRES", "SOAK_REDIS"), both, strict=True):
        monkeypatch.setenv(name, service.url)  # and takes it away again
    assert drivers.run(REQUESTS, engine, *both) == []
