"""Request._call(): a route's handler as its plan says, at the moment it is called."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from typing import Any

import pytest

from pelton import App, Depends, HTTPError, Request, Response
from pelton.testing import TestClient


def called(app: App, run: Any, is_coroutine: bool = False) -> TestClient:
    """A client of the app whose first route is run by this function."""
    app._parts.native.set_layers(0, run, is_coroutine)
    return TestClient(app, raise_server_exceptions=False)


def test_arguments_are_filled_in_when_it_is_called() -> None:
    app = App()

    @app.post("/{id:int}", status=201)
    def handler(id: int, item: dict[str, int], page: int = 1) -> Any:
        return [id, item, page]

    client = called(app, lambda request: [*request._call(), request._call()[0]])
    answer = client.post("/7?page=3", json={"a": 1})
    assert (answer.status_code, answer.json()) == (201, [7, {"a": 1}, 3, 7])


def test_also_behind_a_wait() -> None:
    app = App()

    @app.post("/{id:int}")
    async def handler(request: Request, id: int, item: dict[str, int], page: int = 1) -> Any:
        return [request.path, id, item, page]

    async def run(request: Request) -> Any:
        await asyncio.sleep(0)
        first = await request._call()
        await asyncio.sleep(0)
        return [first, await request._call()]

    wanted = ["/7", 7, {"a": 1}, 3]
    assert called(app, run, True).post("/7?page=3", json={"a": 1}).json() == [wanted, wanted]


def test_what_is_unfit_is_explained() -> None:
    app = App()
    app.add_route("/", lambda page=1, size=2: [page, size])
    seen: list[Any] = []

    def run(request: Request) -> Any:
        try:
            return request._call()
        except HTTPError as error:
            seen.append([one["loc"] for one in error.detail])
            raise

    assert called(app, run).get("/?page=x&size=y").status_code == 422
    assert seen == [[["query", "page"], ["query", "size"]]]


def test_a_side_channel_comes_with_the_result() -> None:
    app = App()

    @app.get("/")
    def handler(res: Response, page: int = 1) -> Any:
        res.set_header("x-page", str(page))
        return "handled"

    def run(request: Request) -> Any:
        value, side = request._call()
        return [value, side.headers["x-page"]]

    client = called(app, run)
    assert client.get("/?page=3").json() == ["handled", "3"]
    assert client.get("/?page=x").status_code == 422


def test_exceptions_are_the_callers() -> None:
    app = App()
    app.add_route("/", lambda: 1 / 0)

    def run(request: Request) -> Any:
        with pytest.raises(ZeroDivisionError):
            request._call()
        return "caught"

    assert called(app, run).get("/").json() == "caught"


def test_only_a_request_that_matched_has_one() -> None:
    app, kept = App(), list[Any]()

    @app.exception_handler(404)
    def missing(request: Request, error: Exception) -> Any:
        with pytest.raises(RuntimeError, match="matched no route"):
            request._call()
        kept.append(request)
        return "missing", 404

    assert TestClient(app).get("/").json() == "missing" and kept
    with pytest.raises(TypeError):
        Request._call(object())  # type: ignore[arg-type]


def test_one_that_is_over_is_read_from_what_was_kept() -> None:
    app, kept = App(), list[Any]()

    @app.post("/{id:int}")
    def handler(id: int, item: dict[str, int]) -> Any:
        return [id, item]

    def run(request: Request) -> Any:
        kept.append(request)
        return request._call()

    client = called(app, run)
    assert client.post("/7", json={"a": 1}).json() == [7, {"a": 1}]

    async def again() -> Any:
        return (await kept[0]._call()).body()

    assert client.run(again()) == b'[7,{"a":1}]'


def test_layers_are_those_of_a_route_and_set_before_the_freeze() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    with pytest.raises(IndexError):
        app._parts.native.set_layers(1, len, False)
    assert TestClient(app).get("/").json() == 1
    with pytest.raises(RuntimeError, match="frozen"):
        app._parts.native.set_layers(0, len, False)


@pytest.mark.parametrize("side", [False, True])
def test_counts_stay_flat(side: bool) -> None:
    app, sentinel = App(), list[Any]()

    async def handler(page: int, res: Response, kept: Any = Depends(lambda: sentinel)) -> Any:
        if page == 2:
            await asyncio.sleep(0)
        return {"page": page} if page else 1 / 0

    async def plain(page: int, kept: Any = Depends(lambda: sentinel)) -> Any:
        return {"page": page}

    app.add_route("/", handler if side else plain)

    @app.middleware
    async def around(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    client = TestClient(app, raise_server_exceptions=False)

    def run(times: int) -> tuple[int, int]:
        for _ in range(times):
            for query in ("?page=1", "?page=2", "?page=x", "", "?page=0"):
                client.get(f"/{query}")
        gc.collect()
        return sys.getrefcount(sentinel), len(gc.get_objects())

    logging.getLogger("pelton.error").disabled = True
    try:
        run(20)
        before = run(20)
        assert run(200) == before
    finally:
        logging.getLogger("pelton.error").disabled = False
