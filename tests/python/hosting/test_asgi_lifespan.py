"""The lifespan protocol of ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, hosted

from pelton import StartupError
from pelton.testing import live_server

Serve = Callable[..., live_server]


def with_lifespan(run: Any, seen: list[Any] | None = None) -> Any:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await run(scope, receive, send)
        if seen is not None:
            seen.append(scope["state"])
        await answer(send, b"served")
        return None

    return app


async def whole(scope: Event, receive: Receive, send: Send) -> None:
    assert await receive() == {"type": "lifespan.startup"}
    scope["state"]["shared"] = []
    await send({"type": "lifespan.startup.complete"})
    assert await receive() == {"type": "lifespan.shutdown"}
    await send({"type": "lifespan.shutdown.complete"})


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_a_whole_lifespan_with_state(engine: str, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    seen: list[Any] = []
    events: list[str] = []

    async def run(scope: Event, receive: Receive, send: Send) -> None:
        assert scope == {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        task = asyncio.current_task()
        await whole(scope, receive, send)
        assert asyncio.current_task() is task
        events.append("down")

    app = hosted(with_lifespan(run, seen), lifespan=mode)
    for _ in range(2):
        with live_server(app) as server:
            for _ in range(2):
                assert httpx.get(server.url).text == "served"
        first, second = seen[-2:]
        assert first == {"shared": []} and first is not second and first["shared"] is second["shared"]
    assert events == ["down", "down"] and seen[0]["shared"] is not seen[2]["shared"]


async def _raises(scope: Event, receive: Receive, send: Send) -> None:
    raise AssertionError(scope["type"])


async def _returns(scope: Event, receive: Receive, send: Send) -> None: ...


async def _raises_later(scope: Event, receive: Receive, send: Send) -> None:
    await receive()
    raise KeyError("later")


@pytest.mark.parametrize(("run", "said"), [(_raises, ""), (_returns, ""), (_raises_later, "KeyError: 'later'; it is served without one")])
def test_an_application_without_a_lifespan_is_served_without(
    serve: Serve, run: Any, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert httpx.get(serve(hosted(with_lifespan(run))).url).text == "served"
    assert (said in capfd.readouterr().err) if said else capfd.readouterr().err == ""


@pytest.mark.parametrize("run", [_raises, _returns, _raises_later])
def test_a_lifespan_that_must_be_there(run: Any) -> None:
    with pytest.raises(StartupError, match="ended its lifespan with"), live_server(hosted(with_lifespan(run), lifespan="on")):
        pass


def test_a_lifespan_that_is_off(serve: Serve) -> None:
    called: list[Event] = []

    async def run(scope: Event, receive: Receive, send: Send) -> None:
        called.append(scope)

    assert httpx.get(serve(hosted(with_lifespan(run), lifespan="off")).url).text == "served"
    assert not called


@pytest.mark.parametrize(
    ("message", "line", "trace"),
    [
        ("no database", "no database", ""),
        ("", "no message", ""),
        ("Traceback:\n  File\nValueError: x\n", "ValueError: x", "Traceback:\n  File\nValueError: x\n"),
    ],
)
@pytest.mark.parametrize("raises", [False, True])
def test_a_startup_that_fails_names_the_cause(message: str, line: str, trace: str, raises: bool) -> None:
    async def run(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": message})
        if raises:
            raise KeyError

    with pytest.raises(StartupError) as raised, live_server(hosted(with_lifespan(run))):
        pass
    assert str(raised.value) == f"the application sent lifespan.startup.failed: {line}"
    assert raised.value.trace == trace


def test_a_shutdown_that_fails_is_raised() -> None:
    async def failing(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "still busy"})

    async def raising(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise KeyError("gone")

    for run, error, says in ((failing, RuntimeError, "still busy"), (raising, KeyError, "gone")):
        with pytest.raises(error, match=says), live_server(hosted(with_lifespan(run))) as server:
            assert httpx.get(server.url).text == "served"


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (["lifespan.shutdown.complete"], "no answer to lifespan.startup"),
        (["http.response.start"], "no answer to lifespan.startup"),
        (["lifespan.startup.complete", "lifespan.startup.complete"], "although the startup was over"),
    ],
)
def test_events_out_of_order_raise_where_they_are_sent(serve: Serve, events: list[str], says: str) -> None:
    raised: list[str] = []

    async def run(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        try:
            for event in events:
                await send({"type": event})
        except RuntimeError as error:
            raised.append(str(error))

    assert httpx.get(serve(hosted(with_lifespan(run))).url).text == "served"
    assert len(raised) == 1 and says in raised[0]
