"""A client of HTTP/2 that says exactly what a test asks for: on hyper's h2, over a blocking socket."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions

SILENCE_S = 30
Fields = Iterable[tuple[str, str]]


@dataclass
class Answer:
    """What has come on one stream."""

    status: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    interim: list[dict[str, str]] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    reset: int | None = None  # the error code


class Http2Peer:
    """One connection. `takes`: whether octets of bodies open the windows again as they come."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None, *, takes: bool = True, checks: bool = True) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S)
        self.authority = f"localhost:{port}"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"  # type: ignore[attr-defined]
        self.scheme = "http" if context is None else "https"
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True, header_encoding="utf-8",
                validate_outbound_headers=checks, normalize_outbound_headers=checks,
            )
        )  # fmt: skip
        self.takes = takes
        self.answers: dict[int, Answer] = {}
        self.goaways: list[tuple[int, int]] = []  # error code, last stream
        self.settings: dict[int, int] = {}
        self.pings = 0
        self.is_closed = False
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    # --- out ---

    def flush(self) -> None:
        if octets := self.h2.data_to_send():
            self.socket.sendall(octets)

    def head(self, path: str = "/", method: str = "GET", fields: Fields = ()) -> list[tuple[str, str]]:
        pseudo = [(":method", method), (":scheme", self.scheme), (":authority", self.authority), (":path", path)]
        return [*pseudo, *fields]

    def begin(self, path: str = "/", method: str = "GET", fields: Fields = (), *, ends: bool = True) -> int:
        """Sends the head of a request and returns its stream."""
        return self.begin_as(self.head(path, method, fields), ends=ends)

    def begin_as(self, head: list[tuple[str, str]], *, ends: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, head, end_stream=ends)
        self.flush()
        return stream

    def send(self, stream: int, octets: bytes, *, ends: bool = False) -> None:
        """Sends octets of a body, waiting for room in the windows."""
        view = memoryview(octets)
        while view or ends:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(view))
            if view and room == 0:
                self.turn()
                continue
            is_last = ends and room == len(view)
            self.h2.send_data(stream, bytes(view[:room]), end_stream=is_last)
            self.flush()
            view = view[room:]
            if is_last:
                return

    # --- in ---

    def turn(self) -> None:
        """Takes what comes next."""
        octets = self.socket.recv(65536)
        if not octets:
            self.is_closed = True
            return
        for event in self.h2.receive_data(octets):
            self._take(event)
        self.flush()

    def _take(self, event: Any) -> None:
        answer = self.answers.setdefault(getattr(event, "stream_id", 0) or 0, Answer())
        if isinstance(event, h2.events.ResponseReceived):
            answer.fields = dict(event.headers)  # type: ignore[arg-type]
            answer.status = int(answer.fields[":status"])
        elif isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(dict(event.headers))  # type: ignore[arg-type]
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            if self.takes:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, h2.events.StreamEnded):
            answer.ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = int(event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaways.append((int(event.error_code), event.last_stream_id or 0))
        elif isinstance(event, h2.events.PingAckReceived):
            self.pings += 1
        elif isinstance(event, h2.events.RemoteSettingsChanged):
            self.settings.update({int(code): change.new_value for code, change in event.changed_settings.items()})

    def until(self, done: Callable[[], bool]) -> None:
        while not done():
            assert not self.is_closed, f"the server has closed; {self.goaways}"
            self.turn()

    def answer(self, stream: int) -> Answer:
        """The answer of a stream once it is whole, or the stream is reset."""
        got = self.answers[stream]
        self.until(lambda: got.ended or got.reset is not None)
        return got

    def ask(self, path: str = "/", method: str = "GET", fields: Fields = (), body: bytes | None = None) -> Answer:
        stream = self.begin(path, method, fields, ends=body is None)
        if body is not None:
            self.send(stream, body, ends=True)
        return self.answer(stream)

    def rest(self) -> None:
        """Takes all that comes until the server closes."""
        while not self.is_closed:
            try:
                self.turn()
            except (ConnectionResetError, h2.exceptions.ProtocolError):
                self.is_closed = True
