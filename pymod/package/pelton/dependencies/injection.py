"""A route's handler with its dependencies: what the native half calls, and what stands in for it.

The providers of a route are called by one generated function, in their order and without a loop over
them. Where that does not do (an override, a name registered late, a parameter that is unfit) the same
graph is walked in Python.
"""

from __future__ import annotations

import copy

from pelton.dependencies.closers import Closers
from pelton.dependencies.generated_calls import runner
from pelton.dependencies.graph import Graph, UnknownName
from pelton.dependencies.walking import Values, walk
from pelton.errors import RequestValidationError, StartupError
from pelton.messages.response import later
from pelton.scalars import Problems
from pelton.validation.parameters import parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pelton._native import Argument, Plan
    from pelton.signature.compiler import Compiler
    from pelton.validation.parameters import Parameter


class Injection:
    """The dependencies of one route: its graph, and the two ways to call its handler."""

    def __init__(self, compiler: Compiler, slots: list[tuple[Parameter, Any]], awaited: bool) -> None:
        self.compiler = compiler
        self.service = compiler.service
        self.route = compiler.route
        self.providers = compiler.providers
        self.awaited = awaited  # a call of the handler is
        self.of_websocket = compiler.is_websocket
        self.handler: Callable[..., Any] = self.route.handler
        self.graph: Graph | None = None
        # On a WebSocket route: (request, arguments) to a run of its handler on a WebSocket made for the request.
        self.on_new_websocket: Callable[[Any, list[Any]], Any] | None = None
        self._graphs: dict[Any, Graph] = {}  # by what is overridden
        try:
            self.graph = self.graph_of(compiler, slots, {})
            self.arguments: list[Argument] = [leaf.argument for leaf in self.graph.leaves]
        except UnknownName:
            if not self.providers.settled:
                raise
            # Start-up may still register it; what its parameters are is known only then.
            self.arguments = [{"source": self.first, "parameter": self.first}]
            self.providers.late.append(self)

    @property
    def first(self) -> Any:
        """The source of the first argument, from which all others can be read."""
        return "websocket" if self.of_websocket else "request"

    def graph_of(self, compiler: Compiler, slots: list[tuple[Parameter, Any]], overrides: Mapping[Any, Any]) -> Graph:
        graph = Graph(compiler, overrides)
        graph.leaf_of({"source": self.first, "parameter": self.first}, None)
        graph.with_effects(self.route.options.get("dependencies", ()))
        graph.handler_arguments = graph.arguments_of(compiler, slots)
        graph.settle()
        return graph

    def around(self, plan: Plan) -> None:
        """Puts the providers before the handler of a plan."""
        self.handler = plan["handler"]
        if self.graph is None:
            plan["handler"] = self.late
            plan["is_coroutine"] = False
        else:
            run, is_coroutine = runner(self, self.graph)
            plan["handler"] = run
            plan["is_coroutine"] = is_coroutine
        plan["explain"] = self.explain

    # --- the road on which values are read in Python ---

    def current_graph(self) -> Graph:
        """The graph under the overrides there are now."""
        overrides = self.providers.overrides
        if not overrides and self.graph is not None:
            return self.graph
        key = tuple((one, id(value)) for one, value in overrides.items())
        graph = self._graphs.get(key)
        # An id says nothing of a value that is gone; the graph keeps its own alive.
        if graph is None:
            compiler = copy.copy(self.compiler)
            compiler.body, compiler.sources = [], []
            found, _ = parameters_of(self.route.handler)
            try:
                graph = self.graph_of(compiler, compiler.slots(found), dict(overrides))
            except UnknownName as error:
                raise StartupError(f"{self.route.where}: {error}") from None
            compiler.refuse_bodies()
            self._graphs[key] = graph
        return graph

    def late(self, first: Any) -> Any:
        """Calls the handler where a name was unknown when the app began to serve."""
        if self.of_websocket:
            return self.call_in_python(first._of.request, first)
        return later(self.call_in_python(first))

    async def call_in_python(self, request: Any, websocket: Any = None) -> Any:
        graph = self.current_graph()
        values = Values(request, websocket)
        closers = Closers(self.service, self.route, values.side_of(graph))
        try:
            arguments, options = await walk(graph, values, closers)
            result = self.handler(*arguments, **options)
            if hasattr(result, "__await__"):
                result = await result
            if self.of_websocket:
                await closers.end()
                # A handler that returns without having accepted has refused.
                if websocket._of.accepted and values.side is not None and values.side._background is not None:
                    assert self.service.answers is not None
                    self.service.answers.start_background(values.side._background)
                return result
            return await closers.finish_later(result)
        except BaseException as error:  # noqa: BLE001
            await closers.throw_later(error)

    def explain(self, request: Any, cause: BaseException | None) -> Any:
        """An argument was unfit: the answer to it, or an awaitable of that; or raises it."""
        if self.providers.overrides:
            return self.stood_in(request)
        graph = self.graph
        unfit: dict[int, list[dict[str, Any]]] = {}
        for leaf in () if graph is None else graph.leaves:
            if leaf.source is not None:
                try:
                    leaf.source.read(request)
                except Problems as found:
                    unfit[id(leaf)] = found.entries
        if not unfit:
            raise cause or RuntimeError(f"{self.route.where}: an argument was refused, but is valid")
        assert graph is not None
        if not self.of_websocket and graph.runs_without(unfit):
            return self.stood_in(request)
        raise RequestValidationError(graph.told(unfit))

    def stood_in(self, request: Any) -> Any:
        if not self.of_websocket:
            return later(self.call_in_python(request))
        assert self.on_new_websocket is not None
        missing = [None] * (len(self.arguments) - 1)
        return self.on_new_websocket(request, missing)
