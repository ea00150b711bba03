"""The graph walked in Python gives what the generated call gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from noria import App, Depends
from noria.testing import TestClient


def test_the_same_values_and_the_same_order() -> None:
    app, events = App(), list[str]()

    async def later(*, page: int = 1) -> AsyncIterator[int]:
        events.append("later")
        yield page
        events.append("later ends")

    def sync(later: int = Depends(later)) -> Iterator[int]:
        events.append("sync")
        yield later + 1
        events.append("sync ends")

    def in_pool(a: int, *, b: int) -> int:
        events.append("pool")
        return a + b

    async def coroutine(n: int = Depends(in_pool, blocking=True)) -> int:
        return n

    @app.get("/")
    def handler(s: int = Depends(sync, scope="handler"), c: int = Depends(coroutine), only: str = Depends(lambda: "x")) -> Any:
        return [s, c, only]

    client = TestClient(app)
    first = client.get("/?a=1&b=2&page=3").json()
    noted, events[:] = list(events), []
    with app.override(print, None):  # of nobody here, but it takes the other road
        assert client.get("/?a=1&b=2&page=3").json() == first == [4, 3, "x"]
    assert events == noted == ["later", "sync", "pool", "sync ends", "later ends"]
