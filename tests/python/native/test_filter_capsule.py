"""How what makes filters of connections gets from one module to another: in a capsule that says what it holds."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import pelton.loop
from authorities import Authority
from pelton import App, _native, _tls
from pelton.config.settings import defaults, native_values
from pelton.routing.app_parts import parts_of


def server(filters: object) -> _native.Server:
    listener, _ = _native.bind_listener("127.0.0.1", 0, backlog=1)
    return _native.Server(
        parts_of(App()).freeze(), listeners=[listener], config=native_values(defaults()), engine="epoll", filters=filters, filtered=[listener]
    )


def test_a_capsule_of_filters_is_taken_and_another_is_not(tmp_path: Path, loop: pelton.loop.Loop) -> None:
    pair = Authority(tmp_path).issue("server")
    right = server(_tls.load(pairs=[(str(pair.certificate), str(pair.key))]))
    with pytest.raises(TypeError):
        server(1)
    wrong = server(getattr(datetime, "datetime_CAPI"))
    with pytest.raises(ValueError, match="incorrect name"):
        wrong.open(signals=False, loop=loop)
    right.close()
    wrong.close()
