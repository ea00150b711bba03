"""The applications of examples/, each loaded anew for the test that serves it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import httpx

FOLDER = Path(__file__).parents[2] / "examples"


def loaded(path: str) -> ModuleType:
    """The module of examples/PATH.py, with a state of its own."""
    file = FOLDER / f"{path}.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def client_to(url: str) -> httpx.Client:
    """Patient, and without the certificates that nobody here needs."""
    return httpx.Client(base_url=url, timeout=60, verify=False)  # noqa: S501
