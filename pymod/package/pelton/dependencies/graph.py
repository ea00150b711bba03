"""What a handler depends on: its providers in the order of their calls, and the values they all start from."""

from __future__ import annotations

import copy

from pelton.callables import is_async, is_async_generator, is_context_manager, is_coroutine, is_generator, is_passed_on, name_of
from pelton.errors import RegistrationError, nearest
from pelton.validation.annotations import unwrapped
from pelton.validation.marker_reading import StateReader, is_dependency
from pelton.validation.markers import Dependency
from pelton.validation.parameters import EMPTY, Unresolved, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pelton._native import Argument
    from pelton.dependencies.app_values import AppValue
    from pelton.signature.compiler import Compiler
    from pelton.signature.sources import Source
    from pelton.validation.parameters import Parameter

ORDER = ("path", "query", "header", "cookie", "form", "body")

# One of each serves all functions that take it.
_SHARED = ("request", "response", "background", "websocket")


class UnknownName(Unresolved):
    """A name that is not registered, or not yet."""

    def __init__(self, parameter: str, name: str, known: list[str]) -> None:
        near = nearest(name, known)
        hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(sorted(known)) or 'none'}"
        super().__init__(parameter, NameError(f"no dependency is registered as {name!r}; {hint}"))
        self.name = name


class Leaf:
    """A value from the request or the application, which needs no provider."""

    __slots__ = ("argument", "source")

    def __init__(self, argument: Argument, source: Source | None) -> None:
        self.argument = argument
        self.source = source  # None where the native half alone knows, or everybody


class Step:
    """The value of one provider: where it comes from, and with which arguments."""

    __slots__ = (
        "arguments",
        "blocking",
        "constant",
        "function",
        "held",
        "is_passed_on",
        "key",
        "kind",
        "reads_scopes",
        "scope",
    )

    def __init__(self, kind: str, scope: str = "request") -> None:
        self.kind = kind  # constant, app, call, coroutine, generator, async_generator
        self.scope = scope
        self.function: Callable[..., Any] | None = None
        self.is_passed_on = False  # the kind is that of the function that a def wraps: its result decides
        self.blocking = False
        self.constant: Any = None
        self.held: AppValue | None = None
        self.arguments: list[tuple[str | None, Leaf | Step]] = []  # by keyword, or None
        self.reads_scopes = False  # of Security(): the value is another where others are asked for
        self.key: Any = None  # of the cache; None for a value that is not shared

    @property
    def generates(self) -> bool:
        return self.kind in ("generator", "async_generator")

    @property
    def runs_in_pool(self) -> bool:
        """Whether the call does; a generator's only makes it, and its steps run there."""
        return self.blocking and (self.kind == "call" or self.is_passed_on)

    @property
    def method(self) -> str:
        """What a value of this kind has, and no plain one."""
        return {"coroutine": "__await__", "generator": "throw", "async_generator": "athrow"}[self.kind]

    @property
    def awaited(self) -> bool:
        return self.blocking or self.kind in ("coroutine", "async_generator")


