"""Bare ASGI without a framework: what the fastest ASGI servers can do."""

import orjson

CONTENDERS = {
    "uvicorn ASGI (uvloop, httptools)": {
        "requires": ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "orjson"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--lifespan", "off",
                    "--no-server-header", "--app-dir", "{here}", "raw_asgi:app"],
    },
    "granian ASGI": {
        "requires": ["granian==2.8.7", "uvloop==0.23.0", "orjson"],
        "command": ["{venv}/bin/granian", "--interface", "asginl", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "raw_asgi:app"],
    },
    "fastpysgi ASGI": {
        "polls": True,
        "requires": ["fastpysgi==0.6", "orjson", "uvloop==0.23.0"],
        "command": ["{python}", "{here}/raw_asgi.py", "{port}"],
    },
}  # fmt: skip


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path == "/json":
        content = orjson.dumps({"hello": "world"})
    elif scope["method"] == "POST":
        body = b""
        more = True
        while more:
            event = await receive()
            body += event["body"]
            more = event.get("more_body", False)
        content = orjson.dumps({"count": len(orjson.loads(body)["items"])})
    else:
        content = orjson.dumps({"id": int(path[7:])})
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    import sys

    import fastpysgi
    import uvloop

    fastpysgi.server.add_header_server = None
    fastpysgi.server.loop = uvloop.new_event_loop()
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
