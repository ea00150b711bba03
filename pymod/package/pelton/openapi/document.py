"""The OpenAPI 3.1 document of an application, from its routes as they are registered."""

from __future__ import annotations

import re

from pelton.callables import innermost, name_of
from pelton.dependencies.graph import Graph, Step, UnknownName
from pelton.errors import HandlerSignatureError
from pelton.openapi.operation_parameters import body_in, parameters_in
from pelton.openapi.operation_responses import responses_of
from pelton.openapi.schemas import Schemas
from pelton.signature.compiler import Compiler
from pelton.validation.builtin_schemas import described_by
from pelton.validation.marker_reading import is_dependency
from pelton.validation.parameters import Unresolved, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo
    from pelton.signature.sources import Source
    from pelton.validation.markers import Dependency

VERSION = "3.1.0"
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")  # that a path item has names for


def document_of(parts: AppParts) -> dict[str, Any]:
    return _Document(parts).made()


class Operation:
    """One method of one route."""

    __slots__ = ("id", "method", "path", "route")

    def __init__(self, route: RouteInfo, method: str) -> None:
        self.route = route
        self.method = method
        self.path = path_of(route)
        self.id = ""


class _Document:
    def __init__(self, parts: AppParts) -> None:
        self.parts = parts
        self.app = parts.app
        self.schemas = Schemas(parts.app.validator)
        self.security = SecuritySchemes()
        self.signatures: dict[int, Signature] = {}

    def made(self) -> dict[str, Any]:
        operations = operations_of(self.app.routes)
        paths: dict[str, dict[str, Any]] = {}
        for one in operations:
            paths.setdefault(one.path, {})[one.method.lower()] = self.operation(one)
        info = {"title": self.app.title, "version": self.app.version}
        if self.app.description:
            info["description"] = self.app.description
        document: dict[str, Any] = {"openapi": VERSION, "info": info, "paths": paths}
        components: dict[str, Any] = {}
        if schemas := self.schemas.finish():
            components["schemas"] = schemas
        if self.security.components:
            components["securitySchemes"] = self.security.components
        if components:
            document["components"] = components
        return document

    def operation(self, one: Operation) -> dict[str, Any]:
        route, options = one.route, one.route.options
        signature = self.signatures.get(id(route))
        if signature is None:
            signature = self.signatures[id(route)] = signature_of(self.parts, route)
        made: dict[str, Any] = {}
        if tags := options.get("tags"):
            made["tags"] = list(dict.fromkeys(tags))
        summary = options.get("summary")
        name = route.name.rpartition(".")[2]  # without its blueprints'
        if summary is None and name.isidentifier():
            summary = name.replace("_", " ").title()
        if summary:
            made["summary"] = summary
        description = options.get("description")
        if description is None:
            description = described_by(innermost(route.handler))
        if description:
            made["description"] = description
        made["operationId"] = one.id
        if parameters := parameters_in(route, signature, self.schemas):
            made["parameters"] = parameters
        if (body := body_in(signature, f"Body_{one.id}", self.schemas)) is not None:
            made["requestBody"] = body
        made["responses"] = responses_of(self.app, route, signature, self.schemas)
        if options.get("deprecated"):
            made["deprecated"] = True
        if signature.security:
            made["security"] = self.security.requirements(signature.security)
        return made


def path_of(route: RouteInfo) -> str:
    """The template without its converters."""
    template = route.template
    made = template.literals[0]
    for (name, _), literal in zip(template.parameters, template.literals[1:], strict=True):
        made += f"{{{name}}}{literal}"
    return made


def operations_of(routes: Any) -> list[Operation]:
    """All that a document can hold, with their ids. Of routes that differ only in converters it holds the first."""
    found: dict[tuple[str, str], Operation] = {}
    for route in routes:
        if not route.options.get("include_in_schema", True):
            continue
        for method in route.methods:
            if method in METHODS:
                one = Operation(route, method)
                found.setdefault((one.path, method), one)
    operations = list(found.values())
    _name(operations)
    return operations


def _name(operations: list[Operation]) -> None:
    """The function's name; where two collide with the path, and where they still do with the method."""
    from pelton.routing.entries import function_name

    for one in operations:
        given = one.route.options.get("operation_id")
        name = given or function_name(one.route.handler)
        one.id = name if given or name.isidentifier() else ""
    for add in (_path_part, lambda one: one.method.lower(), lambda one: str(operations.index(one))):
        count: dict[str, int] = {}
        for one in operations:
            count[one.id] = count.get(one.id, 0) + 1
        for one in operations:
            if not one.id or count[one.id] > 1:
                one.id = f"{one.id}_{add(one)}".strip("_")


def _path_part(one: Operation) -> str:
    return re.sub(r"\W", "_", one.path).strip("_") or "root"


# --- security schemes ---


_WITH_SCOPES = ("oauth2", "openIdConnect")


class SecuritySchemes:
    """Schemes that describe the same share an entry; two of one name get names of their own."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}

    def requirements(self, used: list[tuple[Any, tuple[str, ...]]]) -> list[dict[str, list[str]]]:
        """All that refuse by themselves together; each of the others (auto_error=False) is an alternative."""
        needed: dict[str, list[str]] = {}
        optional: dict[str, list[str]] = {}
        for scheme, scopes in used:
            group = needed if scheme.auto_error else optional
            asked = group.setdefault(self._name(scheme), [])
            if scheme.model["type"] in _WITH_SCOPES:
                asked += [scope for scope in scopes if scope not in asked]
        alternatives = [{**needed, name: scopes} for name, scopes in optional.items() if name not in needed]
        return [*alternatives, needed]  # an empty one: anybody may try

    def _name(self, scheme: Any) -> str:
        name: str = scheme.scheme_name
        number = 1
        while self.components.setdefault(name, scheme.model) != scheme.model:
            number += 1
            name = f"{scheme.scheme_name}-{number}"
        return name


# --- a route's signature: the sources of all its parameters, compiled anew ---


class Signature:
    """The sources of a handler and of the providers below it."""

    __slots__ = ("embeds", "returned", "security", "sources")

    def __init__(
        self, sources: list[Source], returned: Any, embeds: bool, security: list[tuple[Any, tuple[str, ...]]]
    ) -> None:
        self.sources = sources
        self.returned = returned  # EMPTY without an annotation
        self.embeds = embeds  # whether bodies are members of one object
        self.security = security


class _Described(Graph):
    """The providers are not called here: a name that start-up has yet to register has no parameters."""

    def named(self, name: str, marker: Dependency, within: bool) -> Step:
        try:
            return super().named(name, marker, within)
        except UnknownName:
            return self.constant(None)


def signature_of(parts: AppParts, route: RouteInfo, compiler: Compiler | None = None) -> Signature:
    """HandlerSignatureError while an annotation names nothing; the compiler is that of the route's kind."""
    compiler = compiler or Compiler(parts, route)
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