class Graph:
    """One handler's dependencies, flat: `steps` in order of their calls, `leaves` in the order in which they are read."""

    def __init__(self, compiler: Compiler, overrides: Mapping[Any, Any], made: Mapping[Any, Any] | None = None) -> None:
        self.compiler = compiler
        self.providers = compiler.providers
        self.overrides = overrides
        self.made = {} if made is None else made  # values that exist already, by key
        self.steps: list[Step] = []
        self.leaves: list[Leaf] = []
        self.shared: dict[str, Leaf] = {}
        self.effects: list[Step] = []
        self.handler_arguments: list[tuple[str | None, Leaf | Step]] = []
        self._cached: dict[Any, Step] = {}
        self._path: list[Any] = []  # providers that are being looked at, from the handler down
        self._replacing: list[Any] = []  # keys of overrides on that path
        self._scopes: list[str] = []  # that Security() asks for on that path
        # Bodies last: whether they share one object depends on how many there are.
        self._open: list[tuple[Compiler, list[tuple[Parameter, Any]], list[tuple[str | None, Leaf | Step]]]] = []

    def with_effects(self, dependencies: tuple[Dependency, ...]) -> None:
        """Providers that run for their effect, before all others."""
        for one in dependencies:
            self.compiler.parameter = "dependencies"
            self.effects.append(self.step("dependencies=", EMPTY, one))

    def arguments_of(
        self, compiler: Compiler, slots: list[tuple[Parameter, Any]]
    ) -> list[tuple[str | None, Leaf | Step]]:
        """The arguments of one call. What is no dependency is filled in by settle()."""
        arguments: list[tuple[str | None, Leaf | Step]] = []
        for parameter, slot in slots:
            made: Any = None
            if is_dependency(slot):
                compiler.parameter = parameter.name
                made = self.step(compiler.says(parameter), slot[1], slot[2])
            elif isinstance(slot, dict) and isinstance(slot.get("resolve"), StateReader):
                # In its turn: an earlier provider may have set it.
                made = Step("call")
                made.function = slot["resolve"]
                made.arguments = [(None, self.leaf_of({"source": "request"}, None))]
                self.steps.append(made)
            arguments.append((parameter.name if parameter.keyword else None, made))
        self._open.append((compiler, slots, arguments))
        return arguments

    def settle(self) -> None:
        """Fills in what is read from the request, of every provider and then of the handler."""
        several = self.compiler.has_several_bodies()
        for compiler, slots, arguments in self._open:
            own: list[Leaf] = []
            for at, (parameter, slot) in enumerate(slots):
                if arguments[at][1] is not None:
                    continue
                argument = compiler.argument(parameter, slot, several)
                argument.pop("keyword", None)
                source = next((one for one in compiler.sources if one.argument is argument), None)
                leaf = self.leaf_of(argument, source)
                arguments[at] = (arguments[at][0], leaf)
                if argument["source"] not in _SHARED:
                    own.append(leaf)
            self.leaves += sorted(own, key=_order_of)
            if compiler is not self.compiler:
                self.compiler.sources += compiler.sources
        self._open.clear()
        if "background" in self.shared:
            # The tasks are in the side channel, and what closes after the answer comes before them.
            self.leaf_of({"source": "response", "parameter": "response"}, None)
        self.leaves = [*self.shared.values(), *self.leaves]

    def leaf_of(self, argument: Argument, source: Source | None) -> Leaf:
        kind = argument["source"]
        if kind not in _SHARED:
            return Leaf(argument, source)
        return self.shared.setdefault(kind, Leaf(argument, None))

    def told(self, unfit: Mapping[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The entries of these leaves as a client reads them: each provider's own before its user's, for every user."""
        told: list[dict[str, Any]] = []

        def tell(arguments: list[tuple[str | None, Leaf | Step]]) -> None:
            for _, one in arguments:
                if isinstance(one, Step):
                    tell(one.arguments)
            own = [one for _, one in arguments if isinstance(one, Leaf)]
            for leaf in sorted(own, key=_order_of):
                told.extend(unfit.get(id(leaf), ()))

        tell([(None, step) for step in self.effects])
        tell(self.handler_arguments)
        return told

    def runs_without(self, unfit: Iterable[int]) -> bool:
        """Whether a provider can be called though these leaves are unfit."""
        lacking = set(unfit)
        for step in self.steps:
            if not any(id(one) in lacking for _, one in step.arguments):
                return True
            lacking.add(id(step))
        return False

    # --- providers ---

    def step(self, says: str, tp: Any, marker: Dependency) -> Step:
        """The value of one Depends(); a new step only if its value is not made already."""
        provider = marker.provider
        if provider is None:
            if tp is EMPTY:
                raise self.compiler.refused(f"{says} is Depends() without an annotation", "annotate the class that makes it")
            provider = unwrapped(tp)
            if not callable(provider):
                raise self.compiler.refused(f"{says} is Depends() of {provider!r}, which is no class", "name the provider: Depends(make)")
        above = len(self._scopes)
        self._scopes += [one for one in marker.scopes if one not in self._scopes]
        try:
            self.refuse_unhashable(provider)
            within = provider in self._replacing
            if isinstance(provider, str):
                return self.named(provider, marker, within)
            if not within and provider in self.overrides:
                return self.replaced(provider, self.overrides[provider], marker, marker.scope)
            return self.provided(provider, marker, marker.scope)
        finally:
            del self._scopes[above:]

    def named(self, name: str, marker: Dependency, within: bool) -> Step:
        if name in self.overrides and not within:
            entry = self.providers.names.get(name)
            if entry is not None and entry.provider is None:
                return self.constant(self.overrides[name])
            return self.replaced(name, self.overrides[name], marker, "request" if entry is None else entry.scope)
        entry = self.providers.names.get(name)
        if entry is None:
            raise UnknownName(self.compiler.parameter, name, list(self.providers.names))
        if entry.provider is None:
            return self.constant(entry.value)
        return self.provided(entry.provider, marker, entry.scope)

    def replaced(self, key: Any, replacement: Any, marker: Dependency, scope: str) -> Step:
        """What an override gives: another provider, or a value. Below it the original may be used."""
        if not callable(replacement):
            return self.constant(replacement)
        self._replacing.append(key)
        try:
            return self.provided(replacement, marker, "request" if scope == "app" else scope)
        finally:
            self._replacing.pop()

    def constant(self, value: Any) -> Step:
        made = Step("constant", "app")
        made.constant = value
        return made

    def refuse_unhashable(self, provider: Any) -> None:
        try:
            hash(provider)
        except TypeError:
            raise self.compiler.refused(
                f"the provider {provider!r} has no hash, and its values are kept by it",
                f"give {type(provider).__name__} a __hash__; a dataclass has one with frozen=True or eq=False",
            ) from None

    def provided(self, function: Callable[..., Any], marker: Dependency, scope: str) -> Step:
        self.refuse_unhashable(function)
        if function in self._path:
            around = [*self._path[self._path.index(function) :], function]
            raise RegistrationError(
                f"{name_of(function)}() depends on itself: {' -> '.join(map(name_of, around))}",
                where=self.compiler.route.where,
                fix="break the cycle: let one of them take what it needs as an argument",
            )
        if scope == "app":
            made = Step("app", "app")
            made.held = self.providers.app_value(self, function, marker.blocking)
            return made
        if getattr(function, "_is_security_scheme", False):
            self.compiler.security.append((function, tuple(self._scopes)))
        key: Any = (function, scope)
        uses_cache = marker.use_cache and scope != "transient"
        if uses_cache and key in self.made:
            return self.constant(self.made[key])
        if uses_cache:
            for one in (key, (*key, "scopes", *self._scopes)):
                if one in self._cached:
                    return self._cached[one]
        made = self.call_of(function, marker.blocking, scope)
        if made.reads_scopes:
            key = (*key, "scopes", *self._scopes)
        if made.generates and scope != "handler":
            for _, one in made.arguments:
                if isinstance(one, Step) and one.generates and one.scope == "handler":
                    assert one.function is not None
                    raise RegistrationError(
                        f"{name_of(function)}() lives longer than {name_of(one.function)}(), which it depends on",
                        where=self.compiler.route.where,
                        fix=f"Depends({name_of(function)}, scope='handler'), or scope='request' for the other",
                    )
        if scope != "transient":
            made.key = key
            self._cached.setdefault(key, made)
        return made

    def app_call(self, function: Callable[..., Any], blocking: bool) -> tuple[Step, dict[int, Any]]:
        """The call that makes a value of app scope, and its constants; RegistrationError if it needs a request."""
        apart = Graph(copy.copy(self.compiler), {})
        apart.compiler.body, apart.compiler.sources = [], []
        apart._path = self._path
        made = apart.call_of(function, blocking, "app")
        apart.settle()
        constants = apart.constants()
        if len(apart.steps) > 1:
            other = apart.steps[0].function
            raise RegistrationError(
                f"{name_of(function)}() of app scope depends on {name_of(other)}(), which is made for each request",
                where=self.compiler.route.where,
                fix=f"Depends({name_of(other)}, scope='app')",
            )
        return made, constants

    def constants(self) -> dict[int, Any]:
        """The leaves where there is no request; RegistrationError for one that is read from it."""
        for leaf in self.leaves:
            if leaf.argument["source"] != "constant":
                what = leaf.argument.get("parameter", leaf.argument["source"])
                raise RegistrationError(
                    f"parameter '{what}' is read from a request ({leaf.argument['source']}), and there is none",
                    where=self.compiler.route.where,
                    fix="use scope='request' inside requests, or take it from another provider",
                )
        return {id(leaf): leaf.argument.get("default") for leaf in self.leaves}

    def call_of(self, function: Callable[..., Any], blocking: bool, scope: str) -> Step:
        """A call of a provider, after the calls of those that it needs."""
        if is_context_manager(function):
            raise self.compiler.refused(
                f"the provider {name_of(function)}() is under a decorator that makes it a context manager",
                "write the generator without @contextmanager or @asynccontextmanager; it is closed all the same",
            )
        if blocking and is_async(function) and not is_passed_on(function):
            raise RegistrationError(
                f"{name_of(function)}() is an async def with blocking=True",
                where=self.compiler.route.where,
                fix="leave blocking out, or write it as def",
            )
        made = Step(_kind_of(function), scope)
        made.function = function
        made.is_passed_on = is_passed_on(function)
        made.blocking = blocking
        self._path.append(function)
        try:
            found, _ = parameters_of(function)
            below = copy.copy(self.compiler)
            below.function, below.sources, below.scopes = function, [], tuple(self._scopes)
            slots = below.slots(found)
            made.arguments = self.arguments_of(below, slots)
            made.reads_scopes = any(_is_scopes(slot) for _, slot in slots) or any(
                isinstance(one, Step) and one.reads_scopes for _, one in made.arguments
            )
        finally:
            self._path.pop()
        self.steps.append(made)
        return made


def _order_of(leaf: Leaf) -> int:
    """The order of problems in an answer: those of a provider come before those of the functions that use it."""
    return -1 if leaf.source is None else ORDER.index(leaf.source.source)


def _is_scopes(slot: Any) -> bool:
    return isinstance(slot, dict) and getattr(slot.get("default"), "scope_str", None) is not None


def _kind_of(function: Any) -> str:
    if is_async_generator(function):
        return "async_generator"
    if is_coroutine(function):
        return "coroutine"
    return "generator" if is_generator(function) else "call"
