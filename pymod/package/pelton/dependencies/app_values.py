"""Values of app scope: made at start in the order of their dependencies, closed at stop in reverse."""

from __future__ import annotations

from pelton.callables import name_of
from pelton.dependencies.closers import Closers
from pelton.dependencies.walking import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.dependencies.graph import Step
    from pelton.messages.service import Service


class AppValue:
    """One value; reading it before it is made is a RuntimeError."""

    __slots__ = ("constants", "function", "step", "value")

    step: Step
    constants: dict[int, Any]  # arguments that no provider makes, as the step refers to them
    value: Any

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name_of(self.function)}() of app scope has not run: it does when the app starts")


class AppValues:
    """The values of app scope of one application, each after those that it needs."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.by_function: dict[Callable[..., Any], AppValue] = {}
        self._closers: Closers | None = None

    async def start(self) -> None:
        """Makes each value; if one fails, its error is thrown into those before it, which close, and raised."""
        closers = self._closers = Closers(self.service)
        try:
            for held in self.by_function.values():
                held.value = await made(held.step, held.constants, closers)
        except BaseException as error:
            self._closers = None
            self._forget()
            await closers.throw_later(error)

    async def stop(self) -> None:
        closers, self._closers = self._closers, None
        if closers is not None:
            try:
                await closers.end()
            finally:
                self._forget()

    def _forget(self) -> None:
        for held in self.by_function.values():
            try:
                del held.value
            except AttributeError:
                pass  # it was not made
