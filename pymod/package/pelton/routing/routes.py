"""What the application knows about a route, and building URLs from templates."""

from __future__ import annotations

from pelton.errors import RegistrationError, URLBuildError
from pelton.messages.url import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pelton.routing.app_parts import AppParts
    from pelton.streaming.item_encoding import ItemEncoding


class Template:
    """A path template cut into its literals and parameters.

    Only what add_route() accepted is ever built from or compared here, so the cutting need not
    refuse anything itself.
    """

    __slots__ = ("literals", "parameters", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.literals: list[str] = []  # one more than there are parameters
        self.parameters: list[tuple[str, str]] = []  # name, converter (`regex(PATTERN)` whole)
        at = 0
        while True:
            begin = path.find("{", at)
            if begin < 0:
                break
            end = _closing(path, begin)
            if end < 0:
                break
            self.literals.append(path[at:begin])
            inside = path[begin + 1 : end]
            if inside.startswith("*"):
                name, converter = inside[1:], "path"
            else:
                name, _, converter = inside.partition(":")
            self.parameters.append((name, converter or "str"))
            at = end + 1
        self.literals.append(path[at:])

    def build(self, values: Mapping[str, Any], what: str) -> str:
        """The path with these values, percent-encoded; URLBuildError if they do not fit."""
        from urllib.parse import quote

        from pelton.signature.converters import converter_of

        names = [name for name, _ in self.parameters]
        missing = [name for name in names if name not in values]
        surplus = [name for name in values if name not in names]
        if missing or surplus:
            trouble = [f"misses {', '.join(missing)}"] if missing else []
            trouble += [f"has no {', '.join(surplus)}"] if surplus else []
            raise URLBuildError(f"{what} {' and '.join(trouble)}: the template is {self.path}")
        built = quoted(self.literals[0])
        for (name, converter), literal in zip(self.parameters, self.literals[1:], strict=True):
            place = f"{{{name}:{converter}}} in {self.path}"
            try:
                text = converter_of(converter).to_text(values[name])
                if text is None:
                    raise URLBuildError(f"{what}: {values[name]!r} is no value for {place}")
                built += quote(text, safe="/" if converter == "path" else "")
            except ValueError as error:  # a lone surrogate, more digits than int() takes
                raise URLBuildError(f"{what}: no value for {place}: {error}") from None
            built += quoted(literal)
        return built


def check_literals(template: Template, where: str) -> None:
    """RegistrationError for what does not match its own URL: paths are compared decoded, dot segments match nothing."""
    path, whole = template.path, "{}".join(template.literals)
    if any(segment in (".", "..") for segment in whole.split("/")):
        raise RegistrationError(f"{path!r} has a dot segment, which nothing matches", where=where, fix="leave it out")
    if "%" in whole:
        from urllib.parse import unquote

        if unquote(whole) != whole:
            raise RegistrationError(
                f"{path!r} is percent-encoded, and paths are compared decoded",
                where=where,
                fix="write the characters themselves: '/a b' for '/a%20b'; a %2F can only be in a parameter",
            )


def _closing(path: str, begin: int) -> int:
    """Where the parameter ends that begins here; the braces of a pattern are its own."""
    end, pattern = path.find("}", begin), path.find(":regex(", begin)
    return path.find("}", _pattern_end(path, pattern + 7)) if 0 <= pattern < end else end


def _pattern_end(path: str, at: int) -> int:
    """Where the parenthesis after a pattern is, as the native half finds it: not escaped, and in no class."""
    depth = 0
    while at < len(path) and (path[at] != ")" or depth):
        if path[at] == "\\":
            at += 1
        elif path[at] == "[":
            at = _class_end(path, at)
        else:
            depth += (path[at] == "(") - (path[at] == ")")
        at += 1
    return at


def _class_end(path: str, open: int) -> int:
    at = open + 1 + path.startswith("^", open + 1)
    at += path.startswith("]", at)  # in first place a member
    while at < len(path) and path[at] != "]":
        at += 2 if path[at] == "\\" else 1
    return at


class RouteInfo:
    """One registered route. `options` holds what was given to the decorator."""

    # With a docstring each, which help() shows.
    __slots__ = {
        "encode": "What encodes results of the declared type; None without one.",
        "explicit_name": "Whether the name was given.",
        "handler": "The callable that was registered.",
        "items": "How the items of a stream are encoded, where the annotation settles it.",
        "methods": "The methods, in upper case.",
        "name": "The name for `url_for()`.",
        "options": "What was given to the decorator, and inherited from blueprints.",
        "owners": "The app, then the blueprints around the route, outer first.",
        "path": "The template, with the prefixes of its blueprints.",
        "place": "File and line of the handler.",
        "template": "The template in its parts.",
    }

    def __init__(
        self,
        path: str,
        methods: tuple[str, ...],
        name: str,
        handler: Callable[..., Any],
        options: Mapping[str, Any],
        place: str,
        explicit_name: bool,
        owners: tuple[Any, ...] = (),
    ) -> None:
        self.path = path
        self.methods = methods
        self.name = name
        self.handler = handler
        self.options = options
        self.place = place
        self.explicit_name = explicit_name
        self.owners = owners  # the app, then the blueprints around the route, outer first
        self.template = Template(path)
        self.encode: Callable[[Any], Any] | None = None
        self.items: ItemEncoding | None = None  # of a stream, where the handler's annotation settles it

    @property
    def where(self) -> str:
        """Its place, methods and path, as error messages name it."""
        return f"{self.place}, {' '.join(self.methods)} {self.path}"

    @property
    def status(self) -> int:
        """The status of returned values that carry none."""
        status: int = self.options.get("status", 200)
        return status

    @property
    def media_type(self) -> str | None:
        """The route's `media_type=`, None without."""
        media_type: str | None = self.options.get("media_type")
        return media_type

    def __repr__(self) -> str:
        return f"<RouteInfo {' '.join(self.methods)} {self.path} {self.name!r}>"


def build_url(parts: AppParts, name: str, params: Mapping[str, Any], query: Mapping[str, Any] | None) -> str:
    """Path and query of the route of this name; an explicit name wins over function names."""
    named = [route for route in parts.table.routes if route.name == name]
    chosen = [route for route in named if route.explicit_name] or named
    what = f"url_for({name!r})"
    if len(chosen) > 1:
        places = "; ".join(route.where for route in chosen)
        raise URLBuildError(f"{name!r} names several routes, give each its own name=: {places}")
    if chosen:
        url = chosen[0].template.build(params, what)
    elif name in parts.mounts.static_names:
        url = _file_url(parts.mounts.static_names[name], params, what)
    else:
        return _url_below(parts, name, params, query)
    if query:
        from urllib.parse import urlencode

        pairs: list[tuple[str, str]] = []
        for key, value in query.items():
            several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            for one in several:
                if one is not None:
                    pairs.append((key, str(one).lower() if isinstance(one, bool) else str(one)))
        if pairs:
            url += "?" + urlencode(pairs)
    return url


def _file_url(prefix: str, params: Mapping[str, Any], what: str) -> str:
    """The path of a file of a static mount; the given one may begin with a slash."""
    if isinstance(path := params.get("path"), str):
        params = {**params, "path": path.lstrip("/")}
    return Template(f"{prefix}/{{path:path}}").build(params, what)


def _url_below(parts: AppParts, name: str, params: Mapping[str, Any], query: Mapping[str, Any] | None) -> str:
    """The path of a route of a mounted application; URLBuildError if there is none."""
    for mount in parts.mounts:
        if mount.name is not None and name.startswith(f"{mount.name}."):
            return mount.path + build_url(mount.parts, name[len(mount.name) + 1 :], params, query)
    from pelton.errors import nearest

    known = sorted({route.name for route in parts.table.routes} | parts.mounts.static_names.keys())
    near = nearest(name, known)
    hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(known) or 'none'}"
    raise URLBuildError(f"no route is named {name!r}; {hint}")
