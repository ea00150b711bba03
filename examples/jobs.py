"""Work after the answer: small tasks of one request, and long jobs in a queue that clients can ask about."""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Literal

from pelton import App, BackgroundTasks, HTTPError

WAITING_MAX = 100


@dataclass
class Order:
    numbers: list[int]


@dataclass
class Job:
    id: int
    order: Order
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    result: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def shown(self) -> dict[str, int | str | None]:
        return {"id": self.id, "state": self.state, "result": self.result}


app = App()
jobs: dict[int, Job] = {}
audit: list[str] = []
numbered = itertools.count(1)
queue: asyncio.Queue[Job] = asyncio.Queue(WAITING_MAX)


@app.on_startup
def start() -> None:
    app.spawn(work(), name="jobs")  # the worker's own: logged if it fails, cancelled when it stops


async def work() -> None:
    while True:
        job = await queue.get()
        job.state = "running"
        try:
            job.result = await asyncio.to_thread(product, job.order.numbers)
            job.state = "done"
        except ValueError:
            job.state = "failed"
        job.ended.set()


def product(numbers: list[int]) -> int:
    """In a thread: as slow as it likes."""
    if not numbers:
        raise ValueError("nothing to multiply")
    result = 1
    for number in numbers:
        result *= number
    return result


@app.post("/jobs", status=202)
def add(order: Order, tasks: BackgroundTasks) -> dict[str, int | str | None]:
    job = Job(next(numbered), order)
    try:
        queue.put_nowait(job)
    except asyncio.QueueFull:
        raise HTTPError(503, "too many jobs wait", {"retry-after": "10"}) from None
    jobs[job.id] = job
    tasks.add_task(audit.append, f"job {job.id} was ordered")  # once the answer has left
    return job.shown()


@app.get("/jobs/{id:int}", timeout=60)
async def status(id: int, wait: bool = False) -> dict[str, int | str | None]:
    if (job := jobs.get(id)) is None:
        raise HTTPError(404, "no such job")
    if wait:
        await job.ended.wait()
    return job.shown()


@app.get("/audit")
def audited() -> list[str]:
    return audit


if __name__ == "__main__":
    app.run(port=8000)
