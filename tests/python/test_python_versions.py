"""One function for each thing that differs between the versions of Python."""

from __future__ import annotations

import asyncio
import sys
import warnings
from typing import Any

import pytest

from pelton import App, python_versions
from pelton.errors import HandlerSignatureError
from pelton.testing import TestClient

# Without the __future__ import of this file, as an application of 3.14 is written.
LAZY = """
from typing import TYPE_CHECKING, Annotated
from pelton import Header

if TYPE_CHECKING:
    from decimal import Decimal

def later(item: Item, tag: Annotated[str, Header()] = "none", n: int = 1) -> "dict[str, Item | str | int]":
    return {"item": item, "tag": tag, "n": n}

def never(price: Decimal):
    return 1

class Callable:
    def __call__(self, item: list[Item]):
        return len(item)
"""
ITEM = """
from dataclasses import dataclass

@dataclass
class Item:
    x: int
    next: Item | None = None
"""


def _module() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "lazy"}
    exec(compile(LAZY, "lazy.py", "exec", dont_inherit=True), names)
    return names


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are lazy from 3.14 on")
class TestLazyAnnotations:
    def test_a_class_may_be_defined_after_the_handler(self) -> None:
        names = _module()
        app = App()
        app.add_route("/later", names["later"], methods=["POST"])
        app.add_route("/many", names["Callable"](), methods=["POST"])
        exec(compile(ITEM, "lazy.py", "exec", dont_inherit=True), names)
        client = TestClient(app)
        answer = client.post("/later?n=3", json={"x": 5, "next": {"x": 6}}, headers={"tag": "a"})
        assert answer.json() == {"item": {"x": 5, "next": {"x": 6, "next": None}}, "tag": "a", "n": 3}
        assert client.post("/later", json={"x": "no"}).status_code == 422
        assert client.post("/many", json=[{"x": 1}, {"x": 2}]).json() == 2

    def test_a_name_for_type_checkers_alone_is_said(self) -> None:
        app = App()
        app.add_route("/", _module()["never"])
        with pytest.raises(HandlerSignatureError, match="Decimal"):
            TestClient(app).get("/")

    def test_only_the_unknown_annotation_is_a_forward_reference(self) -> None:
        hints = python_versions.annotations_of(_module()["later"])
        assert hints["n"] is int and hints["return"] == "dict[str, Item | str | int]"
        assert type(hints["item"]).__name__ == "ForwardRef"


def test_annotations_are_those_of_the_function() -> None:
    def function(a: int, b: str = "x") -> None: ...

    assert python_versions.annotations_of(function) is function.__annotations__
    assert list(python_versions.signature_of(function).parameters) == ["a", "b"]


def test_install_warns_where_policies_are_deprecated() -> None:
    import pelton.loop
    from asyncio import events

    async def kind() -> type:
        return type(asyncio.get_running_loop())

    before = events._event_loop_policy  # type: ignore[attr-defined]
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            pelton.loop.install()
        assert asyncio.run(kind()) is pelton.loop.Loop
    finally:
        events._event_loop_policy = before  # type: ignore[attr-defined]
    kinds = [(one.category, one.filename) for one in told]
    assert kinds == [(DeprecationWarning, __file__)] * python_versions.POLICIES_ARE_DEPRECATED
    assert all("pelton.loop.run(" in str(one.message) for one in told)


def test_import_and_use_of_a_loop_warn_of_nothing() -> None:
    import subprocess

    code = "import asyncio, pelton.loop; pelton.loop.run(asyncio.sleep(0))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_loop_starts_processes() -> None:
    import pelton.loop

    async def ask() -> tuple[bytes, int | None]:
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        return said, process.returncode

    assert pelton.loop.run(ask()) == (b"hello\n", 0)


def test_all_tasks_looks_through_the_references() -> None:
    references = python_versions.weak_references_to_tasks()
    assert references is not None
    asked: list[bool] = []

    def witness() -> None:
        asked.append(True)

    async def look() -> None:
        references.add(witness)
        try:
            asyncio.all_tasks()
        finally:
            references.discard(witness)

    asyncio.run(look())
    assert asked
