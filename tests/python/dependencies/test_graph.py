"""What is refused when a route is registered: cycles, scopes that do not fit, providers without a source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from pelton import App, Depends, HandlerSignatureError, RegistrationError, Request


def refusal(handler: Callable[..., Any], **options: Any) -> str:
    with pytest.raises(RegistrationError) as raised:
        App().add_route("/", handler, **options)
    return str(raised.value)


def test_cycles() -> None:
    def a(b: Any = None) -> None: ...
    def b(a: Any = Depends(a)) -> None: ...

    a.__defaults__ = (Depends(b),)
    assert "a() depends on itself: a -> b -> a" in refusal(lambda a=Depends(a): a)
    app = App()
    app.register_provider("one", lambda other=Depends("two"): other)
    app.register_provider("two", lambda other=Depends("one"): other)
    with pytest.raises(RegistrationError, match="depends on itself"):
        app.add_route("/", lambda one=Depends("one"): one)


def test_parameters_without_a_source_name_provider_and_parameter() -> None:
    def provider(request: Request, what: Any) -> None: ...

    text = refusal(lambda one=Depends(provider): one)
    assert "parameter 'what' of provider()" in text and "test_graph.py" in text
    with pytest.raises(HandlerSignatureError, match="without an annotation"):
        App().add_route("/", lambda one=Depends(): one)


def test_scopes_that_do_not_fit() -> None:
    def short() -> Iterator[int]:
        yield 1

    def long(short: int = Depends(short, scope="handler")) -> Iterator[int]:
        yield short

    assert "long() lives longer than short()" in refusal(lambda one=Depends(long): one)
    App().add_route("/", lambda one=Depends(long, scope="handler"): one)

    def of_app(short: int = Depends(short)) -> int:
        return short

    assert "of app scope depends on short()" in refusal(lambda one=Depends(of_app, scope="app"): one)

    def reads(page: int) -> int:
        return page

    assert "'page' is read from a request" in refusal(lambda one=Depends(reads, scope="app"): one)
    with pytest.raises(ValueError, match="scope is 'app'"):
        Depends(short, scope="session")  # type: ignore[arg-type]


def test_blocking_of_a_coroutine_function() -> None:
    async def later() -> None: ...

    assert "later() is an async def with blocking=True" in refusal(lambda one=Depends(later, blocking=True): one)


def test_what_depends_takes() -> None:
    with pytest.raises(TypeError, match="a callable or a name"):
        Depends(5)  # type: ignore[arg-type]
    for wrong in (Depends(int), [int], "name", [Depends()]):
        with pytest.raises(TypeError):
            App().add_route("/", lambda: 1, dependencies=wrong)

    def twice(one: Annotated[int, Depends(int)] = Depends(int)) -> None: ...

    assert "two markers" in refusal(twice)


def test_context_managers() -> None:
    @contextmanager
    def opened() -> Iterator[int]:
        yield 1

    @asynccontextmanager
    async def opened_later() -> AsyncIterator[int]:
        yield 1

    for provider in (opened, opened_later):
        text = refusal(lambda one=Depends(provider): one)
        assert f"the provider {provider.__name__}() is under a decorator that makes it a context manager" in text
        assert "fix:   write the generator without @contextmanager" in text


def test_providers_without_a_hash() -> None:
    @dataclass
    class Paging:
        limit: int = 10

        def __call__(self, page: int = 1) -> int:
            return page * self.limit

    text = refusal(lambda one=Depends(Paging()): one)
    assert "has no hash" in text and "fix:   give Paging a __hash__" in text and "GET /" in text
