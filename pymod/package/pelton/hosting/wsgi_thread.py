"""A call of a WSGI application in the blocking pool, and how its body gets from there to the loop."""

from __future__ import annotations

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from threading import Condition, Event

from pelton.config.concurrency import DEFAULT_POOL
from pelton.errors import ClientDisconnected
from pelton.hosting.wsgi_call import WsgiCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from pelton._native import Request
    from pelton.hosting.wsgi_call import Application, Environ
    from pelton.hosting.wsgi_input import ArrivingBody
    from pelton.messages.response import Response
    from pelton.serving.runtime import Runtime

_AHEAD_BYTES = 64 * 1024  # how much of a body waits for the loop before its thread does


class ThreadedCall:
    """One call. A whole body takes one hand-over to the loop; the pieces of any other go through a `_Pipe`."""

    def __init__(
        self, application: Application, environ: Environ, failed: Callable[[str, BaseException], object], request: Request | None
    ) -> None:
        loop = get_running_loop()

        def failed_there(what: str, error: BaseException) -> None:
            loop.call_soon_threadsafe(failed, what, error)

        self._loop = loop
        self._call = WsgiCall(application, environ, failed_there, self._put)
        self._pipe: _Pipe | None = None
        self._response: Future[list[Response]] = loop.create_future()  # a list of one, from which it is taken
        self._has_left = Event()  # a file that is the whole body
        self._body: ArrivingBody | None = None
        if request is not None:
            self._body = environ["wsgi.input"].body
            assert self._body is not None and request._driver is not None
            self._body.attach(loop, request._driver, waits="HTTP_EXPECT" in environ)

    async def answer(self, runtime: Runtime) -> Response:
        """What the application answers, once its head is known; HTTPError 503 if too many calls wait."""
        job = runtime.submit(DEFAULT_POOL, self._run, ())
        job.add_done_callback(self._note_end)
        try:
            return (await self._response).pop()
        except CancelledError:
            job.cancel()
            if self._body is not None:
                self._body.leave()
            if self._pipe is not None:
                self._pipe.leave()
            raise
        except Exception as error:
            if self._body is not None and self._body.has_raised(error):
                raise ClientDisconnected("the client has left") from error
            raise

    # --- on the loop ---

    def _note_end(self, job: Future[Response | None]) -> None:
        """The call is over, or never begins."""
        if self._body is not None:
            self._body.leave()
        if self._response.done():
            if not job.cancelled():
                job.exception()
            return
        if job.cancelled():
            self._response.cancel()
        elif (error := job.exception()) is not None:
            self._response.set_exception(error)
        elif (response := job.result()) is not None:
            self._response.set_result([response])

    def _begin_stream(self, response: Response) -> None:
        assert self._pipe is not None
        if self._response.done():
            self._pipe.leave()
        else:
            self._response.set_result([response])

    def _answer(self, response: Response) -> None:
        if not self._response.done():
            self._response.set_result([response])

    # --- on the thread ---

    def _run(self) -> Response | None:
        """Runs the application to its end. Returns its response, None if that streams."""
        try:
            body = self._call.begin()
        except BaseException as error:
            if self._pipe is None:
                raise
            self._pipe.end(error)
            return None
        if body is not None and self._pipe is None:
            return self._call.whole(body)
        if self._call.file is not None:
            self._loop.call_soon_threadsafe(self._answer, self._call.of_file(self._has_left.set))
            self._has_left.wait()
            self._call.close()
            return None
        failure: BaseException | None = None
        try:
            if body is None:
                for piece in self._call:
                    self._put(piece)
            elif body:
                self._put(body)
        except _ClientLeft:
            pass
        except BaseException as error:  # noqa: BLE001
            failure = error
        self._call.close()
        assert self._pipe is not None
        self._pipe.end(failure)
        return None

    def _put(self, piece: bytes) -> None:
        if self._pipe is None:
            self._pipe = _Pipe(self._loop)
            self._loop.call_soon_threadsafe(self._begin_stream, self._call.streamed(self._pipe))
        self._pipe.put(piece)


class _ClientLeft(OSError):
    """Nobody takes what the application sends."""


class _Pipe:
    """Pieces from one thread to an async iterator on the loop. The thread waits while too much is on its way."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._changed = Condition()  # guards all below
        self._pieces: deque[bytes] = deque()
        self._bytes = 0  # of the pieces
        self._has_left = False
        self._is_ended = False
        self._error: BaseException | None = None
        self._waiter: Future[None] | None = None  # of the loop, for the next piece

    # --- the thread ---

    def put(self, piece: bytes) -> None:
        """Waits for room; OSError if the client has left."""
        with self._changed:
            while self._bytes >= _AHEAD_BYTES and not self._has_left:
                self._changed.wait()
            if self._has_left:
                raise _ClientLeft("the client has left")
            self._pieces.append(piece)
            self._bytes += len(piece)
            self._wake()

    def end(self, error: BaseException | None) -> None:
        """No piece follows; the iterator raises the error after the last one."""
        with self._changed:
            self._is_ended, self._error = True, error
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._loop.call_soon_threadsafe(_resolve, waiter)

    # --- the loop ---

    def leave(self) -> None:
        """Nobody takes pieces any more."""
        with self._changed:
            self._has_left = True
            self._pieces.clear()
            self._changed.notify()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while True:
            with self._changed:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._bytes -= len(piece)
                    self._changed.notify()
                    return piece
                if self._is_ended:
                    if self._error is not None and not isinstance(self._error, _ClientLeft):
                        raise self._error
                    raise StopAsyncIteration
                waiter = self._waiter = self._loop.create_future()
            await waiter

    async def aclose(self) -> None:
        self.leave()


def _resolve(waiter: Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
