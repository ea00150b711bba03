"""uvloop's own tests against pelton's loop: `python tests/conformance/uvloop_suite.py --suite FOLDER`.

FOLDER is what `tools/dev conformance` makes: `site` with uvloop and what its tests need, `tests`
from its source distribution. Both halves are run, those written for uvloop and those it puts beside
them for asyncio; uvloop_exceptions.toml says which may fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import loop_suite  # noqa: E402

# What is not there judges uvloop's sources, its Cython and libuv interfaces, and its own run().
MODULES = (
    "test_aiohttp", "test_base", "test_context", "test_dns", "test_executors", "test_pipes",
    "test_process", "test_process_spawning", "test_regr1", "test_signals", "test_sockets",
    "test_tcp", "test_udp", "test_unix",
)  # fmt: skip


def suite(folder: Path) -> loop_suite.Suite:
    return loop_suite.Suite(
        tuple(f"tests.{name}" for name in MODULES),
        "uvloop",
        loop_suite.HERE / "uvloop_exceptions.toml",
        paths=(str(folder.resolve()), str(folder.resolve() / "site")),
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("modules", nargs="*", help=", ".join(MODULES))
    arguments.add_argument("--suite", type=Path, required=True, metavar="FOLDER")
    arguments.add_argument("--engine", action="append", choices=("epoll", "uring"))
    arguments.add_argument("--factory", default=loop_suite.OURS)
    options = arguments.parse_args()
    judged = suite(options.suite)
    modules = [f"tests.{name}" for name in options.modules] or judged.modules
    engines = options.engine or loop_suite.engines()
    return 1 if loop_suite.run_all(judged, engines, modules, options.factory) else 0


if __name__ == "__main__":
    sys.exit(main())
