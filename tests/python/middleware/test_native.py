"""Which middleware an app has, and that one without any pays nothing."""

from __future__ import annotations

import pytest

from pelton import App, ConfigError
from pelton.middleware.native import NativeMiddleware


def test_each_is_enabled_once_and_known_by_its_name() -> None:
    app = App()
    middleware: NativeMiddleware = app._parts.middleware
    assert middleware.enabled == []
    app.enable_security_headers()
    app.enable_cors()
    assert middleware.enabled == ["security_headers", "cors"]
    with pytest.raises(ConfigError, match=r"enable_cors\(\) was called before"):
        app.enable_cors()


def test_one_that_is_refused_is_not_enabled() -> None:
    app = App()
    with pytest.raises(ConfigError):
        app.enable_cors(max_age=-1)
    assert app._parts.middleware.enabled == []
    app.enable_cors()
