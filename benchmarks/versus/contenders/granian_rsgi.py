"""granian's own protocol, RSGI, without a framework."""

import orjson

CONTENDERS = {
    "granian RSGI": {
        "requires": ["granian==2.8.7", "uvloop==0.23.0", "orjson"],
        "command": ["{venv}/bin/granian", "--interface", "rsgi", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "granian_rsgi:app"],
    },
}  # fmt: skip


async def app(scope, protocol):
    path = scope.path
    if path == "/json":
        content = orjson.dumps({"hello": "world"})
    elif scope.method == "POST":
        content = orjson.dumps({"count": len(orjson.loads(await protocol())["items"])})
    else:
        content = orjson.dumps({"id": int(path[7:])})
    protocol.response_bytes(200, [("content-type", "application/json")], content)
