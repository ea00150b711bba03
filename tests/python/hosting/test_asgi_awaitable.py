"""What receive() and send() of an ASGI application return: awaitables that pass for coroutines."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, body_of, hosted, over_http
from wire import SILENCE_S, Peer

from pelton.testing import live_server

Serve = Callable[..., live_server]
START: Event = {"type": "http.response.start", "status": 200}


def outcome_of(serve: Serve, run: Callable[[Receive, Send], Any], **options: Any) -> Any:
    """What `run` returned, or raised, in a request; the client got its answer."""
    outcome: list[Any] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        try:
            outcome.append(await run(receive, send))
        except Exception as error:  # noqa: BLE001
            outcome.append(error)
        await answer(send, b"done")

    assert httpx.post(serve(hosted(over_http(handle))).url, **options).text == "done"
    return outcome[0]


def test_tasks_are_made_of_them(serve: Serve) -> None:
    async def run(receive: Receive, send: Send) -> Any:
        assert inspect.isawaitable(receive()) and asyncio.iscoroutine(receive())
        first = await asyncio.create_task(receive())  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.001)
        return first

    assert outcome_of(serve, run, content=b"ab") == {"type": "http.request", "body": b"ab", "more_body": False}


def test_tasks_send(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await asyncio.create_task(send(START))  # type: ignore[arg-type]
        await asyncio.create_task(send({"type": "http.response.body", "body": b"a", "more_body": True}))  # type: ignore[arg-type]
        await asyncio.wait_for(send({"type": "http.response.body", "body": b"b"}), SILENCE_S)

    assert httpx.get(serve(hosted(over_http(handle))).url).text == "ab"


def test_no_task_or_future_is_made_for_a_request_that_does_not_wait(serve: Serve) -> None:
    tasks: list[int] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        await answer(send, b"x")
        # all_tasks() would make one, for whoever asks which it is in.
        tasks.append(sum(isinstance(one, asyncio.Future) for one in gc.get_objects()))

    server = serve(hosted(over_http(handle), lifespan="off"))
    with httpx.Client(base_url=server.url) as client:
        assert [client.get("/").text for _ in range(3)] == ["x"] * 3
    assert tasks == [tasks[0]] * 3 and not any(tasks)


def test_a_receive_that_is_cancelled_loses_no_event(serve: Serve) -> None:
    events: list[Event] = []
    waiting, taken = threading.Event(), threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        for _ in range(3):
            given_up = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
        waiting.set()
        receive()  # not awaited: takes nothing
        events.append(await receive())
        taken.set()
        await answer(send, b"x")

    with Peer(serve(hosted(over_http(handle))).port or 0) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n")
        assert waiting.wait(SILENCE_S)
        peer.send(b"ab")
        assert taken.wait(SILENCE_S) and peer.one().body == b"x"
    assert events == [{"type": "http.request", "body": b"ab", "more_body": False}]


def test_one_receive_may_be_cancelled_while_another_waits(serve: Serve) -> None:
    seen: list[str] = []
    begun, ended = threading.Event(), threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()

        async def listen() -> None:
            seen.append((await receive())["type"])

        listener = asyncio.create_task(listen())
        for _ in range(100):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(receive(), 0.0001)
        begun.set()
        await listener
        ended.set()

    with Peer(serve(hosted(over_http(handle))).port or 0) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert begun.wait(SILENCE_S)
        peer.reset()
        assert ended.wait(SILENCE_S)
    assert seen == ["http.disconnect"]


def test_all_who_wait_hear_that_the_answer_is_complete(serve: Serve) -> None:
    seen: list[list[Event]] = []
    ended = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        waiting = [asyncio.ensure_future(receive()) for _ in range(3)]
        await asyncio.sleep(0)
        await answer(send, b"x")
        seen.append(await asyncio.gather(*waiting))
        ended.set()

    assert httpx.get(serve(hosted(over_http(handle))).url).text == "x"
    assert ended.wait(SILENCE_S) and seen == [[{"type": "http.disconnect"}] * 3]


def test_an_awaitable_is_awaited_once(serve: Serve) -> None:
    async def run(receive: Receive, send: Send) -> Any:
        once = receive()
        await once
        await once

    error = outcome_of(serve, run)
    assert isinstance(error, RuntimeError) and "already awaited" in str(error)


def test_as_a_generator_would(serve: Serve) -> None:
    async def run(receive: Receive, send: Send) -> Any:
        first: Any = receive()
        with pytest.raises(StopIteration) as stopped:
            first.send(None)
        second: Any = receive()
        with pytest.raises(KeyError):
            second.throw(KeyError("thrown"))
        with pytest.raises(RuntimeError):
            second.send(None)
        third: Any = receive()
        third.close()
        with pytest.raises(RuntimeError):
            third.send(None)
        fourth: Any = receive()
        waited_for = fourth.send(None)  # for what comes after the body
        assert asyncio.isfuture(waited_for)
        fourth.close()
        return stopped.value.value

    assert outcome_of(serve, run)["type"] == "http.request"


def test_a_body_in_many_events(serve: Serve) -> None:
    async def run(receive: Receive, send: Send) -> Any:
        return await body_of(receive)

    body = b"0123456789" * 30000
    assert outcome_of(serve, run, content=iter([body[:7], body[7:]])) == body
