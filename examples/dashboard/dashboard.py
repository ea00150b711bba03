"""What the machine does, live: samples sent as server-sent events to a page (dashboard.html)."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pelton import App, Request, SseEvent

PAGE = (Path(__file__).parent / "dashboard.html").read_text()
PERIOD_S = float(os.environ.get("SAMPLE_PERIOD", "1"))

app = App()
samples: deque[dict[str, Any]] = deque(maxlen=60)
watchers: set[asyncio.Event] = set()


@app.on_startup
def start() -> None:
    app.spawn(sample(), name="samples")


async def sample() -> None:
    for number in range(1, 2**63):
        samples.append(measured(number))
        for watcher in watchers:
            watcher.set()
        await asyncio.sleep(PERIOD_S)


def measured(number: int) -> dict[str, Any]:
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    total, free = (int(memory[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    return {
        "number": number,
        "at": int(time.time() * 1000),
        "load": os.getloadavg()[0],
        "memory": round(100 * (1 - free / total), 1),
        "watchers": len(watchers),
    }


@app.get("/", media_type="text/html")
def page() -> str:
    return PAGE


@app.get("/samples")
async def stream(request: Request) -> AsyncIterator[SseEvent]:
    """Those that the client has not seen yet, then each new one."""
    seen = int(request.last_event_id or 0) if (request.last_event_id or "0").isdigit() else 0
    watcher = asyncio.Event()
    watchers.add(watcher)
    try:
        while True:
            for one in [one for one in samples if one["number"] > seen]:
                seen = one["number"]
                yield SseEvent(one, event="sample", id=str(seen))
            watcher.clear()
            await watcher.wait()
    finally:  # the client has left
        watchers.discard(watcher)


if __name__ == "__main__":
    app.run(port=8000)
