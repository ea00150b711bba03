"""Service: what the requests of one application need of it and of the server that serves it."""

from __future__ import annotations

from pelton.messages.json_format import JsonFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weakref import ReferenceType

    from pelton._native import Request, Server
    from pelton.config.settings import Values
    from pelton.messages.templates import Templates
    from pelton.routing.answers import Answers
    from pelton.serving.runtime import Runtime
    from pelton.websocket.topics import Topics


class Service:
    """What the requests of one application share. The application, a server and a test client fill it in."""

    __slots__ = ("answers", "json", "root_path", "runtime", "server", "settings", "templates", "topics")

    def __init__(self, json: JsonFormat) -> None:
        self.json = json
        self.templates: Templates | None = None
        self.answers: Answers | None = None  # there once the routes are frozen
        # These three while a server serves the application, a test client included; the server is none in a test client.
        self.runtime: Runtime | None = None
        self.server: Server | None = None
        self.root_path = ""  # where the application is mounted in the one that is served
        self.settings: Values | None = None  # of the last server
        self.topics: tuple[ReferenceType[Topics], ...] = ()  # of each server and test client


def service_of(request: Request) -> Service:
    """The service of the application that has the request's route."""
    service: Service = request.app._parts.service
    return service
