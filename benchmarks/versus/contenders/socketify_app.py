"""socketify, which puts Python on uWebSockets."""

import sys

import orjson
from socketify import App

CONTENDERS = {
    "socketify, sync": {
        "requires": ["socketify==0.0.31", "orjson"],
        "command": ["{python}", "{here}/socketify_app.py", "{port}"],
    },
}


def answer(response, value):
    response.write_header(b"Content-Type", b"application/json")
    response.end(orjson.dumps(value))


def message(response, request):
    answer(response, {"hello": "world"})


def item(response, request):
    answer(response, {"id": int(request.get_parameter(0))})


async def count(response, request):
    body = await response.get_data()
    answer(response, {"count": len(orjson.loads(body.getvalue())["items"])})


if __name__ == "__main__":
    app = App()
    app.get("/json", message)
    app.get("/items/:id", item)
    app.post("/items", count)
    app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"}, lambda config: None)
    app.run()
