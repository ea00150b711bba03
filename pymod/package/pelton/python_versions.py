"""What differs between the versions of Python, 3.11 to 3.14, in what the package uses of them.

The native half has pymod/hotpath/python_versions.hpp. No other module looks at the version.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from inspect import Signature
    from typing import Any

# A transport of asyncio is refused a descriptor that another one uses.
TRANSPORTS_ARE_EXCLUSIVE = sys.version_info >= (3, 12)

# Python 3.16 removes the policies of asyncio's event loops.
POLICIES_ARE_DEPRECATED = sys.version_info >= (3, 14)


def annotations_of(function: Any) -> dict[str, Any]:
    """A function's annotations by parameter, as written.

    From 3.14 on they are evaluated here for the first time (PEP 649). Where a name does not exist yet,
    or only for type checkers, the annotation that has it is a ForwardRef, and the others are not harmed.
    """
    try:
        found: dict[str, Any] = function.__annotations__
    except NameError:
        if sys.version_info >= (3, 14):
            from annotationlib import Format, get_annotations

            return get_annotations(function, format=Format.FORWARDREF)
        raise
    return found


def signature_of(function: Any, *, follow_wrapped: bool = True) -> Signature:
    """inspect.signature(), with annotations as annotations_of() gives them."""
    import inspect

    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, follow_wrapped=follow_wrapped, annotation_format=Format.FORWARDREF)
    else:
        return inspect.signature(function, follow_wrapped=follow_wrapped)


def prepare_unix_loop(loop: Any) -> None:
    """Sets what the methods of asyncio's Unix event loop look for and its __init__() would have set."""
    loop._signal_handlers = {}
    if sys.version_info >= (3, 12):
        loop._unix_server_sockets = {}
    if sys.version_info >= (3, 14):
        from asyncio import unix_events

        # Before, a watcher of child processes is the policy's.
        unix: Any = unix_events
        loop._watcher = unix._PidfdChildWatcher() if unix.can_use_pidfd() else unix._ThreadedChildWatcher()


def kind_of_handle(threadsafe: bool) -> type[asyncio.Handle]:
    """What a callback's handle is; from 3.14 on, other threads wait at theirs while the callback runs."""
    from asyncio import events

    locked: type[asyncio.Handle] | None = getattr(events, "_ThreadSafeHandle", None) if threadsafe else None
    return locked or events.Handle


def set_loop_factory(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """From now on asyncio.new_event_loop() calls it. Nothing warns of the policy that this takes."""
    from asyncio import events, unix_events

    class Policy(unix_events._UnixDefaultEventLoopPolicy):
        _loop_factory = staticmethod(factory)

    change = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy
    change(Policy())


def weak_references_to_tasks() -> set[Any] | None:
    """The weak references that asyncio.all_tasks() looks through, among others; None if there is no way to them."""
    import asyncio

    if sys.version_info < (3, 14):
        registered = getattr(asyncio.tasks, "_scheduled_tasks", None)  # 3.12
        if registered is None:
            registered = asyncio.tasks._all_tasks  # type: ignore[attr-defined]
    else:
        # Those of tasks that are not asyncio.Task: only the garbage collector shows them.
        import _asyncio
        import gc
        import weakref

        sets = [one for one in gc.get_referents(_asyncio) if type(one) is weakref.WeakSet]
        registered = sets[0] if len(sets) == 1 else None
    data: set[Any] | None = getattr(registered, "data", None)
    return data
