"""Dependencies outside of routes: names, overrides, values of app scope, and `app.scope()`."""

from __future__ import annotations

from pelton.errors import RegistrationError, StartupError, nearest, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping
    from contextlib import AbstractContextManager
    from typing import Any, Self

    from pelton.dependencies.app_values import AppValue, AppValues
    from pelton.dependencies.closers import Closers
    from pelton.dependencies.graph import Graph
    from pelton.dependencies.injection import Injection
    from pelton.messages.service import Service
    from pelton.signature.compiler import Compiler


class Named:
    """What was registered under one name: a value, or a provider with its scope."""

    __slots__ = ("place", "provider", "scope", "value")

    def __init__(self, value: Any, provider: Callable[..., Any] | None, scope: str, place: str) -> None:
        self.value = value
        self.provider = provider
        self.scope = scope
        self.place = place


class Providers:
    """The named providers, the overrides and the values of app scope of one application."""

    def __init__(self, service: Service, compiler_of_no_route: Callable[[str], Compiler]) -> None:
        self.service = service
        self._compiler_of_no_route = compiler_of_no_route
        self.names: dict[str, Named] = {}
        self.overrides: dict[Any, Any] = {}  # this dict for ever: the routes look into it
        self.settled = False  # the routes are compiled
        self.started = False
        self.late: list[Injection] = []  # routes of names that were unknown then
        self._app_values: AppValues | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to start."""
        return self._app_values is not None or bool(self.names or self.late)

    def register(self, name: str, value: Any) -> None:
        """A value for a name; RegistrationError if the name is taken."""
        self._register(name, Named(value, None, "app", f"singleton {name!r}"))

    def register_provider(self, name: str, fn: Callable[..., Any], scope: str) -> None:
        """A provider for a name; RegistrationError if the name is taken."""
        if not callable(fn):
            raise TypeError(f"register_provider() takes a callable, not {fn!r}; a value is a register_singleton()")
        from pelton.validation.markers import read_scope

        self._register(name, Named(None, fn, read_scope(scope), place_of(fn)))

    def replace_overrides(self, overrides: MutableMapping[Any, Any]) -> None:
        given = dict(overrides)
        self.overrides.clear()
        self.overrides.update(given)

    def override(self, key: Callable[..., Any] | str, replacement: Any) -> AbstractContextManager[None]:
        """Within the `with` block another provider or value stands in; RegistrationError for an unknown name."""
        if isinstance(key, str) and key not in self.names:
            near = nearest(key, list(self.names))
            raise RegistrationError(
                f"no dependency is registered as {key!r}" + (f"; did you mean {near!r}?" if near else ""),
                where="app.override()",
                fix="override a registered name, or the provider itself",
            )
        return _overridden(self.overrides, key, replacement)

    def _register(self, name: str, entry: Named) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"a dependency is registered under a name, not {name!r}")
        if self.started:
            raise RegistrationError(
                f"dependency {name!r} comes too late: the app has started",
                where=entry.place,
                fix="register it before run(), in the lifespan or in a start-up hook",
            )
        if name in self.names:
            raise RegistrationError(
                f"a dependency is registered as {name!r} already",
                where=f"{entry.place} and {self.names[name].place}",
                fix="give it another name, or use app.override() in tests",
            )
        self.names[name] = entry

    def app_value(self, graph: Graph, function: Callable[..., Any], blocking: bool) -> AppValue:
        """The one value of a provider of app scope, after the values that it depends on."""
        from pelton.dependencies.app_values import AppValue, AppValues

        values = self._app_values
        if values is None:
            values = self._app_values = AppValues(self.service)
        held = values.by_function.get(function)
        if held is None:
            held = AppValue(function)
            held.step, held.constants = graph.app_call(function, blocking)
            values.by_function[function] = held
        return held

    # --- life ---

    async def start(self) -> None:
        """Behind all that may register names: looks up those that were unknown, makes what is of app scope."""
        from pelton.validation.markers import Dependency

        for injection in self.late:
            injection.current_graph()
        for name, entry in self.names.items():
            if entry.scope == "app" and entry.provider is not None:
                self.graph(place_of(entry.provider)).step(name, None, Dependency(name, True, False, "app"))
        if self._app_values is not None:
            await self._app_values.start()
        self.started = True

    async def stop(self) -> None:
        self.started = False
        if self._app_values is not None:
            await self._app_values.stop()

    # --- outside of routes ---

    def graph(self, place: str, made: dict[Any, Any] | None = None) -> Graph:
        """An empty graph that belongs to no route."""
        from pelton.dependencies.graph import Graph
        return Graph(self._compiler_of_no_route(place), dict(self.overrides), made)


class Scope:
    """Dependencies outside of requests: `async with app.scope() as s: await s.resolve(make)`."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._values: dict[Any, Any] = {}
        self._closers: Closers | None = None

    async def __aenter__(self) -> Self:
        from pelton.dependencies.closers import Closers

        self._closers = Closers(self._providers.service)
        return self

    async def resolve(self, dependency: Callable[..., Any] | str, *, use_cache: bool = True) -> Any:
        """The value of a provider or a name; RegistrationError if it needs a request, StartupError if it is unknown."""
        from pelton.dependencies.graph import UnknownName
        from pelton.dependencies.walking import made
        from pelton.validation.markers import Dependency

        if self._closers is None:
            raise RuntimeError("resolve() needs an open scope: async with app.scope() as s")
        place = "" if isinstance(dependency, str) else place_of(dependency)
        graph = self._providers.graph(place, self._values)
        try:
            last = graph.step("resolve()", None, Dependency(dependency, use_cache, False, "request"))
        except UnknownName as error:
            raise StartupError(str(error)) from None
        graph.settle()
        known = graph.constants()
        for step in graph.steps:
            value = known[id(step)] = await made(step, known, self._closers)
            if step.key is not None:
                self._values[step.key] = value
        if last.kind == "app":
            assert last.held is not None
            return last.held.value
        return last.constant if last.kind == "constant" else known[id(last)]

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        closers, self._closers = self._closers, None
        assert closers is not None
        if error is None:
            await closers.end()
            return
        try:
            await closers.throw_later(error)
        except BaseException as raised:
            if raised is not error:
                raise


def _overridden(overrides: dict[Any, Any], key: Any, replacement: Any) -> AbstractContextManager[None]:
    from contextlib import contextmanager

    @contextmanager
    def overridden() -> Iterator[None]:
        absent = object()
        before = overrides.get(key, absent)
        overrides[key] = replacement
        try:
            yield
        finally:
            if before is absent:
                overrides.pop(key, None)
            else:
                overrides[key] = before

    return overridden()
