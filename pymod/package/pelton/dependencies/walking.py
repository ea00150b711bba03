"""Walking a graph of dependencies in Python: values read one by one, providers called as they stand."""

from __future__ import annotations

from pelton.dependencies.closers import in_pool
from pelton.dependencies.graph import Step
from pelton.errors import RequestValidationError
from pelton.scalars import Problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.dependencies.closers import Closers
    from pelton.dependencies.graph import Graph, Leaf
    from pelton.messages.response import Response


class Values:
    """Reads in Python what the native half puts into the argument vector."""

    def __init__(self, request: Any, websocket: Any) -> None:
        self.request = request
        self.websocket = websocket
        self.side: Response | None = None

    def side_of(self, graph: Graph) -> Response | None:
        """The side channel, if a function takes it; else None."""
        if self.side is None and "response" in graph.shared:
            from pelton.messages.response import side_channel

            self.side = side_channel()
        return self.side

    def read(self, leaf: Leaf) -> Any:
        if leaf.source is not None:
            return leaf.source.read(self.request)
        source = leaf.argument["source"]
        if source == "constant":
            return leaf.argument.get("default")
        if source == "resolver":
            resolve: Any = leaf.argument.get("resolve")
            return resolve(self.request)
        if source == "websocket":
            return self.websocket
        if source == "request":
            return self.request
        assert self.side is not None
        if source == "response":
            return self.side
        from pelton.streaming.background import background_of

        return background_of(self.side)


async def walk(graph: Graph, values: Values, closers: Closers) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of the handler; RequestValidationError, once the providers that can run have run."""
    known: dict[int, Any] = {}
    unfit: dict[int, list[dict[str, Any]]] = {}
    for leaf in graph.leaves:
        try:
            known[id(leaf)] = values.read(leaf)
        except Problems as found:
            unfit[id(leaf)] = found.entries
    for step in graph.steps:
        if all(_is_known(known, one) for _, one in step.arguments):
            known[id(step)] = await made(step, known, closers)
    if unfit:
        raise RequestValidationError(graph.told(unfit))
    return _arguments(known, graph.handler_arguments)


async def made(step: Step, known: dict[int, Any], closers: Closers) -> Any:
    """The value of a step whose arguments are known."""
    arguments, options = _arguments(known, step.arguments)
    at_handler = step.scope == "handler"
    function = step.function
    assert function is not None
    if step.runs_in_pool:
        value = await in_pool(closers.service, function, arguments, options)
    else:
        value = function(*arguments, **options)
    if step.kind == "call" or (step.is_passed_on and not hasattr(value, step.method)):
        return value
    if step.kind == "coroutine":
        return await value
    if step.kind == "generator":
        return await closers.enter_in_pool(value, at_handler) if step.blocking else closers.enter(value, at_handler)
    return await closers.enter_async(value, at_handler)


def _is_known(known: dict[int, Any], one: Leaf | Step) -> bool:
    return id(one) in known or (isinstance(one, Step) and one.kind in ("constant", "app"))


def _arguments(known: dict[int, Any], arguments: list[tuple[str | None, Leaf | Step]]) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    options: dict[str, Any] = {}
    for key, one in arguments:
        if isinstance(one, Step) and one.kind == "app":
            assert one.held is not None
            value = one.held.value
        elif isinstance(one, Step) and one.kind == "constant":
            value = one.constant
        else:
            value = known[id(one)]
        if key is None:
            positional.append(value)
        else:
            options[key] = value
    return positional, options
