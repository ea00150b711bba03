"""A small application whose tests (test_todo.py) need no server, no port and no ASGI: `pytest`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pelton import App, Depends, HTTPError, WebSocket


@dataclass
class Task:
    title: str
    done: bool = False


class Tasks:
    """What would be a database."""

    def __init__(self) -> None:
        self.rows: dict[int, Task] = {}

    def add(self, task: Task) -> int:
        self.rows[len(self.rows) + 1] = task
        return len(self.rows)


kept = Tasks()
app = App()


def tasks() -> Iterator[Tasks]:
    yield kept


Kept = Annotated[Tasks, Depends(tasks)]


@app.post("/tasks", status=201)
def add(task: Task, tasks: Kept) -> dict[str, int]:
    id = tasks.add(task)
    app.publish("tasks", f"added {id}")
    return {"id": id}


@app.get("/tasks/{id:int}")
def read(id: int, tasks: Kept) -> Task:
    try:
        return tasks.rows[id]
    except KeyError:
        raise HTTPError(404, "no such task") from None


@app.websocket("/changes")
async def changes(ws: WebSocket) -> None:
    await ws.accept()
    ws.subscribe("tasks")
    await ws.send("ready")
    async for _ in ws:
        pass


if __name__ == "__main__":
    app.run(port=8000)
