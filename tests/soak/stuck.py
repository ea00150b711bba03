"""How soon the admin listener answers while every worker runs `while True: pass`: `python tests/soak/stuck.py [COUNT] [--engine ENGINE]`.

Asks each of its paths COUNT times, on a connection of its own each time; prints median and longest. The exit code is 0
if none took more than 100 ms.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from supervised import Supervised  # noqa: E402

APP = """
from pelton import App
app = App()

@app.get("/stuck")
def stuck():
    while True:
        pass
"""
WORKERS = 2
ANSWER_MS_MAX = 100
SERVED_AT = r"health and workers at (\S+)"


def ask(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()


def measure(engine: str, count: int) -> float:
    """The longest answer in milliseconds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        (Path(folder) / "web.py").write_text(APP)
        # Stuck workers are left alone, as long as this asks.
        patience = ("--timeout-stuck-dump", "599", "--timeout-stuck-kill", "600")
        running = Supervised(
            Path(folder), "web.py", "--workers", str(WORKERS), "--admin-bind", "127.0.0.1:0", *patience, PELTON_ENGINE=engine
        )
        stack.callback(running.end)
        found = re.search(SERVED_AT, running.say_until(SERVED_AT)[-1])
        assert found is not None
        running.ready(WORKERS)
        while not all(one["loop_lag_ms"] > 1000 for one in json.loads(ask(f"{found[1]}/workers"))):
            stack.enter_context(running.connect()).sendall(b"GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n")
        longest_ms = 0.0
        for path in ("/health/live", "/health/ready", "/workers"):
            taken_ms = []
            for _ in range(count):
                began = time.monotonic()
                ask(found[1] + path)
                taken_ms.append(1000 * (time.monotonic() - began))
            print(f"{engine} {path}: median {statistics.median(taken_ms):.1f} ms, longest {max(taken_ms):.1f} ms", flush=True)
            longest_ms = max(longest_ms, *taken_ms)
        return longest_ms


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--engine", choices=["epoll", "uring"])
    asked_for = parser.parse_args()
    engines = [asked_for.engine] if asked_for.engine else ["epoll", "uring"]
    return 1 if max(measure(engine, asked_for.count) for engine in engines) > ANSWER_MS_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
