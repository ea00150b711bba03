"""The smallest application: `pelton run examples/hello.py`, or `python examples/hello.py`."""

from pelton import App, Request

app = App()


@app.get("/")
def home(request: Request) -> dict[str, str]:
    return {"hello": "world"}


@app.get("/items/{id}")
def item(id: int, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "q": q}


if __name__ == "__main__":
    app.run(port=8000)
