"""A WSGI application (PEP 3333) as an `App`, so that everything that serves or mounts an `App` takes it too."""

from __future__ import annotations

import sys

from pelton.config.server_config import LimitsConfig, ServerConfig
from pelton.hosting.file_wrapper import FileWrapper
from pelton.hosting.wsgi_call import WsgiCall
from pelton.hosting.wsgi_input import input_of
from pelton.routing.app_parts import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton._native import Request
    from pelton.app import App
    from pelton.hosting.wsgi_call import Application, Environ
    from pelton.messages.response import Response


def hosted(application: Application, kind: type[App], *, is_inline: bool = False) -> App:
    """An `App` whose every request, whatever its method and target, goes to the application.

    Served by itself it has no limit of bodies unless a setting sets one. Mounted it has the limits of the app around it.

    Args:
        application: The WSGI application.
        kind: `App`, which has the room of this module below it and so is an argument.
        is_inline: Whether it runs on the loop's thread, one request at a time, and not in the blocking pool.
    """
    app = kind(server=ServerConfig(limits=LimitsConfig(max_body_size=None)))
    parts = parts_of(app)

    def failed(what: str, error: BaseException) -> None:
        answers = parts.service.answers
        assert answers is not None
        answers.failed(what, error)

    def serve_inline(environ: Environ) -> Response:
        call = WsgiCall(application, environ, failed)
        body = call.begin()
        if call.file is not None:
            return call.of_file(call.close)
        return call.streamed() if body is None else call.whole(body)

    async def serve(environ: Environ, request: Request | None = None) -> Response:
        from pelton.hosting.wsgi_thread import ThreadedCall

        assert parts.service.runtime is not None
        return await ThreadedCall(application, environ, failed, request).answer(parts.service.runtime)

    same = {
        "SERVER_SOFTWARE": "pelton",
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": not is_inline,
        "wsgi.multiprocess": True,  # a reload has two workers for a moment, where else there is one
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
    parts.native.host_wsgi(serve_inline if is_inline else serve, {"same": same, "make_input": input_of, "may_wait": not is_inline})
    return app
