"""Bare ASGI without a framework, awaiting: what the fastest ASGI servers can do."""

import asyncio

import orjson
import postgres_row

CONTENDERS = {
    "uvicorn ASGI (uvloop, httptools)": {
        "requires": ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "orjson", "asyncpg==0.32.0"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--lifespan", "off",
                    "--no-server-header", "--app-dir", "{here}", "async_asgi:app"],
    },
    "granian ASGI": {
        "requires": ["granian==2.8.7", "uvloop==0.23.0", "orjson", "asyncpg==0.32.0"],
        "command": ["{venv}/bin/granian", "--interface", "asginl", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "async_asgi:app"],
    },
    "fastpysgi ASGI": {
        "polls": True,
        "requires": ["fastpysgi==0.6", "orjson", "uvloop==0.23.0", "asyncpg==0.32.0"],
        "command": ["{python}", "{here}/async_asgi.py", "{port}"],
    },
}  # fmt: skip


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path == "/row":
        content = orjson.dumps({"id": await postgres_row.row()})
    else:
        if path == "/sleep":
            await asyncio.sleep(0)
        content = orjson.dumps({"hello": "world"})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    import sys

    import fastpysgi
    import uvloop

    fastpysgi.server.add_header_server = None
    fastpysgi.server.loop = uvloop.new_event_loop()
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
