"""The asyncio event loop on pelton's engines: alone, or the one that serves."""

# What the standard library's own loops share is private, and typeshed does not know it.
# mypy: disable-error-code="attr-defined, has-type, misc, override, assignment"
# pyright: reportAttributeAccessIssue=false, reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false
# pyright: reportArgumentType=false

from __future__ import annotations

import asyncio
import errno
import os
import selectors
import signal
import socket
import sys
import threading
import time
import warnings
import weakref
from asyncio import base_events, constants, events, format_helpers, sslproto, trsock
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pelton import _native, python_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["Loop", "install", "new_event_loop", "run"]

ENGINES = ("auto", "uring", "epoll")


class Loop(_native.LoopCore, asyncio.SelectorEventLoop):
    """A complete asyncio event loop.

    Callbacks, timers, descriptors, streams and their servers are native; subprocesses, datagrams, pipes, TLS and name
    look-up are the standard library's, on top of them.

    Args:
        engine: `auto`, `uring` or `epoll`; None: what PELTON_ENGINE says, else `auto`.

    Raises:
        OSError: The engine cannot be had.
    """

    def __init__(self, engine: str | None = None) -> None:
        """`engine`: auto, uring or epoll; None: what PELTON_ENGINE says, else auto."""
        self._ssock = self._csock = None
        self._selector: _Selector | None = _Selector(self)
        self._transports: Any = weakref.WeakValueDictionary()
        python_versions.prepare_unix_loop(self)
        base_events.BaseEventLoop.__init__(self)
        word = engine or os.environ.get("PELTON_ENGINE") or "auto"
        if word not in ENGINES:
            self.close()
            raise ValueError(f"engine is auto, uring or epoll, not {word!r}")
        self._engine_asked = word

    # --- running ---

    def run_forever(self) -> None:
        """Runs until stop() is called."""
        self._check_closed()
        self._check_running()
        with Running(self):
            self._run(self._engine_asked)

    def _run_once(self) -> None:
        """One round, which waits for something to do: asyncio lets a loop be driven by these (3.13)."""
        self._turn(_ROUND_S_MAX)

    def close(self) -> None:
        """Drops everything that waits; the loop must not be running."""
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.is_closed():
            return
        for number in list(self._signal_handlers):
            if sys.is_finalizing():
                told = f"Closing the loop {self!r} on interpreter shutdown stage, skipping signal handlers removal"
                warnings.warn(told, ResourceWarning, source=self)
                self._signal_handlers.clear()
                break
            self.remove_signal_handler(number)
        if self._ssock is not None:
            self._remove_reader(self._ssock.fileno())
            self._ssock.close()
            self._csock.close()
            self._ssock = self._csock = None
        base_events.BaseEventLoop.close(self)
        self._selector = None
        self._close_core()

    def __repr__(self) -> str:
        return base_events.BaseEventLoop.__repr__(self)

    # --- transports and sockets ---

    def _make_ssl_transport(
        self,
        rawsock: Any,
        protocol: Any,
        sslcontext: Any,
        waiter: Any = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        **options: Any,
    ) -> Any:
        if python_versions.TRANSPORTS_ARE_EXCLUSIVE:
            self._ensure_fd_no_transport(rawsock)
        secured = sslproto.SSLProtocol(self, protocol, sslcontext, waiter, **options)
        self._make_socket_transport(rawsock, secured, extra=extra, server=server)
        return secured._app_transport

    async def create_connection(
        self,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: Any = None,
        **options: Any,
    ) -> Any:
        """asyncio's own, by a shorter way where the address is plain and nothing else is asked for."""
        address = None if options or self._debug else _plain_address(host, port)
        if address is None:
            return await super().create_connection(protocol_factory, host, port, **options)
        family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
        connection = socket.socket(family, _STREAM_AT_ONCE, socket.IPPROTO_TCP)
        try:
            await self.sock_connect(connection, address)
            protocol = protocol_factory()
            made = self.create_future()
            transport = self._make_socket_transport(connection, protocol, made)
        except BaseException:
            connection.close()
            raise
        try:
            await made
        except BaseException:
            transport.close()
            raise
        return transport, protocol

    # For sockets that are none of the standard library's class, and in debug mode.
    _sock_recv_of_asyncio = asyncio.SelectorEventLoop.sock_recv
    _sock_recv_into_of_asyncio = asyncio.SelectorEventLoop.sock_recv_into
    _sock_sendall_of_asyncio = asyncio.SelectorEventLoop.sock_sendall
    _sock_accept_of_asyncio = asyncio.SelectorEventLoop.sock_accept
    _accept_connection_of_asyncio = asyncio.SelectorEventLoop._accept_connection
    # And here for names, which it resolves.
    _sock_connect_of_asyncio = asyncio.SelectorEventLoop.sock_connect

    def _accept_failed(self, error: OSError, factory: Any, listener: Any, *serving: Any) -> None:
        """As in asyncio, but an error is reported once: asyncio tries and reports again for each place of the backlog."""
        if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            raise error
        message = "socket.accept() out of system resource"
        told = {"message": message, "exception": error, "socket": trsock.TransportSocket(listener)}
        self.call_exception_handler(told)
        self._remove_reader(listener.fileno())
        self.call_later(constants.ACCEPT_RETRY_DELAY, self._start_serving, factory, listener, *serving)

    def _transport_failed(self, transport: Any, message: str, error: BaseException) -> None:
        base_events.logger.debug("%r: %s", transport, message, exc_info=error)

    # --- threads ---

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """asyncio's own; a child that a thread's function forks and returns in ends there."""
        if executor is None or isinstance(executor, ThreadPoolExecutor):
            if self._debug:
                self._check_callback(func, "run_in_executor")
            func, args = _end_in_child, (os.getpid(), func, *args)
        return super().run_in_executor(executor, func, *args)

    # --- what asyncio's base class keeps in lists of its own ---

    def _add_callback(self, handle: Any) -> None:
        if not handle._cancelled:
            self._push(handle)

    def _timer_handle_cancelled(self, handle: Any) -> None:
        if handle._scheduled:
            self._forget_timer(handle)
            handle._scheduled = False

    def _write_to_self(self) -> None:
        self._rouse()

    def _make_self_pipe(self) -> None:
        """Makes the socket to which the interpreter writes signals, for the first handler of one."""
        self._ssock, self._csock = socket.socketpair()
        self._ssock.setblocking(False)
        self._csock.setblocking(False)
        self._add_reader(self._ssock.fileno(), self._read_from_self)

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        """Has a callback called on the loop when a signal arrives.

        Args:
            sig: The signal's number.
            callback: What is called.
            args: Its arguments.

        Raises:
            RuntimeError: This is not the main thread, or the signal cannot be caught.
        """
        if self._csock is None:
            self._make_self_pipe()
        super().add_signal_handler(sig, callback, *args)

    # --- asyncio's own handles: in debug mode they know where they were made ---

    def set_debug(self, enabled: bool) -> None:
        """Switches asyncio's debug mode on or off."""
        super().set_debug(enabled)
        self._core_debug = enabled

    def _call_by_asyncio(
        self,
        method: str,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None,
        when: float | None,
    ) -> asyncio.Handle:
        threadsafe = method == "call_soon_threadsafe"
        frames = 1
        if self._debug:
            if not threadsafe:
                self._check_thread()
            self._check_callback(callback, method)
        if when is None:
            kind = python_versions.kind_of_handle(threadsafe)
            frames += kind is not asyncio.Handle  # its __init__ calls that of asyncio.Handle
            handle = kind(callback, args, self, context)
            self._push(handle)
        else:
            handle = asyncio.TimerHandle(when, callback, args, self, context)
            self._push_timer(when, handle)
            handle._scheduled = True
        if handle._source_traceback:
            del handle._source_traceback[-frames:]  # what is left ends where the callback was scheduled
        return handle

    def _run_foreign(self, handle: Any) -> None:
        if isinstance(handle, asyncio.TimerHandle):
            handle._scheduled = False
        if handle._cancelled:
            return
        try:
            self._current_handle: Any = handle if self._debug else None
            begin = time.monotonic()
            handle._run()
            took = time.monotonic() - begin
            if self._debug and took >= self.slow_callback_duration:
                base_events.logger.warning("Executing %s took %.3f seconds", base_events._format_handle(handle), took)
        finally:
            self._current_handle = None
            # A task's exception may keep this frame: with the handle the task would keep itself.
            del handle

    def _callback_took(self, owner: object, name: str, seconds: float) -> None:
        if seconds >= self.slow_callback_duration:
            callback = format_helpers._format_callback_source(getattr(owner, name), ())
            base_events.logger.warning("Executing <Handle %s> took %.3f seconds", callback, seconds)

    # --- what the native half asks ---

    def _callback_failed(self, handle: Any, error: BaseException) -> None:
        callback = format_helpers._format_callback_source(handle._callback, handle._args or ())
        self.call_exception_handler(
            {"message": f"Exception in callback {callback}", "exception": error, "handle": handle}
        )

    def _handle_repr(self, handle: Any) -> str:
        name = "TimerHandle" if isinstance(handle, _native.TimerHandle) else "Handle"
        parts = [name]
        if handle._cancelled:
            parts.append("cancelled")
        if name == "TimerHandle":
            parts.append(f"when={handle._when}")
        if handle._callback is not None:
            parts.append(format_helpers._format_callback_source(handle._callback, handle._args))
        return f"<{' '.join(parts)}>"

    def set_task_factory(self, factory: Any) -> None:
        """Sets what makes tasks, as asyncio has it; None for asyncio's own."""
        super().set_task_factory(factory)
        self._has_task_factory = factory is not None

    def _create_task(self, *args: Any, **options: Any) -> Any:
        task = base_events.BaseEventLoop.create_task(self, *args, **options)
        try:
            # The message names the caller, not this frame.
            if self._task_factory is None and task._source_traceback:
                del task._source_traceback[-1]
            return task
        finally:
            del task


