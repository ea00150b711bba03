"""Rooms to chat in: one WebSocket per person, a topic per room, and a page (chat.html) to try it.

A topic reaches everybody in the room, on whichever worker: `pelton run chat.py --workers 4`.
"""

import json
import time
from pathlib import Path
from typing import Annotated

from pelton import App, Query, WebSocket

PAGE = (Path(__file__).parent / "chat.html").read_text()
TEXT_MAX = 2000

app = App()


@app.get("/", media_type="text/html")
def page() -> str:
    return PAGE


def say(room: str, kind: str, name: str, text: str = "") -> None:
    message = {"kind": kind, "name": name, "text": text, "at": int(time.time() * 1000)}
    app.publish(f"room {room}", json.dumps(message))


@app.websocket("/rooms/{room}", max_size="16KiB")
async def talk(ws: WebSocket, room: str, name: Annotated[str, Query(min_length=1, max_length=24)]) -> None:
    await ws.accept()
    ws.subscribe(f"room {room}")
    say(room, "joined", name)
    try:
        async for message in ws:
            if isinstance(message, str) and (text := message.strip()):
                say(room, "said", name, text[:TEXT_MAX])
    finally:
        say(room, "left", name)


if __name__ == "__main__":
    app.run(port=8000)
