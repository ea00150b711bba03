"""noria: web applications in Python on a native core."""

from __future__ import annotations

from noria import _native as _native  # first: the rest attaches to its types
from noria.app import App
from noria.blueprints import Blueprint, Router
from noria.errors import (
    BadBody,
    BodyTooLarge,
    ClientDisconnected,
    ConfigError,
    ForbiddenError,
    GuardError,
    HandlerSignatureError,
    HTTPError,
    HTTPException,
    InvalidHeader,
    NoriaError,
    RegistrationError,
    RequestValidationError,
    ResponseTypeError,
    ResponseValidationError,
    RouteConflict,
    StartupError,
    UnauthorizedError,
    UnsupportedMediaType,
    URLBuildError,
    WebSocketDisconnect,
)
from noria import arriving as _arriving  # attaches to Request
from noria import forms as _forms  # attaches to Request
from noria.headers import MutableHeaders
from noria.params import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from noria.problems import ProblemDetails
from noria.requests import URL, Address, Headers, MultiDict, Request, State
from noria.responses import Response
from noria.routing import RouteInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from noria import json
    from noria.background import BackgroundTasks
    from noria.config import LimitsConfig, ServerConfig, TimeoutConfig
    from noria.form_data import FormData
    from noria.guards import And, Authenticated, Not, Or, PermissionGuard, RoleGuard
    from noria.options import GuardLike, HeadersInit, Lifespan, RouteOptions, Settings, WebSocketOptions
    from noria.uploads import UploadedFile
    from noria.sse import SseEvent, SseStream
    from noria.static_files import StaticFiles, StaticFilesConfig
    from noria.sync_websocket import SyncWebSocket
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

# What many programs never need; some of their modules import dataclasses or typing.
_LATER = {
    "And": "noria.guards",
    "Authenticated": "noria.guards",
    "BackgroundTasks": "noria.background",
    "FormData": "noria.form_data",
    "Not": "noria.guards",
    "Or": "noria.guards",
    "PermissionGuard": "noria.guards",
    "RoleGuard": "noria.guards",
    "UploadedFile": "noria.uploads",
    "SseEvent": "noria.sse",
    "SseStream": "noria.sse",
    "StaticFiles": "noria.static_files",
    "StaticFilesConfig": "noria.static_files",
    "SyncWebSocket": "noria.sync_websocket",
    "WebSocket": "noria.websockets",
    "WebSocketMessage": "noria.websockets",
    "LimitsConfig": "noria.config",
    "ServerConfig": "noria.config",
    "TimeoutConfig": "noria.config",
    "GuardLike": "noria.options",
    "HeadersInit": "noria.options",
    "Lifespan": "noria.options",
    "RouteOptions": "noria.options",
    "Settings": "noria.options",
    "WebSocketOptions": "noria.options",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "json":
        return import_module("noria.json")
    if name in _LATER:
        value = getattr(import_module(_LATER[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'noria' has no attribute {name!r}")
