"""BlackSheep on granian."""

from typing import Any

import orjson
from blacksheep import Application, FromJSON
from blacksheep.settings.json import json_settings

CONTENDERS = {
    "BlackSheep on granian": {
        "requires": ["blacksheep==2.6.4", "granian==2.8.7", "uvloop==0.23.0", "orjson"],
        "command": ["{venv}/bin/granian", "--interface", "asgi", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "blacksheep_app:app"],
    },
}  # fmt: skip

json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())
app = Application()


@app.router.get("/json")
async def message():
    return {"hello": "world"}


@app.router.get("/items/{id}")
async def item(id: int):
    return {"id": id}


@app.router.post("/items")
async def count(body: FromJSON[dict[str, Any]]):
    return {"count": len(body.value["items"])}
