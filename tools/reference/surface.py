"""What users may import: the public names of the package, by the page of the reference that they stand on."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path("pymod/package/pelton")


@dataclass(frozen=True)
class Page:
    """One page of the reference: `names` are those of `module`, in the order in which they stand there."""

    file: str
    title: str
    first: str  # a sentence below the title
    names: tuple[str, ...] = ()
    module: str = "pelton"
    is_public: bool = True  # its names are imported as they stand there


PAGES = (
    Page(
        "application", "Applications", "Routes, blueprints and what an application is made of.",
        ("App", "run", "RouteOptions", "WebSocketOptions", "Blueprint", "Router", "RouteInfo", "Lifespan", "State", "StaticFilesConfig",
         "StaticFiles", "WorkerInfo"),
    ),
    Page(
        "parameters", "Parameters", "Markers that say where a handler's parameter comes from.",
        ("Path", "Query", "Header", "Cookie", "Body", "Form", "File", "Depends", "Security"),
    ),
    Page(
        "requests", "Requests", "What handlers get.",
        ("Request", "Headers", "MultiDict", "URL", "Address", "TlsInfo", "FormData", "UploadedFile"),
    ),
    Page(
        "responses", "Responses", "What handlers return.",
        ("Response", "MutableHeaders", "HeadersInit", "ProblemDetails", "SseEvent", "SseStream", "BackgroundTasks"),
    ),
    Page("websockets", "WebSockets", "What handlers of WebSockets get.", ("WebSocket", "SyncWebSocket", "WebSocketMessage")),
    Page(
        "guards", "Guards", "Who may pass.",
        ("GuardLike", "Authenticated", "RoleGuard", "PermissionGuard", "And", "Or", "Not"),
    ),
    Page(
        "errors", "Errors", "What pelton raises, and what handlers may raise.",
        ("PeltonError", "HTTPError", "HTTPException", "RequestValidationError", "BadBody", "BodyTooLarge", "UnsupportedMediaType",
         "GuardError", "ForbiddenError", "UnauthorizedError", "RegistrationError", "HandlerSignatureError", "RouteConflict",
         "ConfigError", "StartupError", "URLBuildError", "InvalidHeader", "ResponseTypeError", "ResponseValidationError",
         "ClientDisconnected", "WebSocketDisconnect"),
    ),
    Page(
        "configuration", "Configuration classes", "Settings in code; the page of settings has all their spellings.",
        ("ServerConfig", "TlsConfig", "Http2Config", "LimitsConfig", "TimeoutConfig", "Settings", "RunKeywords", "ProgramKeywords"),
    ),
    Page(
        "given", "Objects that are given", "Classes that need no import: what methods and attributes of others give.",
        ("serving.runtime.Stopping", "dependencies.providers.Scope", "forms.parts.Part", "testing.client_stream.StreamedResponse",
         "testing.client_stream.AsyncStreamedResponse", "testing.websocket_session.WebSocketSession",
         "testing.websocket_session.AsyncWebSocketSession"),
        is_public=False,
    ),
    Page("browsers", "Browsers", "How browsers are told what pages may do.", ("SecurityHeadersConfig", "CSP")),
    Page("json", "pelton.json", "The JSON reader and writer.", module="pelton.json"),
    Page("testing", "pelton.testing", "Clients without a socket, and a server in a thread.", module="pelton.testing"),
    Page("security", "pelton.security", "Credentials, as dependencies that the OpenAPI document knows.", module="pelton.security"),
    Page("loop", "pelton.loop", "The event loop, also usable alone.", module="pelton.loop"),
)  # fmt: skip


def names_on(page: Page) -> tuple[str, ...]:
    """The names of a page; those of a module's own page are its `__all__`."""
    return page.names or tuple(importlib.import_module(page.module).__all__)


def public_names() -> Iterator[tuple[str, str]]:
    """Every public name with its module; submodules, which have pages of their own, left out."""
    for module in dict.fromkeys(page.module for page in PAGES if page.is_public):
        for name in importlib.import_module(module).__all__:
            if not inspect.ismodule(getattr(importlib.import_module(module), name)):
                yield module, name


def members_of(kind: type) -> Iterator[tuple[str, Any]]:
    """The public attributes that a class has from pelton, as they stand in the classes that define them."""
    for name in dir(kind):
        owner = next((one for one in kind.__mro__ if name in vars(one)), None)
        if not name.startswith("_") and owner is not None and owner.__module__.partition(".")[0] == "pelton":
            yield name, inspect.getattr_static(kind, name)


def attribute_docstrings(root: Path) -> dict[str, str]:
    """The strings below assignments, by module and dotted name: `pelton.config.server_config.LimitsConfig.max_body_size`."""
    found: dict[str, str] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        module = ".".join(("pelton", *path.relative_to(root / PACKAGE).with_suffix("").parts))
        _collect(ast.parse(path.read_text()), module, found)
    return found


def _collect(node: ast.Module | ast.ClassDef, prefix: str, found: dict[str, str]) -> None:
    for one, following in zip(node.body, [*node.body[1:], None]):
        if isinstance(one, ast.ClassDef):
            _collect(one, f"{prefix}.{one.name}", found)
        target = one.target if isinstance(one, ast.AnnAssign) else one.targets[0] if isinstance(one, ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            if isinstance(following.value.value, str):
                found[f"{prefix}.{target.id}"] = following.value.value


def value_of(module: str, name: str) -> Any:
    """The object of a name, which may be one of a submodule: `serving.runtime.Stopping`."""
    submodule, _, last = name.rpartition(".")
    return getattr(importlib.import_module(f"{module}.{submodule}" if submodule else module), last)


def docstring(module: str, name: str, attributes: dict[str, str]) -> str:
    """What is said of a public name, empty if nothing is."""
    value = value_of(module, name)
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__doc__ or ""
    # Of a module's own names only: an attribute of a class stands below the class's name.
    found = (text for place, text in attributes.items() if place.endswith(f".{name}") and place.split(".")[-2].islower())
    return next(found, "")


def member_docstring(kind: type, name: str, value: Any, attributes: dict[str, str]) -> str:
    """What is said of an attribute of a class: its own docstring, that of its slot, or the string below it."""
    function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
    if isinstance(value, staticmethod | classmethod | property) or inspect.isroutine(function) or inspect.isdatadescriptor(value):
        if text := inspect.getdoc(getattr(kind, name)) or getattr(function, "__doc__", None):
            return str(text)
        for one in kind.__mro__:
            slots = vars(one).get("__slots__")
            if isinstance(slots, dict) and slots.get(name):
                return str(slots[name])
        return ""
    places = [f"{one.__module__}.{one.__qualname__}.{name}" for one in kind.__mro__]
    texts = (text for place, text in attributes.items() if place in places or place.endswith(f".{kind.__name__}.{name}"))
    return next(texts, "")
