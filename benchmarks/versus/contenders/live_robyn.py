"""Robyn with one process and one worker, with what it has of everything long-lived."""

import sys

from news import PIECE, PIECES, news
from robyn import Headers, Request, Response, Robyn, SSEResponse, StreamingResponse, WebSocketDisconnect

CONTENDERS = {
    "Robyn": {
        "requires": ["robyn==0.88.0"],
        "command": ["{python}", "{here}/live_robyn.py", "--processes", "1", "--workers", "1",
                    "--log-level", "CRITICAL", "--disable-openapi"],
        "environment": {"ROBYN_HOST": "127.0.0.1", "ROBYN_PORT": "{port}"},
    },
}  # fmt: skip

HEADERS = Headers({"Content-Type": "text/plain"})
app = Robyn(__file__)


@app.get("/ready")
def ready(request: Request) -> Response:
    return Response(200, HEADERS, "ready")


@app.websocket("/echo")
async def echo(websocket):
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


async def listened():
    number = news.number
    yield "data: hello\n\n"
    while True:
        number = await news.after(number)
        yield f"data: {number}\n\n"


@app.get("/events")
async def events(request: Request):
    return SSEResponse(listened())


@app.get("/publish")
async def publish(request: Request) -> Response:
    news.publish()
    return Response(200, HEADERS, "published")


async def pieces(count):
    for _ in range(count):
        yield PIECE


@app.get("/stream")
async def stream(request: Request):
    return StreamingResponse(pieces(PIECES["/stream"]), media_type="application/octet-stream")


@app.get("/long")
async def long(request: Request):
    return StreamingResponse(pieces(PIECES["/long"]), media_type="application/octet-stream")


if __name__ == "__main__":
    sys.exit(app.start())
