"""pelton with synchronous Python handlers, on both engines.

The plain contender of `param` answers the same bytes from a path without a parameter.
"""

from pelton import App, Request

_RUN = ["{pelton}", "run", "pelton_python:app", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "pelton Python, epoll": {"command": [*_RUN, "--engine", "epoll"]},
    "pelton Python, uring": {"command": [*_RUN, "--engine", "uring"]},
    "pelton Python, epoll, plain path": {
        "command": [*_RUN, "--engine", "epoll"],
        "paths": {"param": "/items/plain"},
    },
    "pelton Python, uring, plain path": {
        "command": [*_RUN, "--engine", "uring"],
        "paths": {"param": "/items/plain"},
    },
}

app = App()


@app.get("/json")
def message():
    return {"hello": "world"}


@app.get("/items/{id:int}")
def item(id: int):
    return {"id": id}


@app.get("/items/plain")
def plain():
    return {"id": 12345}


@app.post("/items")
def count(request: Request):
    return {"count": len(request.json()["items"])}
