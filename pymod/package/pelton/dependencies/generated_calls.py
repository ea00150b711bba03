"""The function that calls a route's providers and its handler: written once, at registration."""

from __future__ import annotations

from pelton.callables import is_passed_on
from pelton.dependencies.closers import Closers, in_pool
from pelton.dependencies.graph import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.dependencies.graph import Graph, Leaf
    from pelton.dependencies.injection import Injection


def runner(injection: Injection, graph: Graph) -> tuple[Callable[..., Any], bool]:
    """(the function, whether it is a coroutine function). It takes the graph's leaves by position.

    It is no coroutine function if neither the handler nor a provider is one, generators included.
    """
    is_coroutine = injection.awaited or injection.of_websocket or any(step.awaited for step in graph.steps)
    scope: dict[str, Any] = {
        "overrides": injection.providers.overrides,
        "call_in_python": injection.call_in_python,
        "later_in_python": injection.late,
        "handler": injection.handler,
        "service": injection.service,
        "route": injection.route,
        "Closers": Closers,
        "in_pool": in_pool,
    }
    source = _Source(graph, scope, is_coroutine)
    body = source.lines(injection)
    head = "async def" if is_coroutine else "def"
    text = f"{head} run({', '.join(source.names[id(leaf)] for leaf in graph.leaves)}):\n" + "".join(
        f"    {line}\n" for line in body
    )
    exec(compile(text, f"<the dependencies of {injection.route.where}>", "exec"), scope)
    run: Callable[..., Any] = scope["run"]
    run.__name__ = run.__qualname__ = getattr(injection.handler, "__name__", "run")
    return run, is_coroutine


class _Source:
    """The text of one runner; what it names goes into its globals."""

    def __init__(self, graph: Graph, scope: dict[str, Any], is_coroutine: bool) -> None:
        self.graph = graph
        self.scope = scope
        self.is_coroutine = is_coroutine
        self.names = {id(leaf): f"a{at}" for at, leaf in enumerate(graph.leaves)}

    def lines(self, injection: Injection) -> list[str]:
        graph = self.graph
        first = self.names[id(graph.leaves[0])]
        if injection.of_websocket:
            lines = ["if overrides:", f"    return await call_in_python({first}._of.request, {first})"]
        else:
            lines = ["if overrides:", f"    return {'await call_in_python' if self.is_coroutine else 'later_in_python'}({first})"]
        calls = [f"v{at} = {self.call(at, step)}" for at, step in enumerate(graph.steps)]
        handled = f"handler({self.arguments(graph.handler_arguments)})"
        if injection.awaited and is_passed_on(injection.handler):
            handled = f"await given if hasattr(given := {handled}, '__await__') else given"
        elif injection.awaited:
            handled = f"await {handled}"
        if not any(step.generates for step in graph.steps):
            return [*lines, *calls, f"return {handled}"]
        side = self.names[id(graph.shared["response"])] if "response" in graph.shared else "None"
        if injection.of_websocket:
            end = [f"result = {handled}", "await closers.end()", "return result"]
        elif self.is_coroutine:
            end = [f"return await closers.finish_later({handled})"]
        else:
            end = [f"return closers.finish({handled})"]
        return [
            *lines,
            f"closers = Closers(service, route, {side})",
            "try:",
            *(f"    {line}" for line in (*calls, *end)),
            "except BaseException as error:",
            f"    {'await closers.throw_later(error)' if self.is_coroutine else 'closers.throw(error)'}",
        ]

    def call(self, at: int, step: Step) -> str:
        self.names[id(step)] = f"v{at}"
        function = f"f{at}"
        self.scope[function] = step.function
        if step.runs_in_pool:
            positional = ", ".join(self.value(one) for key, one in step.arguments if key is None)
            keywords = ", ".join(f"{key!r}: {self.value(one)}" for key, one in step.arguments if key is not None)
            made = f"await in_pool(service, {function}, [{positional}], {{{keywords}}})"
        else:
            made = f"{function}({self.arguments(step.arguments)})"
        if step.kind == "call":
            return made
        if not step.is_passed_on:
            return self.used(step, made)
        return f"{self.used(step, 'given')} if hasattr(given := {made}, {step.method!r}) else given"

    def used(self, step: Step, made: str) -> str:
        """The value of what a call has made."""
        handler_scope = step.scope == "handler"
        if step.kind == "coroutine":
            return f"await {made}"
        if step.kind == "generator":
            enter = "await closers.enter_in_pool" if step.blocking else "closers.enter"
            return f"{enter}({made}, {handler_scope})"
        return f"await closers.enter_async({made}, {handler_scope})"

    def arguments(self, arguments: list[tuple[str | None, Leaf | Step]]) -> str:
        return ", ".join(self.value(one) if key is None else f"{key}={self.value(one)}" for key, one in arguments)

    def value(self, one: Leaf | Step) -> str:
        if isinstance(one, Step) and one.kind in ("constant", "app"):
            name = f"c{len(self.scope)}"
            self.scope[name] = one.held if one.kind == "app" else one.constant
            return f"{name}.value" if one.kind == "app" else name
        return self.names[id(one)]
