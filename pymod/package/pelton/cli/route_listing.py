"""`pelton routes`: the routes of an application, and where each parameter of a handler comes from."""

from __future__ import annotations

from pelton.cli.usage import NOT_STARTED, UsageError
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from pelton.app import App
    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo
    from pelton.signature.sources import Source
    from pelton.validation.parameters import Parameter


def routes(arguments: list[str]) -> int:
    """Prints them; nothing is served."""
    from pelton.cli.commands import arguments_of
    from pelton.cli.openapi import described
    from pelton.serving.terminal import put_out

    target, flags = arguments_of("routes", arguments)
    as_json, explains = flags.pop("json", None) is not None, flags.pop("explain", None) is not None
    if as_json and explains:
        raise UsageError("--json has all that --explain says; give one of them")

    def text(app: App) -> str:
        found = list(rows_of(app))
        return json_text(found) if as_json else explained(found) if explains else table(found)

    shown = described(target, flags, text)
    return NOT_STARTED if shown is None else put_out(shown)


class Taken:
    """One parameter, and where its value comes from.

    Args:
        name: The parameter.
        source: path, query, header, cookie, form, body, or what the application gives: request, response and the like.
        key: The name under which a client sends it; empty where none is sent.
        type: The annotation, or the converter of the path.
        default: Its default as Python has it, None for a required one.
        by: The handler's own parameter, or that of a dependency.
    """

    __slots__ = ("by", "default", "key", "name", "source", "type")

    def __init__(self, name: str, source: str, key: str = "", type: str = "", default: str | None = None, by: str = "handler") -> None:
        self.name = name
        self.source = source
        self.key = key
        self.type = type
        self.default = default
        self.by = by

    @property
    def is_sent(self) -> bool:
        """Whether a client sends it."""
        return bool(self.key)


class Row:
    """One route, or one directory of files.

    Args:
        methods: In upper case; WEBSOCKET for a WebSocket.
        path: The template, with the prefixes of blueprints and mounts.
        handler: The name of the function.
        place: File and line of the handler.
        name: The name for `url_for()`.
        taken: What its handler takes.
    """

    __slots__ = ("handler", "methods", "name", "path", "place", "taken")

    def __init__(self, methods: tuple[str, ...], path: str, handler: str, place: str, name: str, taken: list[Taken]) -> None:
        self.methods = methods
        self.path = path
        self.handler = handler
        self.place = place
        self.name = name
        self.taken = taken


def rows_of(app: App) -> Iterator[Row]:
    """The routes in the order of registration, then those of mounted applications and directories."""
    from pelton.callables import name_of
    from pelton.routing.app_parts import parts_of

    whole = parts_of(app)
    whole.freeze()
    for prefix, parts in whole.mounts.tree():
        for route in parts.table.routes:
            yield Row(route.methods, prefix + route.path, name_of(route.handler), route.place, route.name, taken_by(parts, route))
        for static in sorted(parts.mounts.static_prefixes):
            yield Row(("GET", "HEAD"), f"{prefix}{static}/{{path:path}}", "(files)", "", "", [])


def taken_by(parts: AppParts, route: RouteInfo) -> list[Taken]:
    """The handler's parameters in their order, then what its dependencies read from the request."""
    from pelton.callables import name_of
    from pelton.openapi.document import signature_of
    from pelton.signature.compiler import Compiler
    from pelton.validation.marker_reading import is_dependency
    from pelton.validation.parameters import parameters_of

    def compiler() -> Compiler:
        if "WEBSOCKET" not in route.methods:
            return Compiler(parts, route)
        from pelton.websocket.handlers import WebSocketCompiler

        return WebSocketCompiler(parts, route, route.options["pool"])

    own = compiler()
    slots: list[tuple[Parameter, Any]] = [*own.slots(parameters_of(route.handler)[0])]
    sources = signature_of(parts, route, compiler()).sources
    template = dict(route.template.parameters)
    of_handler = {parameter.name for parameter, slot in slots if not is_dependency(slot)}
    found: list[Taken] = []
    for parameter, slot in slots:
        source = next((one for one in sources if one.parameter.name == parameter.name), None)
        if is_dependency(slot):
            provider = slot[2].provider
            shown = provider if isinstance(provider, str) else name_of(slot[1] if provider is None else provider)
            found.append(Taken(parameter.name, "dependency", type=shown))
        elif source is not None:
            found += _sent(source, template, "handler")
        else:
            found.append(Taken(parameter.name, _GIVEN.get(slot["source"], "application")))
    for source in sources:
        if source.parameter.name not in of_handler:
            found += _sent(source, template, "dependency")
    return found


