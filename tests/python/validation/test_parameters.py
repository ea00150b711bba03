"""Reading parameters from every kind of callable."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import pytest

from pelton.validation.annotations import Unfit
from pelton.validation.parameters import EMPTY, Unresolved, parameters_of


def read(handler: Any) -> list[tuple[str, Any, Any, bool]]:
    found, _ = parameters_of(handler)
    return [(p.name, p.annotation, p.default, p.keyword) for p in found]


def plain(a, /, b: int, c: str = "d", *, e: float = 1.5) -> bytes:  # type: ignore[no-untyped-def]
    return b""


class Thing:
    def method(self, a: int) -> None: ...

    def __call__(self, b: str = "x") -> None: ...

    @classmethod
    def made(cls, c: int) -> None: ...

    @staticmethod
    def still(d: int) -> None: ...


def test_functions() -> None:
    assert read(plain) == [("a", EMPTY, EMPTY, False), ("b", int, EMPTY, False), ("c", str, "d", False), ("e", float, 1.5, True)]
    assert parameters_of(plain)[1] is bytes


@pytest.mark.parametrize(
    ("handler", "seen"),
    [
        (Thing().method, [("a", int, EMPTY, False)]),
        (Thing(), [("b", str, "x", False)]),
        (Thing.made, [("c", int, EMPTY, False)]),
        (Thing.still, [("d", int, EMPTY, False)]),
        (functools.partial(plain, 1), [("b", int, EMPTY, False), ("c", str, "d", False), ("e", float, 1.5, True)]),
        (
            functools.partial(plain, 1, b=2),
            [("b", int, 2, True), ("c", str, "d", True), ("e", float, 1.5, True)],
        ),
    ],
)
def test_other_callables(handler: Any, seen: Any) -> None:
    assert read(handler) == seen


def test_wrapped_functions_are_followed() -> None:
    def around(function: Any) -> Any:
        @functools.wraps(function)
        def inner(*arguments: Any, **keywords: Any) -> Any:
            return function(*arguments, **keywords)

        return inner

    def handler(a: int, b: str = "x") -> int:
        return a

    assert read(around(handler)) == [("a", int, EMPTY, False), ("b", str, "x", False)]


def test_strings_are_resolved_in_the_function_and_what_it_closes_over() -> None:
    class Local:
        pass

    def handler(a: Local, b: Annotated[list[Local], "kept"]) -> None:
        assert Local

    found = {name: annotation for name, annotation, _, _ in read(handler)}
    assert found["a"] is Local and found["b"].__metadata__ == ("kept",)


def test_names_that_do_not_exist() -> None:
    def handler(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(Unresolved) as raised:
        parameters_of(handler)
    assert raised.value.parameter == "a"


@pytest.mark.parametrize("handler", [lambda *a: 1, lambda **k: 1, functools.partial(lambda *a: 1)])
def test_stars_are_refused(handler: Any) -> None:
    with pytest.raises(Unfit, match="no source"):
        parameters_of(handler)
