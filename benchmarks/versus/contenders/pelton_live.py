"""pelton with everything long-lived: WebSockets, events, streams."""

from news import PIECE, PIECES, news

from pelton import App, Response, SseEvent

_RUN = ["{pelton}", "run", "pelton_live:app", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "pelton Python, epoll": {"command": [*_RUN, "--engine", "epoll"]},
    "pelton Python, uring": {"command": [*_RUN, "--engine", "uring"]},
}

app = App()


@app.get("/ready")
def ready():
    return Response.text("ready")


@app.websocket("/echo")
async def echo(ws):
    async for message in ws:
        await ws.send(message)


@app.get("/events")
async def events():
    number = news.number
    yield SseEvent("hello")
    while True:
        number = await news.after(number)
        yield SseEvent(str(number))


@app.get("/publish")
def publish():
    news.publish()
    return "published"


@app.get("/stream", media_type="application/octet-stream")
async def stream():
    for _ in range(PIECES["/stream"]):
        yield PIECE


@app.get("/long", media_type="application/octet-stream")
async def long():
    for _ in range(PIECES["/long"]):
        yield PIECE
