"""A bare ASGI application on the servers that take any: what the server costs is all there is."""

CONTENDERS = {
    "granian": {
        "requires": ["granian==2.8.7", "uvloop==0.23.0"],
        "command": ["{venv}/bin/granian", "--interface", "asginl", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--http", "1", "--working-dir", "{here}", "hosted_asgi:app"],
    },
    "uvicorn (uvloop, httptools)": {
        "requires": ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "websockets==17.4"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--lifespan", "off", "--ws", "websockets-sansio",
                    "--ws-ping-interval", "3600",  # the clients take nothing but their echoes
                    "--no-server-header", "--app-dir", "{here}", "hosted_asgi:app"],
    },
    "hypercorn (uvloop)": {
        "requires": ["hypercorn==0.18.0", "uvloop==0.23.0"],
        "command": ["{venv}/bin/hypercorn", "--bind", "127.0.0.1:{port}", "--worker-class", "uvloop", "--log-level",
                    "critical", "--keep-alive", "3600", "hosted_asgi:app"],
        "environment": {"PYTHONPATH": "{here}"},
    },
    "gunicorn, uvicorn worker": {
        "requires": ["gunicorn==27.0.1", "uvicorn-worker==0.4.0", "uvicorn==0.54.0", "uvloop==0.23.0",
                     "httptools==0.9.0", "websockets==17.4"],
        "command": ["{venv}/bin/gunicorn", "--bind", "127.0.0.1:{port}", "--worker-class",
                    "uvicorn_worker.UvicornWorker", "--log-level", "critical", "--keep-alive", "3600",
                    "--chdir", "{here}", "hosted_asgi:app"],
    },
    "gunicorn, asgi worker": {
        "requires": ["gunicorn==27.0.1", "gunicorn_h1c==0.6.10", "uvloop==0.23.0"],
        "command": ["{venv}/bin/gunicorn", "--bind", "127.0.0.1:{port}", "--worker-class", "asgi", "--asgi-loop",
                    "uvloop", "--log-level", "critical", "--keep-alive", "3600", "--asgi-lifespan", "off",
                    "--chdir", "{here}", "hosted_asgi:app"],
    },
    "fastpysgi": {
        "polls": True,
        "requires": ["fastpysgi==0.6", "uvloop==0.23.0"],
        "command": ["{python}", "{here}/hosted_asgi.py", "{port}"],
        "questions": ["hosted_asgi_hello", "hosted_asgi_body", "hosted_asgi_stream"],  # it has no WebSockets
    },
}  # fmt: skip

PIECES = [b"%1023d\n" % number for number in range(64)]


async def websocket(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        if (text := event.get("text")) is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def body_of(receive):
    event = await receive()
    body = event["body"]
    if not event.get("more_body"):
        return body
    pieces = [body]
    while event.get("more_body"):
        event = await receive()
        pieces.append(event["body"])
    return b"".join(pieces)


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        return await websocket(receive, send)
    if scope["type"] != "http":
        return
    if scope["path"] == "/stream":
        headers = [(b"content-type", b"application/octet-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in PIECES:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    content = await body_of(receive) if scope["path"] == "/body" else b'{"hello":"world"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    import sys

    import fastpysgi
    import uvloop

    fastpysgi.server.add_header_server = None
    fastpysgi.server.loop = uvloop.new_event_loop()
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
