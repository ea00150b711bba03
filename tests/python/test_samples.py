"""The shop answers over pelton as over FastAPI, but for the differences the design names.

PELTON_SAMPLE_REQUESTS says how many requests each route gets (40 unless told), PELTON_SAMPLE_SEED which.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from pelton.testing import live_server
from samples.differences import DIFFERENCES, asked_of_fastapi, difference
from samples.exchange import Answer, answers, uvicorn_server
from samples.kits import fastapi_kit, pelton_kit
from samples.shop import shop
from samples.traffic import ROUTES, Sent, Traffic, requests_to

COUNT = int(os.environ.pop("PELTON_SAMPLE_REQUESTS", "40"))
SEED = int(os.environ.pop("PELTON_SAMPLE_SEED", "1"))

Exchanges = dict[str, list[tuple[Sent, Answer]]]


@pytest.fixture(scope="module")
def fastapi_answers() -> Iterator[Exchanges]:
    """What each route of the shop answers over FastAPI, by uvicorn."""
    with uvicorn_server(shop(fastapi_kit())) as port:
        asked = {traffic.route: list(requests_to(traffic, COUNT, SEED)) for traffic in ROUTES}
        yield {
            route: list(zip(sent, answers(port, map(asked_of_fastapi, sent)), strict=True))
            for route, sent in asked.items()
        }


def test_pelton_answers_as_fastapi_does(
    serve: Callable[..., live_server], fastapi_answers: Exchanges, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "pelton.error")  # the shop fails as it is told to
    server = serve(shop(pelton_kit()))
    assert server.port is not None
    shown: Counter[str] = Counter()
    unexplained = []
    for route, exchanges in fastapi_answers.items():
        ours = answers(server.port, [sent for sent, _ in exchanges])
        for (sent, theirs), one in zip(exchanges, ours, strict=True):
            if theirs != one:
                name = difference(sent, theirs, one)
                shown[name or "unexplained"] += 1
                if name is None:
                    unexplained.append(f"{route}\n  {sent}\n  FastAPI {theirs}\n  pelton   {one}")
    if unexplained:
        pytest.fail("\n".join([f"{len(unexplained)} of these:", *unexplained[:5]]), pytrace=False)
    # A difference that nothing shows is no more one.
    assert COUNT < 500 or {one.name for one in DIFFERENCES} == set(shown)


def test_most_requests_are_answered_alike_and_of_all_kinds(fastapi_answers: Exchanges) -> None:
    statuses = Counter(theirs.status for exchanges in fastapi_answers.values() for _, theirs in exchanges)
    assert sum(count for status, count in statuses.items() if status < 300) > COUNT * len(ROUTES) / 4
    assert {200, 201, 204, 403, 404, 409, 410, 418, 422, 500, 503} <= set(statuses)


def test_the_shop_has_its_routes_and_each_has_traffic() -> None:
    routes = [(method, route.path) for route in shop(pelton_kit()).routes for method in route.methods]
    assert len(routes) == len(ROUTES) >= 25
    assert {method for method, _ in routes} == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_one_seed_gives_one_traffic() -> None:
    traffic: Traffic = ROUTES[4]
    assert list(requests_to(traffic, 5, 3)) == list(requests_to(traffic, 5, 3)) != list(requests_to(traffic, 5, 4))
