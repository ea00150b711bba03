"""CPython's own asyncio tests against pelton's loop: `python tests/conformance/asyncio_suite.py`.

Takes modules (`test_events`), `--engine` and `--factory` (a `module:name`, to see how another loop
fares). The tests are those of the running Python; asyncio_exceptions.toml says which may fail.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import loop_suite  # noqa: E402

PACKAGE = "test.test_asyncio"

# What is not there makes no loop that could be ours: futures, protocols and transports on mocks,
# test_selector_events on subclasses of its own, proactor and windows.
MODULES = (
    "test_base_events", "test_buffered_proto", "test_context", "test_eager_task_factory",
    "test_events", "test_futures2", "test_locks", "test_queues", "test_runners", "test_sendfile",
    "test_server", "test_sock_lowlevel", "test_ssl", "test_sslproto", "test_staggered",
    "test_streams", "test_subprocess", "test_taskgroups", "test_tasks", "test_threads",
    "test_timeouts", "test_unix_events", "test_waitfor",
)  # fmt: skip
LEFT_OUT = (
    # They hand over a selector of another kind, for which no native loop has a use.
    "PollEventLoopTests", "SelectEventLoopTests",
    # Of a bare BaseEventLoop, for which its cases run on ours (take_the_place_of_the_base): they step
    # through _run_once with a selector that is a mock. With a real one asyncio's loop fails them too.
    *(f"BaseEventLoopTests.test_{name}" for name in (
        "_run_once", "_run_once_cancelled_event_cleanup", "_run_once_schedule_handle",
        "custom_run_forever_integration",
        "not_implemented", "run_forever_pre_stopped", "set_exc_handler_broken",
        "set_exc_handler_custom", "single_selecter_event_callback_after_stopping",
    )),
)  # fmt: skip
QUICK = ("test_buffered_proto", "test_server", "test_sock_lowlevel", "test_streams", "test_timeouts")


def is_there() -> bool:
    return importlib.util.find_spec("test") is not None and importlib.util.find_spec(PACKAGE) is not None


def suite() -> loop_suite.Suite:
    there = tuple(
        f"{PACKAGE}.{name}" for name in MODULES if importlib.util.find_spec(f"{PACKAGE}.{name}")
    )
    return loop_suite.Suite(
        there,
        "asyncio",
        loop_suite.HERE / "asyncio_exceptions.toml",
        left_out=LEFT_OUT,
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("modules", nargs="*", help=", ".join(MODULES))
    arguments.add_argument("--engine", action="append", choices=("epoll", "uring"))
    arguments.add_argument("--factory", default=loop_suite.OURS)
    options = arguments.parse_args()
    if not is_there():
        print("this Python came without its tests: nothing is judged")
        return 0
    judged = suite()
    modules = [f"{PACKAGE}.{name}" for name in options.modules] or judged.modules
    engines = options.engine or loop_suite.engines()
    return 1 if loop_suite.run_all(judged, engines, modules, options.factory) else 0


if __name__ == "__main__":
    sys.exit(main())
