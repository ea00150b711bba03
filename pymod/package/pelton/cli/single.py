"""`pelton run --single`: the command itself serves, without a supervisor."""

from __future__ import annotations

import os

from pelton.cli.process import drop_privileges, load_runtime, loaded, reconfigured, report_crashes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.cli.program import Program
    from pelton.serving.server import Serving


def serve_alone(program: Program, flags: dict[str, str]) -> int:
    """Serves in this process until it is stopped; the exit code.

    What binds and what writes the PID file happens before the user changes, the application is loaded after that.
    """
    from pelton import _native
    from pelton.errors import RegistrationError, StartupError
    from pelton.serving.listeners import bind, close_all
    from pelton.serving.loggers import configure_logging
    from pelton.serving.server import serve
    from pelton.serving.terminal import voice

    before = program.settings(None, flags)
    voice.set_up(before)
    name = program.process_name

    def show(state: str) -> None:
        title = f"{name}: single{state} {program.target or ''}"
        _native.set_process_title(os.fsencode(title.rstrip()), os.fsencode(name))

    def when_ready(serving: Serving) -> None:
        show("")
        serving.when_stopping = lambda: show(" (stopping)")
        serving.announce()

    show(" (starting)")
    listeners = bind(before)
    pid_file = None
    try:
        if (path := program.options.text("pid_file")) is not None:
            from pelton.serving.pid_file import PidFile

            pid_file = PidFile(path)
        drop_privileges(program.options.text("user"), program.options.text("group"))
        report_crashes()
        load_runtime()
        configure_logging(before)
        parts = loaded(program)
        settings = reconfigured(program.settings(parts.server_config, flags), before)
        settings["bind"] = before["bind"]  # what is bound, of which some may have TLS
        return serve(parts, settings, listeners[0], when_ready)
    except RegistrationError as error:
        raise StartupError(str(error)) from None
    finally:
        close_all(listeners)
        if pid_file is not None:
            pid_file.remove()
