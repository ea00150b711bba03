"""`pelton openapi`: prints the document of an application, or writes it to a file."""

from __future__ import annotations

from pelton.cli.usage import NOT_STARTED
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def openapi(arguments: list[str]) -> int:
    """Prints the document; nothing is served."""
    from pelton.cli.commands import arguments_of
    from pelton.cli.loading import load_program
    from pelton.cli.run import Program
    from pelton.serving.terminal import complain, put_out, show_trace

    target, flags = arguments_of("openapi", arguments)
    try:
        program = Program(target, flags)
        app = load_program(program)
        text = document_text(app.openapi())
    except (ConfigError, StartupError, RegistrationError) as error:
        show_trace(error)
        complain(f"cannot describe {target or 'the application'}: {error}")
        return NOT_STARTED
    if "o" not in flags:
        return put_out(text)
    try:
        with open(flags["o"], "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        complain(f"cannot write {flags['o']}: {error.strerror}")
        return 1
    return 0


def document_text(document: dict[str, Any]) -> str:
    """Indented, so that versions of it can be compared line by line."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