# What the native half calls its sources, where users have another word.
_GIVEN = {"background": "background tasks", "constant": "application", "resolver": "state", "response": "response", "request": "request",
          "websocket": "websocket"}  # fmt: skip


def _sent(source: Source, template: dict[str, str], by: str) -> Iterator[Taken]:
    from pelton.signature.sources import default_of, key_of
    from pelton.validation.annotations import described

    if source.fields is not None:
        for field in source.fields:
            if field.source is not None:
                yield from _sent(field.source, {}, by)
            else:
                default = None if field.required else "of the model"
                yield Taken(field.name, source.source, field.aliases[0][1], described(field.tp), default, by)
        return
    key = key_of(source.source, source.parameter, source.marker)
    converter = template.get(key, "str") if source.source == "path" else "str"
    shown = converter if converter != "str" else "str" if source.tp is EMPTY else described(source.tp)
    default, factory = default_of(source.parameter, source.marker)
    text = f"{getattr(factory, '__name__', 'factory')}()" if factory is not None else None if default is EMPTY else repr(default)
    yield Taken(source.parameter.name, source.source, key, shown, text, by)


def table(rows: Iterable[Row]) -> str:
    """A line for each route: methods, path, handler and what it takes."""
    from pelton.serving.terminal import painted

    lines = [(" ".join(row.methods), row.path, row.handler, ", ".join(_short(one) for one in row.taken)) for row in rows]
    head, *rest = _aligned([("METHOD", "PATH", "HANDLER", "TAKES"), *lines])
    return "\n".join((painted(head, "bold"), *rest, ""))


def _short(one: Taken) -> str:
    if not one.is_sent:
        return one.source if one.source == one.name or one.source != "dependency" else f"dependency {one.type}"
    return f"{one.source} {one.key}" + ("?" if one.default is not None else "")


def explained(rows: Iterable[Row]) -> str:
    """Each route with its place, and below it each parameter with its source, converter or type, and default."""
    from pelton.serving.terminal import painted

    blocks = []
    for row in rows:
        head = painted(f"{' '.join(row.methods)} {row.path}", "bold")
        lines = [f"{head}  {row.handler}{f' ({row.place})' if row.place else ''}"]
        for line in _aligned([_explained(one) for one in row.taken]):
            lines.append(f"  {line}")
        blocks.append("\n".join((*lines, "")))
    return "\n".join(blocks)


def _explained(one: Taken) -> tuple[str, ...]:
    renamed = f" {one.key}" if one.is_sent and one.key != one.name else ""
    default = "" if not one.is_sent else "required" if one.default is None else f"default {one.default}"
    return one.name, f"{one.source}{renamed}", one.type, default, "" if one.by == "handler" else "of a dependency"


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]


def json_text(rows: Iterable[Row]) -> str:
    """A list with an object for each route."""
    import json

    def taken(one: Taken) -> dict[str, Any]:
        made: dict[str, Any] = {"name": one.name, "source": one.source}
        if one.type:
            made["type"] = one.type
        if one.is_sent:
            made |= {"key": one.key, "required": one.default is None}
            if one.default is not None:
                made["default"] = one.default
        if one.by != "handler":
            made["by"] = one.by
        return made

    whole = [
        {
            "methods": list(row.methods), "path": row.path, "name": row.name or None, "handler": row.handler,
            "place": row.place or None, "parameters": [taken(one) for one in row.taken],
        }
        for row in rows
    ]  # fmt: skip
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
