"""BlackSheep on granian, awaiting."""

import asyncio

import orjson
import postgres_row
from blacksheep import Application
from blacksheep.settings.json import json_settings

CONTENDERS = {
    "BlackSheep on granian": {
        "requires": ["blacksheep==2.6.4", "granian==2.8.7", "uvloop==0.23.0", "orjson", "asyncpg==0.32.0"],
        "command": ["{venv}/bin/granian", "--interface", "asgi", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "async_blacksheep:app"],
    },
}  # fmt: skip

json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())
app = Application()


@app.router.get("/plain")
async def plain():
    return {"hello": "world"}


@app.router.get("/sleep")
async def sleep():
    await asyncio.sleep(0)
    return {"hello": "world"}


@app.router.get("/row")
async def row():
    return {"id": await postgres_row.row()}
