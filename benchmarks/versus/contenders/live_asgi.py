"""Bare ASGI with everything long-lived."""

from news import PIECE, PIECES, news

CONTENDERS = {
    "uvicorn ASGI (uvloop, httptools, websockets)": {
        "requires": ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "websockets==17.4"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--lifespan", "off", "--ws", "websockets-sansio",
                    "--ws-ping-interval", "3600",  # the clients take nothing but their echoes
                    "--no-server-header", "--timeout-keep-alive", "75", "--app-dir", "{here}", "live_asgi:app"],
    },
    "granian ASGI": {
        "requires": ["granian==2.8.7", "uvloop==0.23.0"],
        "command": ["{venv}/bin/granian", "--interface", "asginl", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--http", "1", "--working-dir", "{here}",
                    "live_asgi:app"],
    },
}  # fmt: skip


async def websocket(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        if (text := event.get("text")) is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def begin(send, kind, *more):
    headers = [(b"content-type", kind), *more]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def whole(send, content):
    await begin(send, b"text/plain", (b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.body", "body": content})


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await websocket(receive, send)
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path == "/events":
        await begin(send, b"text/event-stream", (b"cache-control", b"no-cache"))
        number = news.number
        await send({"type": "http.response.body", "body": b"data: hello\n\n", "more_body": True})
        while True:
            number = await news.after(number)
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
    elif path == "/publish":
        news.publish()
        await whole(send, b'"published"')
    elif path in PIECES:
        await begin(send, b"application/octet-stream")
        for _ in range(PIECES[path]):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await whole(send, b"ready")
