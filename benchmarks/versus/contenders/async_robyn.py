"""Robyn with one process and one worker, awaiting."""

import asyncio
import sys

import orjson
import postgres_row
from robyn import Headers, Request, Response, Robyn

CONTENDERS = {
    "Robyn, async": {
        "requires": ["robyn==0.88.0", "orjson", "asyncpg==0.32.0"],
        "command": ["{python}", "{here}/async_robyn.py", "--processes", "1", "--workers", "1",
                    "--log-level", "CRITICAL", "--disable-openapi"],
        "environment": {"ROBYN_HOST": "127.0.0.1", "ROBYN_PORT": "{port}"},
    },
}  # fmt: skip

HEADERS = Headers({"Content-Type": "application/json"})
app = Robyn(__file__)


@app.get("/plain")
async def plain(request: Request) -> Response:
    return Response(200, HEADERS, orjson.dumps({"hello": "world"}))


@app.get("/sleep")
async def sleep(request: Request) -> Response:
    await asyncio.sleep(0)
    return Response(200, HEADERS, orjson.dumps({"hello": "world"}))


@app.get("/row")
async def row(request: Request) -> Response:
    return Response(200, HEADERS, orjson.dumps({"id": await postgres_row.row()}))


if __name__ == "__main__":
    sys.exit(app.start())
