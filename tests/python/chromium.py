"""Debian's Chromium without a window, spoken to over its DevTools protocol."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from services import unsanitized
from websockets.sync.client import ClientConnection, connect

ANSWER_S = 60
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-port=0""".split()


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection, session: str) -> None:
        self._connection = connection
        self._session = session
        self._asked = 0
        self.events: list[tuple[str, dict[str, Any]]] = []  # what Chromium told meanwhile

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a DevTools method."""
        return self._until(self._send(method, params), None)

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        return self._asked

    def _until(self, number: int | None, event: str | None) -> Any:
        while True:
            message = json.loads(self._connection.recv(timeout=ANSWER_S))
            if message.get("sessionId", "") != self._session:
                continue
            if "method" in message:
                self.events.append((message["method"], message["params"]))
            if event is not None and message.get("method") == event:
                return message["params"]
            if number is not None and message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    def open(self, url: str) -> None:
        """Goes there and waits until it is loaded; `events` hold what was asked for and complained of."""
        for domain in ("Page", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self._send("Page.navigate", {"url": url})
        self._until(None, "Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """Of a JavaScript expression in the page; a promise is awaited."""
        found = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")


class Browser:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._itself = Page(connection, "")

    @contextlib.contextmanager
    def page(self, url: str) -> Iterator[Page]:
        target = self._itself.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self._itself.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self._connection, session)
        page.open(url)
        yield page
        self._itself.ask("Target.closeTarget", targetId=target)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = ["chromium", *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=unsanitized())
        assert process.stderr is not None
        try:
            said = ""
            while (listening := re.search(r"DevTools listening on (ws://\S+)", said)) is None:
                line = process.stderr.readline()
                assert line, said
                said += line
            with connect(listening[1], max_size=None, proxy=None) as connection:
                yield Browser(connection)
        finally:
            process.terminate()
            process.communicate(timeout=ANSWER_S)
