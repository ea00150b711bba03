"""Every Python example runs and answers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from pelton import App
from pelton.testing import TestClient, live_server

FOLDER = Path(__file__).parents[2] / "examples"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_it_has_an_app_that_starts(path: Path) -> None:
    app = loaded(path.stem).app
    assert isinstance(app, App) and app.routes
    with live_server(app) as server:
        assert server.port


def test_hello() -> None:
    client = TestClient(loaded("hello").app)
    assert client.get("/").json() == {"hello": "world"}
    assert client.get("/items/7?q=x").json() == {"id": 7, "q": "x"}
    assert client.get("/items/x").status_code == 422
