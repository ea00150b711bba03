"""How the codec of HTTP/2 gets from one module to another: in a capsule that says what it holds."""

from __future__ import annotations

import datetime

import pytest

import pelton.loop
from pelton import App, _http2, _native
from pelton.config.settings import defaults, native_values
from pelton.routing.app_parts import parts_of


def server(http2: object) -> _native.Server:
    listener, _ = _native.bind_listener("127.0.0.1", 0, backlog=1)
    return _native.Server(parts_of(App()).freeze(), listeners=[listener], config=native_values(defaults()), engine="epoll", http2=http2, h2c=True)


def test_a_capsule_of_codecs_is_taken_and_another_is_not(loop: pelton.loop.Loop) -> None:
    right = server(_http2.codecs())
    with pytest.raises(TypeError):
        server(1)
    wrong = server(getattr(datetime, "datetime_CAPI"))
    with pytest.raises(ValueError, match="incorrect name"):
        wrong.open(signals=False, loop=loop)
    right.close()
    wrong.close()
