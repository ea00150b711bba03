"""What a document needs to know of a route's signature: the sources of all its parameters, compiled anew."""

from __future__ import annotations

from pelton.callables import name_of
from pelton.dependencies.graph import Graph, Step, UnknownName
from pelton.errors import HandlerSignatureError
from pelton.signature.compiler import Compiler
from pelton.validation.marker_reading import is_dependency
from pelton.validation.parameters import Unresolved, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.app import App
    from pelton.routing.routes import RouteInfo
    from pelton.signature.sources import Source
    from pelton.validation.markers import Dependency


class Signature:
    """Of a handler and of the providers below it."""

    __slots__ = ("embeds", "returned", "security", "sources")

    def __init__(
        self, sources: list[Source], returned: Any, embeds: bool, security: list[tuple[Any, tuple[str, ...]]]
    ) -> None:
        self.sources = sources
        self.returned = returned  # EMPTY without an annotation
        self.embeds = embeds  # whether bodies are members of one object
        self.security = security


class _Described(Graph):
    """Nobody calls these providers: a name that start-up has yet to register has no parameters."""

    def named(self, name: str, marker: Dependency, within: bool) -> Step:
        try:
            return super().named(name, marker, within)
        except UnknownName:
            return self.constant(None)


def signature_of(app: App, route: RouteInfo) -> Signature:
    """HandlerSignatureError while an annotation names nothing."""
    compiler = Compiler(app, route)
    try:
        found, returned = parameters_of(route.handler)
        slots = compiler.slots(found)
        effects = route.options.get("dependencies", ())
        if effects or any(is_dependency(slot) for _, slot in slots):
            graph = _Described(compiler, {})
            graph.with_effects(effects)
            graph.arguments_of(compiler, slots)
            graph.settle()
        else:
            compiler.arguments(slots)
    except (Unresolved, NameError) as error:
        raise HandlerSignatureError(
            f"the annotations of {name_of(route.handler)}() cannot be described yet: {error}",
            where=route.where,
            fix="import the names at module level, outside if TYPE_CHECKING",
        ) from None
    return Signature(compiler.sources, returned, compiler.has_several_bodies(), compiler.security)
