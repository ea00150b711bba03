"""Dependencies of routes, over a connection: every row of the table of section 14 of the surface."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from urllib.error import HTTPError as Refused
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest

from pelton import (
    App,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    Form,
    Header,
    HTTPError,
    Path,
    Query,
    Request,
    Response,
    State,
)
from pelton.testing import TestClient, live_server


class Page:
    def __init__(self, page: int = 1, size: Annotated[int, Query(ge=1)] = 10) -> None:
        self.page = page
        self.size = size


def test_on_the_wire() -> None:
    app, events = App(), list[str]()
    app.register_singleton("rows", {"1": "cup"})

    async def user(x_token: Annotated[str, Header()]) -> str:
        if x_token != "secret":
            raise HTTPError(401, "who are you", {"WWW-Authenticate": "Bearer"})
        return "ann"

    def session(rows: Any = Depends("rows")) -> Iterator[Any]:
        events.append("open")
        yield rows
        events.append("close")

    def row(id: str, rows: Any = Depends(session)) -> str:
        return str(rows[id])

    @app.get("/rows/{id}")
    def show(page: Annotated[Page, Depends()], row: str = Depends(row)) -> list[Any]:
        return [row, page.page]

    @app.get("/mine/{id}", dependencies=[Depends(user)])
    def mine(row: str = Depends(row)) -> str:
        return row

    with live_server(app) as server:
        assert json.load(urlopen(f"{server.url}/rows/1?page=3")) == ["cup", 3]
        with pytest.raises(Refused) as refused:
            urlopen(f"{server.url}/rows/1?size=0")
        assert refused.value.code == 422 and b"greater_than_equal" in refused.value.read()
        assert json.load(urlopen(Asked(f"{server.url}/mine/1", headers={"x-token": "secret"}))) == "cup"
        with pytest.raises(Refused) as refused:
            urlopen(Asked(f"{server.url}/mine/1", headers={"x-token": "no"}))
        assert refused.value.code == 401 and refused.value.headers["www-authenticate"] == "Bearer"
    assert sorted(events) == ["close", "close", "open", "open", "open"]


def test_parameters_of_providers_come_from_everywhere() -> None:
    app = App()

    def everything(
        request: Request,
        id: Annotated[int, Path()],
        q: list[str],
        x_one: Annotated[str, Header()],
        c: Annotated[str, Cookie()],
        item: dict[str, int],
        response: Response,
        tasks: BackgroundTasks,
        *,
        only: bool = False,
    ) -> list[Any]:
        response.set_header("x-made", "yes")
        tasks.add_task(ran.append, id)
        return [request.method, id, q, x_one, c, item, only]

    ran: list[int] = []

    @app.post("/{id}")
    def handler(request: Request, app: App, found: Any = Depends(everything)) -> Any:
        return [*found, request.path, isinstance(app, App)]

    answer = TestClient(app).post(
        "/4?q=a&q=b&only=1", json={"n": 1}, headers={"x-one": "1"}, cookies={"c": "d"}
    )
    assert answer.json() == ["POST", 4, ["a", "b"], "1", "d", {"n": 1}, True, "/4", True]
    assert answer.headers["x-made"] == "yes" and ran == [4]


def test_bodies_of_provider_and_handler_share_one_object() -> None:
    app = App()

    def first(a: Annotated[dict[str, int], Body()]) -> dict[str, int]:
        return a

    @app.post("/")
    def handler(b: dict[str, int], a: dict[str, int] = Depends(first)) -> list[Any]:
        return [a, b]

    assert TestClient(app).post("/", json={"a": {"x": 1}, "b": {"y": 2}}).json() == [{"x": 1}, {"y": 2}]


def test_every_kind_of_callable() -> None:
    app, loop_thread = App(), threading.current_thread()

    class Made:
        def __call__(self, n: int = 2) -> int:
            return n

    class Awaited:
        async def __call__(self) -> str:
            return "awaited"

    class Base:
        def bound(self, n: int) -> int:
            return n + 1

        @classmethod
        def of_class(cls) -> str:
            return cls.__name__

    async def coroutine() -> str:
        return "coroutine"

    def generator() -> Iterator[str]:
        yield "generator"

    async def async_generator() -> AsyncIterator[str]:
        yield "async generator"

    def in_pool(*, n: int) -> bool:
        return threading.current_thread() is loop_thread

    def generator_in_pool() -> Iterator[bool]:
        yield threading.current_thread() is loop_thread
        assert threading.current_thread() is not loop_thread

    @app.get("/")
    def handler(
        a: Any = Depends(Made()),
        b: Any = Depends(Awaited()),
        c: Any = Depends(Base().bound),
        d: Any = Depends(Base.of_class),
        e: Any = Depends(coroutine),
        f: Any = Depends(generator),
        g: Any = Depends(async_generator),
        h: Any = Depends(in_pool, blocking=True),
        i: Any = Depends(generator_in_pool, blocking=True),
        j: Any = Depends(lambda: "lambda"),
    ) -> Any:
        return [a, b, c, d, e, f, g, h, i, j]

    assert TestClient(app).get("/?n=5").json() == [
        5, "awaited", 6, "Base", "coroutine", "generator", "async generator", False, False, "lambda"
    ]  # fmt: skip


def test_kinds_of_handlers() -> None:
    app, threads = App(), list[bool]()
    app.add_route("/def", lambda one=Depends(lambda: 1): one)

    @app.get("/async")
    async def coroutine(one: int = Depends(lambda: 1)) -> int:
        return one

    @app.get("/pool", blocking=True)
    def in_pool(one: int = Depends(lambda: 1)) -> int:
        threads.append(threading.current_thread() is threading.main_thread())
        return one

    @app.get("/stream", media_type="text/plain")
    async def streamed(one: int = Depends(lambda: 1)) -> AsyncIterator[str]:
        yield str(one)

    client = TestClient(app)
    assert [client.get(path).json() for path in ("/def", "/async", "/pool", "/stream")] == [1, 1, 1, 1]
    assert threads == [False]


def test_a_value_is_made_once_for_each_request_or_each_use() -> None:
    app, made = App(), list[int]()

    def counted() -> int:
        made.append(1)
        return len(made)

    def below(n: int = Depends(counted)) -> int:
        return n

    @app.get("/")
    def handler(
        a: int = Depends(counted),
        b: int = Depends(below),
        fresh: int = Depends(counted, use_cache=False),
        transient: int = Depends(counted, scope="transient"),
        again: int = Depends(counted),
    ) -> list[int]:
        return [a, b, fresh, transient, again]

    client = TestClient(app)
    assert client.get("/").json() == [1, 1, 2, 3, 1] and client.get("/").json() == [4, 4, 5, 6, 4]


def test_order_depth_first_and_effects_before_all() -> None:
    app, calls = App(), list[str]()

    def effect() -> None:
        calls.append("effect")

    def a() -> str:
        calls.append("a")
        return "a"

    def b(a: str = Depends(a)) -> str:
        calls.append("b")
        return a + "b"

    async def c(b: str = Depends(b), a: str = Depends(a)) -> str:
        calls.append("c")
        return b + a + "c"

    @app.get("/", dependencies=[Depends(effect)])
    def handler(c: str = Depends(c), b: str = Depends(b)) -> str:
        return c + b

    assert TestClient(app).get("/").json() == "abacab"
    assert calls == ["effect", "a", "b", "c"]


def test_state_is_read_in_its_turn() -> None:
    app = App()
    app.state.pool = "P"

    def load(request: Request) -> None:
        request.context["user"] = "ann"

    @app.get("/", dependencies=[Depends(load)])
    def handler(
        pool: Annotated[str, State("pool")],
        user: Annotated[str, State("user")],
        state: State,
        other: Annotated[str, State("other")] = "none",
    ) -> list[str]:
        return [pool, user, state.pool, other]

    app.add_route("/plain", lambda request, pool=State("pool"): pool)
    client = TestClient(app)
    assert client.get("/").json() == ["P", "ann", "P", "none"] and client.get("/plain").json() == "P"


def test_all_errors_are_told_and_providers_that_can_run_do() -> None:
    app, calls = App(), list[str]()

    def fine() -> None:
        calls.append("fine")

    def first(a: int, h: Annotated[int, Header()]) -> int:
        calls.append("first")
        return a

    def second(c: int, first: int = Depends(first)) -> int:
        calls.append("second")
        return c

    async def guard(token: str) -> None:
        if token != "t":
            raise HTTPError(401)

    @app.get("/{id}", dependencies=[Depends(fine), Depends(guard)])
    def handler(id: int, q: int, second: int = Depends(second)) -> int:
        return id

    client = TestClient(app)
    wrong = client.get("/x?token=t&a=1")
    assert wrong.status_code == 422 and calls == ["fine"]
    assert [one["loc"] for one in wrong.json()["detail"]] == [["header", "h"], ["query", "c"], ["path", "id"], ["query", "q"]]
    assert client.get("/x?token=f").status_code == 401
    assert [one["loc"] for one in client.get("/1?a=1&c=1&q=1", headers={"h": "1"}).json()["detail"]] == [["query", "token"]]
    assert client.get("/1?a=1&c=1&q=1&token=t", headers={"h": "1"}).json() == 1


def test_context_variables_can_be_set_back() -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
    app, ends = App(), list[str]()

    def sync() -> Iterator[None]:
        token = who.set("sync")
        yield
        who.reset(token)
        ends.append(who.get())

    async def later() -> AsyncIterator[None]:
        token = who.set("later")
        yield
        who.reset(token)
        ends.append(who.get())

    @app.get("/sync", dependencies=[Depends(sync)])
    def one() -> str:
        return who.get()

    @app.get("/later", dependencies=[Depends(later)])
    async def other() -> str:
        return who.get()

    app.add_route("/", lambda: who.get())
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/sync", "/", "/later", "/")] == ["sync", "nobody", "later", "nobody"]
    assert ends == ["nobody", "nobody"]


def test_a_form_beside_dependencies() -> None:
    def page(number: int = 1) -> int:
        return number

    app = App()

    @app.post("/")
    def handler(title: Annotated[str, Form()], at: int = Depends(page)) -> list[Any]:
        return [title, at]

    client = TestClient(app)
    assert client.post("/?number=2", data={"title": "x"}).json() == ["x", 2]
    told = client.post("/?number=x", data={}).json()["detail"]
    assert [one["loc"] for one in told] == [["query", "number"], ["body", "title"]]


def test_what_a_shared_provider_lacks_is_told_for_each_of_its_users() -> None:
    def region(x_region: Annotated[int, Header()]) -> int:
        return x_region

    def user(id: int, at: int = Depends(region)) -> int:
        return at + id

    app = App()

    @app.get("/", dependencies=[Depends(region)])
    def handler(page: int, who: int = Depends(user), at: int = Depends(region)) -> None:
        pass

    told = TestClient(app).get("/").json()["detail"]
    assert [one["loc"][1] for one in told] == ["x-region", "x-region", "id", "x-region", "page"]
