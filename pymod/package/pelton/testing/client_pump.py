"""Turns a server in memory between the callbacks of a running event loop."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING

from pelton.testing.client_runtime import CALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from pelton._native import MemoryServer
    from pelton.testing.client_runtime import Call

# The server has timers of its own, so it is looked at this often at least; sooner while it moves.
TURN_S = 0.01
QUIET_SHARE = 1 / 8  # of the time for which nothing has moved


class _Waiter:
    """One caller that waits for a condition of the server."""

    def __init__(self, is_done: Callable[[], object], future: asyncio.Future[bool], deadline_s: float) -> None:
        self.is_done = is_done
        self.future = future
        self.deadline_s = deadline_s

    def look(self, now_s: float) -> bool:
        """Whether it has waited long enough."""
        if self.future.done():
            return True
        try:
            is_done = bool(self.is_done())
        except Exception as error:  # noqa: BLE001
            self.future.set_exception(error)
            return True
        if is_done or now_s > self.deadline_s:
            self.future.set_result(is_done)
        return self.future.done()


class Pump:
    """Turns one server on one loop, while a caller waits or an exchange is open.

    Everything that makes handlers run happens in callbacks, so that none sees its tester's task as its own.
    """

    def __init__(self, server: MemoryServer, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._server = server
        self._waiters: list[_Waiter] = []
        self._next: asyncio.TimerHandle | None = None
        self._moved_at_s = 0.0
        self._context = copy_context()
        self._context.run(CALL.set, None)

    async def until(self, is_done: Callable[[], object], timeout: float, act: Callable[[], object], call: Call) -> bool:
        """Acts, as `call`, and turns until it is so; false after `timeout` seconds."""
        waiter = _Waiter(is_done, self.loop.create_future(), self.loop.time() + timeout)
        self.act(act, call, waiter)
        try:
            return await waiter.future
        finally:
            waiter.future.cancel()

    def act(self, act: Callable[[], object], call: Call, waiter: _Waiter | None = None) -> None:
        """Has a function called soon, in the context of its caller."""
        context = copy_context()
        context.run(CALL.set, call)
        self.loop.call_soon(self._act, act, waiter, context=context)

    def _act(self, act: Callable[[], object], waiter: _Waiter | None) -> None:
        if waiter is not None:
            self._waiters.append(waiter)
        self._turn(act)

    def _turn(self, act: Callable[[], object] | None = None) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        server, now_s = self._server, self.loop.time()
        try:
            server.begin()
            try:
                if act is not None:
                    act()
                has_moved = server.turn() or act is not None
            finally:
                server.end()
        except Exception as error:  # noqa: BLE001
            self._fail(error)
            return
        waiting = [waiter for waiter in self._waiters if not waiter.look(now_s)]
        if has_moved or len(waiting) < len(self._waiters):
            self._moved_at_s = now_s
        self._waiters = waiting
        if waiting or server.pending():
            delay_s = min(TURN_S, (now_s - self._moved_at_s) * QUIET_SHARE)
            self._next = self.loop.call_later(delay_s, self._turn, context=self._context)

    def _fail(self, error: Exception) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.future.done():
                waiter.future.set_exception(error)

    def stop(self) -> None:
        """Stops turning; callers that still wait get an error: the server has gone."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._fail(ConnectionError("the client was closed"))
