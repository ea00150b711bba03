"""Workers whose ring fails while they serve: calls to the kernel are made to fail, for real."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from supervised import Supervised

APP = """
import os
from pelton import App, ServerConfig, TimeoutConfig
app = App(server=ServerConfig(timeouts=TimeoutConfig(graceful=2, lifespan_shutdown=0.5, ws_close_timeout=1, read_header=1, drain_idle=0.2)))
app.add_route("/", lambda: os.getpid())
"""

REQUESTS = 400


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.skipif(os.environ.get("PELTON_ENGINE") == "epoll", reason="there is no ring to fail")
@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("error=EBADR:when=200", "ENG-032: a completion was dropped"),
        ("error=ENOMEM:when=200+", "ENG-034: the kernel has no memory for it any more"),
        ("error=ENOEXEC:when=200+", "ENG-039: an errno that nobody knows"),
    ],
)
def test_ENG_032_ENG_034_ENG_039_a_ring_that_fails_is_replaced_by_epoll(tmp_path: Path, fault: str, rule: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_enter"]
    running = Supervised(
        tmp_path, "web.py", before=[*trace, "-e", f"inject=io_uring_enter:{fault}"], PELTON_ENGINE="auto"
    )
    try:
        (worker,) = running.ready()
        if running.engine != "uring":
            pytest.skip("io_uring does not work here")
        with suppress(OSError, AssertionError), running.connect() as connection:
            connection.settimeout(1)
            for _ in range(REQUESTS):
                assert running.ask(connection).endswith(str(worker).encode())
        said = running.say_until(r"as io_uring failed; it starts again with epoll")
        assert any("error pelton.engine: the engine fails (" in line for line in said), said
        assert running.ready() != [worker] and running.engine == "epoll"
        with running.connect() as connection:
            assert running.ask(connection).endswith(str(running.workers[-1]).encode())
    finally:
        running.end()
