"""noria: web applications in Python on a native core."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from noria import json
    from noria.app import App
    from noria.background import BackgroundTasks
    from noria.blueprints import Blueprint, Router
    from noria.config import LimitsConfig, ServerConfig, TimeoutConfig
    from noria.errors import (
        BadBody,
        BodyTooLarge,
        ClientDisconnected,
        ConfigError,
        ForbiddenError,
        GuardError,
        HTTPError,
        HTTPException,
        HandlerSignatureError,
        InvalidHeader,
        NoriaError,
        RegistrationError,
        RequestValidationError,
        ResponseTypeError,
        ResponseValidationError,
        RouteConflict,
        StartupError,
        URLBuildError,
        UnauthorizedError,
        UnsupportedMediaType,
        WebSocketDisconnect,
    )
    from noria.form_data import FormData
    from noria.guards import And, Authenticated, Not, Or, PermissionGuard, RoleGuard
    from noria.headers import MutableHeaders
    from noria.options import GuardLike, HeadersInit, Lifespan, RouteOptions, Settings, WebSocketOptions
    from noria.params import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
    from noria.problems import ProblemDetails
    from noria.requests import Address, Headers, MultiDict, Request, State, URL
    from noria.responses import Response
    from noria.routing import RouteInfo
    from noria.sse import SseEvent, SseStream
    from noria.static_files import StaticFiles, StaticFilesConfig
    from noria.sync_websocket import SyncWebSocket
    from noria.uploads import UploadedFile
    from noria.websockets import WebSocket, WebSocketMessage

__version__ = "0.1.0"

__all__ = [
    "URL",
    "Address",
    "And",
    "App",
    "Authenticated",
    "BackgroundTasks",
    "BadBody",
    "Blueprint",
    "Body",
    "BodyTooLarge",
    "ClientDisconnected",
    "ConfigError",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "ForbiddenError",
    "FormData",
    "GuardError",
    "GuardLike",
    "HTTPError",
    "HTTPException",
    "HandlerSignatureError",
    "Header",
    "Headers",
    "HeadersInit",
    "InvalidHeader",
    "Lifespan",
    "LimitsConfig",
    "MultiDict",
    "MutableHeaders",
    "NoriaError",
    "Not",
    "Or",
    "Path",
    "PermissionGuard",
    "ProblemDetails",
    "Query",
    "RegistrationError",
    "Request",
    "RequestValidationError",
    "Response",
    "ResponseTypeError",
    "ResponseValidationError",
    "RoleGuard",
    "RouteConflict",
    "RouteInfo",
    "RouteOptions",
    "Router",
    "Security",
    "ServerConfig",
    "Settings",
    "SseEvent",
    "SseStream",
    "StartupError",
    "State",
    "StaticFiles",
    "StaticFilesConfig",
    "SyncWebSocket",
    "TimeoutConfig",
    "URLBuildError",
    "UnauthorizedError",
    "UnsupportedMediaType",
    "UploadedFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketMessage",
    "WebSocketOptions",
    "json",
]

# Loaded when asked for: many programs never need some of it, and a supervisor none.
_MODULES = {
    "noria.app": "App",
    "noria.background": "BackgroundTasks",
    "noria.blueprints": "Blueprint Router",
    "noria.config": "LimitsConfig ServerConfig TimeoutConfig",
    "noria.errors": (
        "BadBody BodyTooLarge ClientDisconnected ConfigError ForbiddenError GuardError HTTPError "
        "HTTPException HandlerSignatureError InvalidHeader NoriaError RegistrationError "
        "RequestValidationError ResponseTypeError ResponseValidationError RouteConflict "
        "StartupError URLBuildError UnauthorizedError UnsupportedMediaType WebSocketDisconnect"
    ),
    "noria.form_data": "FormData",
    "noria.forms": "Request",  # by then all is attached to it
    "noria.guards": "And Authenticated Not Or PermissionGuard RoleGuard",
    "noria.headers": "MutableHeaders",
    "noria.json": "",
    "noria.options": "GuardLike HeadersInit Lifespan RouteOptions Settings WebSocketOptions",
    "noria.params": "Body Cookie Depends File Form Header Path Query Security",
    "noria.problems": "ProblemDetails",
    "noria.requests": "Address Headers MultiDict State URL",
    "noria.responses": "Response",
    "noria.routing": "RouteInfo",
    "noria.sse": "SseEvent SseStream",
    "noria.static_files": "StaticFiles StaticFilesConfig",
    "noria.sync_websocket": "SyncWebSocket",
    "noria.uploads": "UploadedFile",
    "noria.websockets": "WebSocket WebSocketMessage",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if f"noria.{name}" not in _MODULES and name not in _MODULE_OF:
        raise AttributeError(f"module 'noria' has no attribute {name!r}")
    from importlib import import_module

    if f"noria.{name}" in _MODULES:
        return import_module(f"noria.{name}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
