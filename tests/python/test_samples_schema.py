"""schemathesis, with all its checks, finds in the shop what FastAPI has too, and nothing else.

PELTON_SCHEMA_EXAMPLES says how many examples each operation gets (4 unless told); from 20 on each engine is asked
everything, and requests are chained too.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from conftest import engines
from pelton.testing import live_server
from samples.exchange import uvicorn_server
from samples.findings import Run, reason
from samples.kits import fastapi_kit, pelton_kit
from samples.shop import shop
from samples.traffic import ROUTES

ENGINES = engines()
EXAMPLES = int(os.environ.pop("PELTON_SCHEMA_EXAMPLES", "4"))
LONG_FROM = 20
LONG = ("examples", "coverage", "fuzzing", "stateful")
# Each engine its own half.
SHORT = (("coverage",), ("fuzzing",))


@pytest.fixture(scope="module")
def fastapi_port() -> Iterator[int]:
    with uvicorn_server(shop(fastapi_kit())) as port:
        yield port


def test_nothing_violates_the_document(
    serve: Callable[..., live_server],
    engine: str,
    fastapi_port: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # schemathesis keeps notes where it runs
    caplog.set_level(logging.CRITICAL, "pelton.error")  # the shop fails as it is told to
    app = shop(pelton_kit())
    app.enable_openapi()
    validate(app.openapi())
    phases = LONG if EXAMPLES >= LONG_FROM else SHORT[ENGINES.index(engine) % len(SHORT)]
    run = Run(serve(app).url + "/openapi.json", EXAMPLES, phases)
    reasons: Counter[str] = Counter()
    unexplained = []
    for finding in run.findings():
        why = reason(finding, fastapi_port)
        reasons[why or "unexplained"] += 1
        if why is None:
            unexplained.append(f"{finding.operation}: {finding.check}: {finding.text}\n  {finding.sent}\n  {finding.answer}")
    print(run.cases, "cases;", dict(reasons))
    assert not run.errors, run.errors[:3]
    if unexplained:
        pytest.fail("\n".join([f"{len(unexplained)} of these:", *unexplained[:5]]), pytrace=False)
    assert len({operation for operation, _ in run.answered}) == len(ROUTES)
    assert {status for _, status in run.answered} >= {200, 201, 422}
    # Not every one is met with what it takes by so few.
    assert len({operation for operation, status in run.answered if status < 300}) > len(ROUTES) / 2
    assert run.cases > (1000 if "coverage" in phases else 100)
