"""Section 13: the test client of tests that are coroutines, on every loop there is."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest

from loops import LOOPS, on, run_on  # noqa: F401
from pelton import App, BackgroundTasks, Request, Response, SseEvent, WebSocket
from pelton.errors import WebSocketDisconnect
from pelton.testing import TestClient, WebSocketRefused, live_server
from pelton.testing.async_client import AsyncTestClient

WHO = contextvars.ContextVar("who", default="nobody")


def test_requests_and_answers(on: str) -> None:
    app = App()

    @app.route("/echo", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def echo(request: Request) -> Any:
        return [request.method, request.query_string, request.headers.get("x-own"), request.cookies, request.text()]

    app.add_route("/in", lambda: Response("", headers={"Set-Cookie": "c=v; Path=/"}))
    app.add_route("/moved", lambda: Response.redirect("/echo?there"))

    async def main() -> None:
        client = AsyncTestClient(app, headers={"X-Own": "1"}, follow_redirects=True)
        for method in ("get", "post", "put", "patch", "delete", "options"):
            assert (await getattr(client, method)("/echo")).json() == [method.upper(), "", "1", {}, ""]
        assert (await client.head("/echo")).content == b""
        await client.get("/in")
        made = await client.post("/echo", params={"a": 1}, json={"n": 1}, headers={"X-Own": "2"})
        assert made.json() == ["POST", "a=1", "2", {"c": "v"}, '{"n":1}'] and made.is_success
        moved = await client.get("/moved")
        assert moved.json()[1] == "there" and [one.status_code for one in moved.history] == [302]
        assert (await client.request("GET", "/nowhere")).status_code == 404
        raw = await client.raw(b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n" * 2, chunks=[5, 1, 20])
        assert raw.count(b"HTTP/1.1 200 OK") == 2

    run_on(on, main())


def test_what_handlers_see(on: str) -> None:
    app, loops = App(), []

    @app.get("/async/{name}")
    async def asynchronous(name: str) -> Any:
        loops.append(asyncio.get_running_loop())
        before, _ = WHO.get(), WHO.set(name)
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            parts = [group.create_task(asyncio.sleep(0, i)) for i in range(3)]
        task = asyncio.current_task()
        return [before, isinstance(task, asyncio.Task) and task is not mine[0], [part.result() for part in parts]]

    @app.get("/sync/{name}")
    def synchronous(name: str) -> Any:
        loops.append(asyncio.get_running_loop())
        before, _ = WHO.get(), WHO.set(name)
        return [before, asyncio.current_task() is None]

    app.add_route("/pool", lambda: [WHO.get(), threading.current_thread() is threading.main_thread()], blocking=True)
    mine: list[Any] = []

    async def main() -> None:
        mine.append(asyncio.current_task())
        client = AsyncTestClient(app)
        for _ in range(2):
            assert (await client.get("/async/a")).json() == ["nobody", True, [0, 1, 2]]
            assert (await client.get("/sync/b")).json() == ["nobody", True]
        WHO.set("tester")
        assert (await client.get("/async/a")).json()[0] == (await client.get("/sync/b")).json()[0] == "tester"
        assert (await client.get("/pool")).json() == ["tester", False] and WHO.get() == "tester"
        assert set(loops) == {asyncio.get_running_loop()}

    run_on(on, main())


def test_time_limits(on: str) -> None:
    app, ended = App(), []

    @app.get("/limited", timeout=0.01)
    async def limited() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("limited")

    @app.get("/silent", cancel_on_disconnect=True)
    async def silent() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("silent")
            over.set()

    began, over = asyncio.Event(), asyncio.Event()

    async def main() -> None:
        client = AsyncTestClient(app)
        assert (await client.get("/limited")).status_code == 504 and ended == ["limited"]
        with pytest.raises(TimeoutError, match="no answer within 0.01 s from .*test_async_client.py"):
            await client.get("/silent", timeout=0.01)
        await over.wait()
        began.clear()
        over.clear()
        request = asyncio.ensure_future(client.get("/silent"))
        await began.wait()
        request.cancel()  # as if the client left
        await over.wait()
        assert request.cancelled() and ended == ["limited", "silent", "silent"]

    run_on(on, main())


def test_streams_are_read_while_they_come(on: str) -> None:
    app, closed, more = App(), [], asyncio.Event()

    @app.get("/events")
    async def events(request: Request) -> AsyncIterator[SseEvent]:
        try:
            for number in count(int(request.last_event_id or 0)):  # without an end, so that it is left in the middle
                yield SseEvent({"n": number}, id=str(number))
                await more.wait()
        finally:
            await asyncio.sleep(0)
            closed.append(number)

    @app.get("/lines")
    def lines() -> Iterator[Any]:
        yield {"n": 1}
        yield {"n": 2}

    async def main() -> None:
        client = AsyncTestClient(app)
        async with client.stream("GET", "/events", headers={"Last-Event-ID": "5"}) as response:
            assert response.status_code == 200 and response.content == b""
            found = response.aiter_sse()
            assert (await anext(found)).json() == {"n": 5}
            more.set()
            assert [(await anext(found)).id for _ in range(3)] == ["6", "7", "8"] and not closed
        assert len(closed) == 1 and closed[0] >= 8
        async with client.stream("GET", "/lines") as response:
            assert [line async for line in response.aiter_lines()] == ['{"n":1}', '{"n":2}']
        async with client.stream("GET", "/lines") as response:
            assert b"".join([piece async for piece in response.aiter_bytes()]) == b'{"n":1}\n{"n":2}\n'
        async with client.stream("GET", "/lines") as response:
            assert await response.aread() == response.content and response.text.endswith('2}\n')
            await response.aclose()

    run_on(on, main())


def test_bodies_larger_than_any_buffer(on: str) -> None:
    app = App()
    size = 3 << 20

    @app.post("/count", stream_body=True)
    async def count(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.get("/big")
    def big() -> Iterator[bytes]:
        for _ in range(size >> 16):
            yield bytes(1 << 16)

    async def main() -> None:
        client = AsyncTestClient(app)
        assert (await client.post("/count", content=bytes(1 << 20))).json() == 1 << 20
        assert (await client.get("/big")).content == bytes(size)

    run_on(on, main())


def test_background_tasks_are_waited_for(on: str) -> None:
    app, done = App(), []

    @app.get("/{name}")
    async def answer(name: str, background: BackgroundTasks) -> str:
        background.add_task(later, name)
        background.add_task(done.append, name.upper())
        return name

    async def later(name: str) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        done.append(name)

    async def main() -> None:
        client = AsyncTestClient(app)
        assert (await client.get("/a")).json() == "a" and done == ["a", "A"]
        await asyncio.gather(client.get("/b"), client.get("/c"))
        assert sorted(done) == ["A", "B", "C", "a", "b", "c"]

    run_on(on, main())


def test_websockets(on: str) -> None:
    app, seen = App(), []

    @app.websocket("/echo", subprotocols=("chat",))
    async def echo(ws: WebSocket) -> None:
        await ws.accept()
        try:
            async for message in ws:
                await ws.send(message)
        except WebSocketDisconnect as error:
            seen.append(error.code)
        seen.append(ws.close_code)

    @app.websocket("/count")
    async def count(ws: WebSocket) -> None:
        for number in range(3):
            await ws.send_json(number)
        await ws.close(4000, "enough")

    @app.websocket("/refuse")
    async def refuse(ws: WebSocket) -> None:
        return None

    async def main() -> None:
        client = AsyncTestClient(app)
        async with client.websocket_connect("/echo", ("chat",)) as ws:
            assert ws.subprotocol == "chat"
            await ws.send_text("é")
            await ws.send_bytes(b"\0")
            await ws.send_json([1])
            await ws.ping()
            assert [await ws.receive_text(), await ws.receive_bytes(), await ws.receive_json()] == ["é", b"\0", [1]]
        assert seen and seen[-1] == 1000 and ws.close_code == 1000
        async with client.websocket_connect("/count") as ws:
            assert [message async for message in ws] == ["0", "1", "2"]
        assert (ws.close_code, ws.close_reason) == (4000, "enough")
        with pytest.raises(WebSocketRefused) as refused:
            async with client.websocket_connect("/refuse"):
                pass
        assert refused.value.response.status_code == 403

    run_on(on, main())


def test_failures_reach_the_call_that_caused_them(on: str) -> None:
    app, go = App(), asyncio.Event()

    @app.get("/{name}")
    async def fail(name: str) -> str:
        if name == "well":
            go.set()
            return name
        await go.wait()
        raise KeyError(name)

    app.add_route("/sync/fail", lambda: 1 / 0)

    @app.websocket("/ws")
    async def socket(ws: WebSocket) -> None:
        await ws.accept()
        await ws.receive_text()
        raise LookupError("in a socket")

    async def main() -> None:
        client = AsyncTestClient(app)
        failed = asyncio.gather(client.get("/a"), client.get("/b"), client.get("/sync/fail"), return_exceptions=True)
        await asyncio.sleep(0)
        assert (await client.get("/well")).json() == "well"
        one, two, three = await failed
        assert repr(one) == "KeyError('a')" and repr(two) == "KeyError('b')" and isinstance(three, ZeroDivisionError)
        with pytest.raises(LookupError, match="in a socket"):
            async with client.websocket_connect("/ws") as ws:
                await ws.send("x")
                await ws.receive()
        calm = AsyncTestClient(app, raise_server_exceptions=False)
        assert (await calm.get("/a")).status_code == (await calm.get("/sync/fail")).status_code == 500

    run_on(on, main())


def test_calls_overlap(on: str) -> None:
    app, told = App(), asyncio.Queue[str]()

    @app.get("/next")
    async def next_one() -> str:
        return await told.get()

    @app.post("/tell/{what}")
    async def tell(what: str) -> str:
        told.put_nowait(what)
        return (await inner.get("/sync")).json()  # a handler may ask the application that it belongs to

    app.add_route("/sync", lambda: "inner")
    inner = AsyncTestClient(app)

    @app.websocket("/room")
    async def room(ws: WebSocket) -> None:
        await ws.accept()
        ws.subscribe("room")
        async for message in ws:
            app.publish("room", message)

    async def main() -> None:
        client, other = AsyncTestClient(app), AsyncTestClient(app, client=("other", 1))
        waiting = asyncio.gather(client.get("/next"), client.get("/next"), other.get("/next"))
        for what in "abc":
            assert (await client.post(f"/tell/{what}")).json() == "inner"
        assert sorted(one.json() for one in await waiting) == ["a", "b", "c"]
        async with client.websocket_connect("/room") as first, other.websocket_connect("/room") as second:
            await second.send("from second")
            assert await first.receive() == await second.receive() == "from second"

    run_on(on, main())


def test_one_client_on_one_loop_after_another() -> None:
    app = App()

    @app.get("/")
    async def index() -> str:
        await asyncio.sleep(0)
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    client = AsyncTestClient(app)

    async def main() -> str:
        answer: str = (await client.get("/")).json()
        return answer

    assert [run_on(name, main()) for name in LOOPS] == [name.partition("-")[0] for name in LOOPS]
    assert TestClient(app).get("/").json() == "pelton"


def test_each_client_where_it_belongs() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    client = AsyncTestClient(app)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="use AsyncTestClient"):
            TestClient(app).get("/")
        with live_server(app), pytest.raises(RuntimeError, match="being served already"):
            await client.get("/")
        assert (await client.get("/")).json() == 1

    asyncio.run(main())
    with pytest.raises(RuntimeError, match="no running event loop"):
        client.get("/").send(None)
