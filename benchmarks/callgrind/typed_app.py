"""The server that typed_parameters.py counts: the same answer with and without typed parameters."""

from typing import Annotated

from pelton import App, Header

app = App()


@app.get("/none/plain")
def none():
    return {"hello": "world"}


@app.get("/path/{id:int}")
def path(id: int):
    return {"hello": "world"}


@app.get("/name/{name}")
def name(name: str):
    return {"hello": "world"}


@app.get("/page/plain")
def page(page: int):
    return {"hello": "world"}


@app.get("/text/plain")
def text(q: str):
    return {"hello": "world"}


@app.get("/miss/plain")
def miss(limit: int = 20):
    return {"hello": "world"}


@app.get("/head/plain")
def head(x_trace: Annotated[str, Header()]):
    return {"hello": "world"}


@app.get("/many/{id:int}")
def many(id: int, page: int, q: str, x_trace: Annotated[str, Header()], limit: int = 20):
    return {"hello": "world"}


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, engine="epoll")
