"""Sends every message back: what Autobahn's clients ask a Python handler for."""

from pelton import App, WebSocket

app = App()


@app.websocket("/", max_size=16 << 20)
async def echo(ws: WebSocket) -> None:
    async for message in ws:
        await ws.send(message)
