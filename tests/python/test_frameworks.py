"""Applications of other people's frameworks answer under pelton as under uvicorn (ASGI) and gunicorn (WSGI).

Each runs in an environment of its own, build/frameworks, that is made when it is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import engines

from frameworks.asked import CONVERSATIONS, REQUESTS, Answer, answers, transcript
from frameworks.deviations import difference, heard_alike
from frameworks.environments import environment
from frameworks.servers import Sample, other_server, pelton_server

SAMPLES = [
    Sample("blacksheep", "blacksheep_sample:app"),
    Sample("django", "django_sample:asgi", has_websockets=False),
    Sample("django", "django_sample:wsgi", "wsgi", has_websockets=False),
    Sample("falcon", "falcon_asgi_sample:app"),
    Sample("falcon", "falcon_wsgi_sample:app", "wsgi", has_websockets=False),
    Sample("fastapi", "fastapi_sample:app"),
    Sample("flask", "flask_sample:app", "wsgi", has_websockets=False),
    Sample("litestar", "litestar_sample:app"),
    Sample("quart", "quart_sample:app"),
    Sample("sanic", "sanic_sample:app"),
    Sample("starlette", "starlette_sample:app"),
]


class Asked(NamedTuple):
    sample: Sample
    python: Path
    answers: list[Answer]
    transcripts: list[list[tuple[str, object]]]


def _talk(port: int, sample: Sample) -> list[list[tuple[str, object]]]:
    return [transcript(port, one) for one in CONVERSATIONS] if sample.has_websockets else []


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda sample: sample.target)
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """A sample, and what it answers under the other server."""
    sample: Sample = request.param
    python = environment(sample.name)
    with other_server(python, sample) as server:
        yield Asked(sample, python, answers(server.port, REQUESTS), _talk(server.port, sample))


@pytest.mark.parametrize("engine", engines())
def test_a_sample_answers_as_under_the_other_server(asked: Asked, engine: str) -> None:
    with pelton_server(asked.python, asked.sample, engine) as server:
        ours = answers(server.port, REQUESTS)
        heard = _talk(server.port, asked.sample)
        lines = [line for line in server.said if "engine" in line]
    assert f"engine {engine}" in lines[0]
    unlike = [
        f"{request}\n  other  {_shown(theirs)}\n  pelton {_shown(one)}"
        for request, theirs, one in zip(REQUESTS, asked.answers, ours, strict=True)
        if difference(asked.sample.interface, request, theirs, one) is None
    ]
    unlike += [
        f"{conversation}\n  other  {_shown(theirs)}\n  pelton {_shown(one)}"
        for conversation, theirs, one in zip(CONVERSATIONS, asked.transcripts, heard, strict=False)
        if not heard_alike(theirs, one)
    ]
    assert len(heard) == len(asked.transcripts)
    if unlike:
        pytest.fail("\n".join([f"{len(unlike)} of these:", *unlike]), pytrace=False)


def _shown(found: object) -> str:
    return str(found)[:600]


WHOLE = Answer(200, "OK", [("content-length", "2"), ("date", "now"), ("x-a", "b")], b"ok")


@pytest.mark.parametrize(
    "other",
    [
        WHOLE._replace(status=404),
        WHOLE._replace(body=b"no"),
        WHOLE._replace(is_whole=False),
        WHOLE._replace(fields=[("content-length", "2")]),
        WHOLE._replace(fields=[*WHOLE.fields, ("x-a", "b")]),
        WHOLE._replace(fields=[("content-length", "3"), ("x-a", "b")]),
        WHOLE._replace(status=400, body=b'{"reason":"field_name"}'),
        WHOLE._replace(status=500),
    ],
)
def test_what_has_no_name_is_a_difference(other: Answer) -> None:
    assert difference("asgi", REQUESTS[0], WHOLE, other) is None
    assert difference("asgi", REQUESTS[0], WHOLE, WHOLE._replace(reason="Fine", fields=WHOLE.fields[::2])) == ""
    assert difference("wsgi", REQUESTS[0], WHOLE, other._replace(reason="Fine")) is None
