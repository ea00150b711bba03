"""pelton: a handler of its own first, for what hosting costs beside it; then applications of other interfaces."""

from pelton import App

_RUN = ["{pelton}", "run", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "pelton async def, epoll": {"command": [*_RUN, "hosted_pelton:app", "--engine", "epoll"], "questions": ["hosted_asgi_hello"]},
    "pelton async def, uring": {"command": [*_RUN, "hosted_pelton:app", "--engine", "uring"], "questions": ["hosted_asgi_hello"]},
    "pelton ASGI, epoll": {"command": [*_RUN, "hosted_asgi:app", "--engine", "epoll"]},
    "pelton ASGI, uring": {"command": [*_RUN, "hosted_asgi:app", "--engine", "uring"]},
}  # fmt: skip

app = App()


@app.get("/hello")
async def hello():
    return {"hello": "world"}
