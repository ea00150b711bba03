"""`pelton openapi`: prints the document of an application, or writes it to a file."""

from __future__ import annotations

from pelton.cli.usage import NOT_STARTED
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.app import App


def openapi(arguments: list[str]) -> int:
    """Prints the document; nothing is served."""
    from pelton.cli.commands import arguments_of
    from pelton.serving.terminal import complain, put_out

    target, flags = arguments_of("openapi", arguments)
    text = described(target, flags, lambda app: document_text(app.openapi()))
    if text is None:
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


def described(target: str | None, flags: dict[str, str], describe: Callable[[App], str]) -> str | None:
    """What is to be said of an application; None if it cannot be loaded, and then it is said why.

    Args:
        target: APP; None where the command line has none.
        flags: Those of the command line.
        describe: Makes the text.
    """
    from pelton.cli.loading import load_program
    from pelton.cli.program import Program
    from pelton.serving.terminal import complain, show_trace

    try:
        return describe(load_program(Program(target, flags)))
    except (ConfigError, StartupError, RegistrationError) as error:
        show_trace(error)
        complain(f"cannot describe {target or 'the application'}: {error}")
        return None


def document_text(document: dict[str, Any]) -> str:
    """Indented, so that versions of it can be compared line by line."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
