"""The types of the loop belong to the module."""

from __future__ import annotations

import pytest

from pelton import _native
from pelton.loop import Loop


def test_who_is_what() -> None:
    loop = Loop("epoll")
    soon, later = loop.call_soon(print), loop.call_later(1, print)
    assert type(soon) is _native.Handle and type(later) is _native.TimerHandle
    assert isinstance(later, _native.Handle) and isinstance(loop, _native.LoopCore)
    loop.close()
    with pytest.raises(TypeError):
        _native.Handle()
