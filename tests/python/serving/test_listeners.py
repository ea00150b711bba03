"""Listening sockets: of several workers, on a path, and those that cannot be bound."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pelton import StartupError
from pelton.config.settings import defaults, with_changes
from pelton.serving.listeners import bind, close_all, inherited


def changed(**changes: object) -> dict[str, object]:
    return with_changes(defaults(), changes, "test")


def test_listeners_of_several_workers_share_a_port() -> None:
    workers = bind(changed(port=0), 3)
    listeners = [one for (one,) in workers]
    try:
        assert len({one.port for one in listeners}) == 1 and len({one.descriptor for one in listeners}) == 3
        assert listeners[0].url == f"http://127.0.0.1:{listeners[0].port}"
        assert inherited(listeners[0].descriptor).url == listeners[0].url
        with pytest.raises(StartupError, match="already in use"):
            bind(changed(port=listeners[0].port))
    finally:
        close_all(workers)
        close_all(workers)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (changed(host="192.0.2.1", port=0), "no address of this machine"),
        (changed(host="nohost.invalid"), r"^nohost\.invalid:8000 names a host that cannot be resolved: [^:]+; .* --host$"),
        (changed(uds="/nonexistent/socket"), "--uds"),
        (changed(uds="/" + "long" * 50), "path too long; choose another with --uds"),
        (changed(uds="/tmp"), "^/tmp exists and is no socket; choose another path with --uds$"),
    ],
)
def test_what_cannot_be_bound(settings: dict[str, object], says: str) -> None:
    with pytest.raises(StartupError, match=says):
        bind(settings)


def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    ((first,),) = bind(changed(uds=path))
    assert inherited(first.descriptor).url == f"unix:{path}" == first.url
    with pytest.raises(StartupError, match="already in use"):
        bind(changed(uds=path))
    os.close(first.descriptor)
    ((second,),) = bind(changed(uds=path))  # the first was left behind
    second.close()
    assert not os.path.exists(path)
    Path(path).write_text("a file")
    with pytest.raises(StartupError, match="exists and is no socket"):
        bind(changed(uds=path))
    assert Path(path).read_text() == "a file"
