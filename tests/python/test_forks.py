"""ENG-052: a child that an application forks never serves, and its parent goes on as if there were none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervised import Supervised

APPLICATION = '''
import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import time

import pelton.loop
from pelton import App

app = App()
context = multiprocessing.get_context("fork")


@app.get("/sync")
def sync():
    return os.fork()


@app.get("/raises")
def raises():
    child = os.fork()
    if child == 0:
        raise ValueError("in the child")
    return child


@app.get("/exits")
async def exits():
    child = os.fork()
    if child == 0:
        sys.exit(0)
    return child


@app.get("/at-once")
async def at_once():
    return os.fork()


@app.get("/then-waits")
async def then_waits():
    child = os.fork()
    await asyncio.sleep(0)
    return child


@app.get("/has-waited")
async def has_waited():
    await asyncio.sleep(0)
    return os.fork()


@app.get("/callback")
async def callback():
    loop = asyncio.get_running_loop()
    forked = loop.create_future()
    loop.call_soon(lambda: forked.set_result(os.fork()))
    return await forked


@app.get("/pool", blocking=True)
def pool():
    return os.fork()


@app.get("/thread")
async def thread():
    return await asyncio.to_thread(os.fork)


@app.get("/streamed")
def streamed():
    yield {"child": os.fork()}


@app.get("/wait/{child:int}", blocking=True)
def wait(child: int):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def work(queue):
    asyncio.run(asyncio.sleep(0))
    pelton.loop.run(asyncio.sleep(0))
    gc.collect()
    queue.put(os.getpid())


@app.get("/multiprocessing-async")
async def with_multiprocessing_async():
    await asyncio.sleep(0)
    return with_multiprocessing()


@app.get("/multiprocessing-pool", blocking=True)
def with_multiprocessing_pool():
    return with_multiprocessing()


@app.get("/multiprocessing")
def with_multiprocessing():
    queue = context.SimpleQueue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    is_same = queue.get() == process.pid
    process.join()
    return [is_same, process.exitcode]


@app.get("/terminated")
def terminated():
    ends = []
    for name in ("terminate", "kill"):
        process = context.Process(target=time.sleep, args=(3600,))
        process.start()
        getattr(process, name)()
        process.join(30)
        ends.append(process.exitcode)
        process.kill()
    return ends


@app.get("/subprocess")
def with_subprocess():
    return subprocess.run([sys.executable, "-c", "print(7)"], capture_output=True, text=True).stdout


@app.get("/")
def root():
    return "here"
'''
FORKS = "sync raises exits at-once then-waits has-waited callback pool thread streamed".split()


@pytest.fixture
def server(engine: str, tmp_path: Path) -> Iterator[Supervised]:
    (tmp_path / "forks.py").write_text(APPLICATION)
    made = Supervised(tmp_path, "forks:app", PELTON_ENGINE=engine)
    try:
        made.ready()
        yield made
    finally:
        made.end()


def value(answer: bytes) -> Any:
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def streamed_child(octets: bytes) -> int:
    return int(json.loads(octets.split(b"\r\n")[1])["child"])


@pytest.mark.parametrize("how", FORKS)
def test_a_child_that_comes_back_is_ended(how: str, server: Supervised) -> None:
    with server.connect() as connection, server.connect() as neighbour:
        assert value(server.ask(neighbour)) == "here"
        if how == "streamed":
            connection.sendall(b"GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while not received.endswith(b"0\r\n\r\n"):
                received += connection.recv(65536)
            child = streamed_child(received.partition(b"\r\n\r\n")[2])
        else:
            child = value(server.ask(connection, f"/{how}"))
        assert child > 0
        # What comes next on the connection is the parent's, and so is all there is.
        assert value(server.ask(connection, f"/wait/{child}")) == 1
        assert value(server.ask(connection)) == value(server.ask(neighbour)) == "here"
    said = server.say_until(r"a forked child \(pid")
    assert said[-1].startswith(f"pelton: a forked child (pid {child}) came back to its parent's event loop and is ended")


def test_children_that_do_not_come_back_work(server: Supervised) -> None:
    with server.connect() as connection:
        for where in ("", "-async", "-pool"):
            assert value(server.ask(connection, f"/multiprocessing{where}")) == [True, 0]
        assert value(server.ask(connection, "/subprocess")) == "7\n"
        assert value(server.ask(connection)) == "here"


def test_a_signal_ends_a_child_as_if_nobody_served(server: Supervised) -> None:
    with server.connect() as connection:
        assert value(server.ask(connection, "/terminated")) == [-15, -9]
        assert value(server.ask(connection)) == "here"