def _end_in_child(process: int, func: Callable[..., Any], *args: Any) -> Any:
    try:
        return func(*args)
    finally:
        if os.getpid() != process:
            _native.end_forked_child()


# The signals of a forked child would be written to the socket of its parent.
# From 3.12 on asyncio does the same.
if sys.version_info < (3, 12):
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))


_ROUND_S_MAX = 86400.0
_STREAM_AT_ONCE = int(socket.SOCK_STREAM | socket.SOCK_NONBLOCK)


def _plain_address(host: Any, port: Any) -> tuple[Any, ...] | None:
    """What a host in digits and a port stand for; None of a name, or of anything else."""
    if type(host) is not str or type(port) is not int:
        return None
    try:
        socket.inet_pton(socket.AF_INET, host)
        return host, port
    except (OSError, ValueError):
        pass
    try:
        socket.inet_pton(socket.AF_INET6, host)
        return host, port, 0, 0
    except (OSError, ValueError):
        return None


class _Unseen:
    """Stands among the weak references to all tasks, and gives the current one to those who iterate over them.

    A handler in its first step has no task unless somebody could tell; asyncio.all_tasks() can. It begins
    anew when the set grows under it, and finds the task that is made here.
    """

    def __call__(self) -> None:
        loop = events._get_running_loop()
        if isinstance(loop, Loop):
            loop._become_task()


