"""pelton with asynchronous Python handlers, on both engines; the plain question has the sync one first."""

import asyncio

import postgres_row

from pelton import App

_RUN = ["{pelton}", "run", "pelton_async:app", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "pelton Python, epoll, sync": {
        "command": [*_RUN, "--engine", "epoll"],
        "paths": {"async_plain": "/sync", "async_pipelined": "/sync"},
    },
    "pelton Python, uring, sync": {
        "command": [*_RUN, "--engine", "uring"],
        "paths": {"async_plain": "/sync", "async_pipelined": "/sync"},
    },
    "pelton Python, epoll, async": {"command": [*_RUN, "--engine", "epoll"]},
    "pelton Python, uring, async": {"command": [*_RUN, "--engine", "uring"]},
}

app = App()


@app.get("/sync")
def sync():
    return {"hello": "world"}


@app.get("/plain")
async def plain():
    return {"hello": "world"}


@app.get("/sleep")
async def sleep():
    await asyncio.sleep(0)
    return {"hello": "world"}


@app.get("/row")
async def row():
    return {"id": await postgres_row.row()}
