"""What happens behind an answer, told in its order: dependencies close, tasks run."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from samples.kits import Kit

PATHS = ("/def", "/async", "/deep", "/handler", "/raises", "/refused", "/own", "/none", "/adds", "/stream")


class Told:
    """What has happened, until the outermost dependency of a request has closed."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.over = threading.Event()

    def add(self, event: str) -> None:
        self.events.append(event)

    def through(self) -> list[str]:
        assert self.over.wait(60)
        self.over.clear()
        events, self.events = self.events, []
        return events


def endings(web: Kit) -> tuple[Any, Told]:
    app, told = web.App(), Told()

    async def outer() -> AsyncIterator[str]:
        try:
            yield "outer"
        except Exception as error:
            told.add(f"outer saw {getattr(error, 'status_code', 422)}")
            raise
        finally:
            told.add("outer closed")
            told.over.set()

    def inner(tasks: web.BackgroundTasks, outer: str = web.Depends(outer)) -> Iterator[str]:
        tasks.add_task(told.add, "task of inner")
        yield "inner"
        told.add("inner closed")

    async def of_handler(outer: str = web.Depends(outer)) -> AsyncIterator[str]:
        yield "handler"
        told.add("handler scope closed")

    async def later(event: str) -> None:
        told.add(event)

    @app.get("/def")
    def by_def(tasks: web.BackgroundTasks, used: str = web.Depends(outer)) -> str:
        tasks.add_task(told.add, "first task")
        tasks.add_task(later, "second task")
        return used

    @app.get("/async")
    async def by_async(tasks: web.BackgroundTasks, used: str = web.Depends(outer)) -> str:
        tasks.add_task(later, "task")
        told.add("handler")
        return used

    @app.get("/deep")
    async def deep(tasks: web.BackgroundTasks, used: str = web.Depends(inner)) -> str:
        tasks.add_task(later, "task of handler")
        return used

    @app.get("/handler")
    async def handler(tasks: web.BackgroundTasks, used: str = web.Depends(of_handler, scope="function")) -> str:
        tasks.add_task(later, "task")
        return used

    @app.get("/raises")
    async def raises(tasks: web.BackgroundTasks, used: str = web.Depends(inner)) -> str:
        tasks.add_task(later, "never")
        raise web.HTTPException(409)

    @app.get("/refused")
    async def refused(number: int, used: str = web.Depends(inner)) -> str:
        return used

    @app.get("/own")
    async def own(used: Annotated[str, web.Depends(inner)], tasks: web.BackgroundTasks) -> Any:
        tasks.add_task(later, "task of handler")
        return web.Response("own")

    @app.get("/none")
    async def none(used: str = web.Depends(outer)) -> str:
        return used

    @app.get("/adds")
    async def adds(tasks: web.BackgroundTasks, used: str = web.Depends(outer)) -> str:
        def more() -> None:
            told.add("task")
            tasks.add_task(told.add, "task of a task")

        tasks.add_task(more)
        return used

    @app.get("/stream")
    async def stream(tasks: web.BackgroundTasks, used: str = web.Depends(inner)) -> Any:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            told.add("streamed")

        tasks.add_task(later, "task of handler")
        return web.stream(parts())

    return app, told
