"""Robyn with one process and one worker, its OpenAPI pages off."""

import sys

import orjson
from robyn import Headers, Request, Response, Robyn

CONTENDERS = {
    "Robyn, sync": {
        "requires": ["robyn==0.88.0", "orjson"],
        "command": ["{python}", "{here}/robyn_app.py", "--processes", "1", "--workers", "1",
                    "--log-level", "CRITICAL", "--disable-openapi"],
        "environment": {"ROBYN_HOST": "127.0.0.1", "ROBYN_PORT": "{port}"},
    },
}  # fmt: skip

HEADERS = Headers({"Content-Type": "application/json"})
app = Robyn(__file__)


def answer(value: dict) -> Response:
    return Response(200, HEADERS, orjson.dumps(value))


@app.get("/json")
def message(request: Request) -> Response:
    return answer({"hello": "world"})


@app.get("/items/:id")
def item(request: Request) -> Response:
    return answer({"id": int(request.path_params["id"])})


@app.post("/items")
def count(request: Request) -> Response:
    return answer({"count": len(orjson.loads(request.body)["items"])})


if __name__ == "__main__":
    sys.exit(app.start())
