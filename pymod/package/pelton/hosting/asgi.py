"""An ASGI 3 application as an `App`, so that everything that serves or mounts an `App` takes it too."""

from __future__ import annotations

from pelton.config.server_config import LimitsConfig, ServerConfig
from pelton.hosting.asgi_lifespan import AsgiLifespan
from pelton.routing.answers import asked
from pelton.routing.app_parts import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from pelton.app import App
    from pelton.hosting.asgi_lifespan import Application


def hosted(application: Application, kind: type[App], *, lifespan: Literal["auto", "on", "off"] | str = "auto") -> App:
    """An `App` whose every request, whatever its method and target, goes to the application.

    Served by itself it has no limit of bodies unless a setting sets one, and one of 16 MiB of the messages of WebSockets.
    Mounted it has the limits of the app around it.

    Args:
        application: The ASGI 3 application.
        kind: `App`, which has the room of this module below it and so is an argument.
        lifespan: `on` refuses an application without the lifespan protocol, `off` does not speak it.
    """
    state: dict[str, Any] = {}
    app = kind(
        lifespan=None if lifespan == "off" else lambda _: AsgiLifespan(application, state, is_required=lifespan == "on"),
        server=ServerConfig(limits=LimitsConfig(max_body_size=None, ws_max_size=16 * 2**20)),
    )
    parts = parts_of(app)

    def log(scope: Mapping[str, Any], error: BaseException) -> None:
        answers = parts.service.answers
        assert answers is not None
        answers.failed(asked(scope.get("method", "WEBSOCKET"), scope["path"]), error)

    parts.native.host(application, {"state": state, "log": log})
    return app
