"""Handlers that await drivers, under load: `python tests/soak/drivers.py [REQUESTS] [--engine ENGINE]`.

Each request asks one row of PostgreSQL (asyncpg, a pool) and one value of Redis (redis-py), eight
clients side by side; one request in fifty is left by its client in the middle, half of those in
handlers that are then cancelled. Every answer must be its request's, and nothing may be left: no
connection in use when the load is over, none open when the server is gone. Prints a line for each
engine and ends with `drivers passed` or what was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import services  # noqa: E402
import soak  # noqa: E402

APP = """
import asyncio, os
import asyncpg
from redis.asyncio import Redis
from pelton import App

app = App()
opened = None

async def drivers():
    global opened
    if opened is None:
        opened = asyncio.ensure_future(open_drivers())
    return await opened

async def open_drivers():
    pool = await asyncpg.create_pool(
        os.environ["SOAK_POSTGRES"], min_size=4, max_size=8, server_settings={"application_name": "soak"}
    )
    return pool, Redis.from_url(os.environ["SOAK_REDIS"], max_connections=16, client_name="soak")

async def both(number):
    pool, store = await drivers()
    row = await pool.fetchval("select $1::int + 1", number)
    return {"row": row, "value": (await store.get(f"key-{number % 100}")).decode()}

@app.get("/both/{number:int}")
async def stays(number: int):
    return await both(number)

@app.get("/left/{number:int}", cancel_on_disconnect=True)
async def left(number: int):
    pool, store = await drivers()
    await pool.fetchval("select pg_sleep(0.005)")
    return await both(number)

@app.get("/idle")
async def idle():
    pool, _ = await drivers()
    return {"open": pool.get_size(), "idle": pool.get_idle_size(), "tasks": len(asyncio.all_tasks())}
"""

CLIENTS = 8
PATIENCE_S = 30
REQUESTS = 100_000


class Client:
    def __init__(self, port: int, number: int, requests: int) -> None:
        self.wrong: list[str] = []
        self.answered = 0
        self._port = port
        self._number = number
        self._requests = requests

    def run(self) -> None:
        peer = soak.Peer(self._port)
        for count in range(self._requests):
            number = count * CLIENTS + self._number
            try:
                if count % 50 == 49:
                    peer.socket.sendall(soak.get(f"/{'left' if count % 100 == 99 else 'both'}/{number}"))
                    peer.reset()
                    peer = soak.Peer(self._port)
                    continue
                status, body = peer.ask(soak.get(f"/both/{number}"))
                if (status, json.loads(body)) != (200, {"row": number + 1, "value": str(number % 100)}):
                    self.wrong.append(f"{status} {body!r} to {number}")
                self.answered += 1
            except Exception as error:
                self.wrong.append(f"{error!r} at {number}")
                if len(self.wrong) > 10:
                    return
                peer = soak.Peer(self._port)
        peer.socket.close()


def becomes(probe: Callable[[], Any], wanted: Any) -> Any:
    """What the probe says once it says what is wanted, or when patience is over."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := probe()) != wanted and time.monotonic() < deadline:
        pass
    return found


def held(database: services.Service, store: services.Service) -> tuple[int, int]:
    """Connections of the server's that PostgreSQL and Redis still have."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        row = connection.execute("select count(*) from pg_stat_activity where application_name = 'soak'").fetchone()
    with redis.Redis.from_url(store.url) as client:
        named = [one for one in client.client_list() if one["name"] == "soak"]
    assert row is not None
    return row[0], len(named)


def run(requests: int, engine: str, database: services.Service, store: services.Service) -> list[str]:
    """What was wrong, over this many requests on one engine."""
    with redis.Redis.from_url(store.url) as client:
        client.mset({f"key-{number}": number for number in range(100)})
    os.environ["SOAK_POSTGRES"], os.environ["SOAK_REDIS"] = database.url, store.url
    process, port, _, used = soak.start(engine, APP)
    wrong: list[str] = []
    try:
        began = time.monotonic()
        clients = [Client(port, number, requests // CLIENTS) for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wrong += [what for client in clients for what in client.wrong]
        answered = sum(client.answered for client in clients)
        took_s = time.monotonic() - began
        watcher = soak.Peer(port)

        def busy() -> int:
            state = json.loads(watcher.ask(soak.get("/idle"))[1])
            return int(state["open"] - state["idle"])

        if left := becomes(busy, 0):
            wrong.append(f"{left} connections of the pool are still in use")
        watcher.socket.close()
        print(f"engine {used}: {answered} answers in {took_s:.0f} s, {len(wrong)} wrong", flush=True)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE_S)
    if code != 0:
        wrong.append(f"the server ended with {code}")
    if (left_open := becomes(lambda: held(database, store), (0, 0))) != (0, 0):
        wrong.append(f"the server is gone, but PostgreSQL and Redis hold {left_open} connections")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", type=int, nargs="?", default=REQUESTS)
    parser.add_argument("--engine", action="append", choices=("epoll", "uring"))
    asked = parser.parse_args()
    wrong: list[str] = []
    with services.postgres() as database, services.redis() as store:
        for engine in asked.engine or ("epoll", "uring"):
            wrong += run(asked.requests, engine, database, store)
    for what in wrong:
        print(what)
    print("drivers failed" if wrong else "drivers passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