def _show_unseen_tasks() -> None:
    references = python_versions.weak_references_to_tasks()
    if references is not None:
        references.add(_Unseen())


_show_unseen_tasks()


class Running:
    """What asyncio sets around a running loop: that it is the running one, and the hooks of generators."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def __enter__(self) -> None:
        loop = self._loop
        loop._set_coroutine_origin_tracking(loop._debug)
        self._hooks = sys.get_asyncgen_hooks()
        loop._thread_id = threading.get_ident()
        sys.set_asyncgen_hooks(
            firstiter=loop._asyncgen_firstiter_hook, finalizer=loop._asyncgen_finalizer_hook
        )
        events._set_running_loop(loop)

    def __exit__(self, *_: object) -> None:
        loop = self._loop
        loop._forget_stop()  # only now: a loop that was stopped before it runs has one round
        loop._thread_id = None
        events._set_running_loop(None)
        loop._set_coroutine_origin_tracking(False)
        sys.set_asyncgen_hooks(*self._hooks)


class _Selector:
    """Stands where asyncio's transports look up what is polled, for their repr()."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def get_key(self, file: Any) -> selectors.SelectorKey:
        descriptor = file if isinstance(file, int) else file.fileno()
        events = 0
        if descriptor >= 0:
            events |= selectors.EVENT_READ if self._loop._has_reader(descriptor) else 0
            events |= selectors.EVENT_WRITE if self._loop._has_writer(descriptor) else 0
        if not events:
            raise KeyError(f"{file!r} is not registered")
        return selectors.SelectorKey(file, descriptor, events, None)


def new_event_loop() -> Loop:
    """A new loop, as for `asyncio.Runner(loop_factory=pelton.loop.new_event_loop)`."""
    return Loop()


def install() -> None:
    """From now on `asyncio.new_event_loop()`, and so `asyncio.run()`, makes pelton's loop.

    This takes an event loop policy, which Python 3.14 deprecates and 3.16 removes: prefer `run()`, or
    `asyncio.run(main(), loop_factory=pelton.loop.new_event_loop)` from 3.12 on.
    """
    if python_versions.POLICIES_ARE_DEPRECATED:
        advice = "call pelton.loop.run(main()), or asyncio.run(main(), loop_factory=pelton.loop.new_event_loop)"
        told = f"pelton.loop.install() needs an event loop policy, which Python 3.16 removes; {advice}"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
    python_versions.set_loop_factory(Loop)


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """`asyncio.run()` on pelton's loop.

    Args:
        main: A coroutine.
        debug: Whether asyncio's debug mode is on; None: as the environment says.

    Returns:
        What the coroutine returns.
    """
    with asyncio.Runner(debug=debug, loop_factory=new_event_loop) as runner:
        return runner.run(main)
