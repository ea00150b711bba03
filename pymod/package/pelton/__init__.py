"""pelton: web applications in Python on a native core."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton import json
    from pelton.app import App
    from pelton.cli.script import run
    from pelton.config.run_keywords import ProgramKeywords, RunKeywords, Settings
    from pelton.config.server_config import Http2Config, LimitsConfig, ServerConfig, TimeoutConfig, TlsConfig
    from pelton.errors import (
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
        PeltonError,
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
    from pelton.forms.form_data import FormData
    from pelton.forms.uploads import UploadedFile
    from pelton.keywords import GuardLike, Lifespan, RouteOptions, WebSocketOptions
    from pelton.messages.headers import HeadersInit, MutableHeaders
    from pelton.messages.problems import ProblemDetails
    from pelton.messages.request import Headers, MultiDict, Request
    from pelton.messages.response import Response
    from pelton.messages.state import State
    from pelton.messages.tls_info import TlsInfo
    from pelton.messages.url import Address, URL
    from pelton.middleware.security_headers import CSP, SecurityHeadersConfig
    from pelton.routing.blueprints import Blueprint, Router
    from pelton.routing.guards import And, Authenticated, Not, Or, PermissionGuard, RoleGuard
    from pelton.routing.routes import RouteInfo
    from pelton.routing.static_files import StaticFiles, StaticFilesConfig
    from pelton.serving.worker import WorkerInfo
    from pelton.streaming.background import BackgroundTasks
    from pelton.streaming.sse import SseEvent, SseStream
    from pelton.validation.markers import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
    from pelton.websocket.connection import WebSocket, WebSocketMessage
    from pelton.websocket.sync_websocket import SyncWebSocket

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
    "CSP",
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
    "Http2Config",
    "InvalidHeader",
    "Lifespan",
    "LimitsConfig",
    "MultiDict",
    "MutableHeaders",
    "PeltonError",
    "Not",
    "Or",
    "Path",
    "PermissionGuard",
    "ProblemDetails",
    "ProgramKeywords",
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
    "RunKeywords",
    "Security",
    "SecurityHeadersConfig",
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
    "TlsConfig",
    "TlsInfo",
    "URLBuildError",
    "UnauthorizedError",
    "UnsupportedMediaType",
    "UploadedFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketMessage",
    "WebSocketOptions",
    "WorkerInfo",
    "json",
    "run",
]

# Loaded when asked for: many programs never need some of it, and a supervisor none.
_MODULES = {
    "pelton.app": "App",
    "pelton.streaming.background": "BackgroundTasks",
    "pelton.routing.blueprints": "Blueprint Router",
    "pelton.cli.script": "run",
    "pelton.config.run_keywords": "ProgramKeywords RunKeywords Settings",
    "pelton.config.server_config": "Http2Config LimitsConfig ServerConfig TimeoutConfig TlsConfig",
    "pelton.errors": (
        "BadBody BodyTooLarge ClientDisconnected ConfigError ForbiddenError GuardError HTTPError "
        "HTTPException HandlerSignatureError InvalidHeader PeltonError RegistrationError "
        "RequestValidationError ResponseTypeError ResponseValidationError RouteConflict "
        "StartupError URLBuildError UnauthorizedError UnsupportedMediaType WebSocketDisconnect"
    ),
    "pelton.forms.form_data": "FormData",
    "pelton.routing.guards": "And Authenticated Not Or PermissionGuard RoleGuard",
    "pelton.messages.headers": "HeadersInit MutableHeaders",
    "pelton.json": "",
    "pelton.keywords": "GuardLike Lifespan RouteOptions WebSocketOptions",
    "pelton.validation.markers": "Body Cookie Depends File Form Header Path Query Security",
    "pelton.messages.problems": "ProblemDetails",
    "pelton.messages.request": "Headers MultiDict Request",
    "pelton.messages.response": "Response",
    "pelton.messages.state": "State",
    "pelton.messages.tls_info": "TlsInfo",
    "pelton.messages.url": "Address URL",
    "pelton.middleware.security_headers": "CSP SecurityHeadersConfig",
    "pelton.routing.routes": "RouteInfo",
    "pelton.streaming.sse": "SseEvent SseStream",
    "pelton.routing.static_files": "StaticFiles StaticFilesConfig",
    "pelton.serving.worker": "WorkerInfo",
    "pelton.websocket.sync_websocket": "SyncWebSocket",
    "pelton.forms.uploads": "UploadedFile",
    "pelton.websocket.connection": "WebSocket WebSocketMessage",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if f"pelton.{name}" not in _MODULES and name not in _MODULE_OF:
        raise AttributeError(f"module 'pelton' has no attribute {name!r}")
    from importlib import import_module

    if f"pelton.{name}" in _MODULES:
        return import_module(f"pelton.{name}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
