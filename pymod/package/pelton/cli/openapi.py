"""`pelton openapi`: prints the document of an application, or writes it to a file."""

from __future__ import annotations

import os

from pelton.cli.usage import NOT_STARTED, UsageError
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def openapi(arguments: list[str]) -> int:
    """Prints the document; nothing is served."""
    from pelton.cli.loading import load
    from pelton.serving.terminal import complain, put_out, show_trace

    targets: list[str] = []
    given = {"-o": "", "--app-dir": "."}
    rest = iter(arguments)
    for argument in rest:
        name, separator, value = argument.partition("=")
        if name in given:
            given[name] = value if separator else next(rest, "")
            if not given[name]:
                raise UsageError(f"{name} needs a value")
        elif argument.startswith("-"):
            raise UsageError(f"pelton openapi has no flag {argument!r}")
        else:
            targets.append(argument)
    if len(targets) != 1:
        raise UsageError("pelton openapi takes one APP" + (f", not {' '.join(targets)}" if targets else ""))
    try:
        app = load(targets[0], os.path.abspath(given["--app-dir"]))
        text = document_text(app.openapi())
    except (ConfigError, StartupError, RegistrationError) as error:
        show_trace(error)
        complain(f"cannot describe {targets[0]}: {error}")
        return NOT_STARTED
    if not given["-o"]:
        return put_out(text)
    try:
        with open(given["-o"], "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        complain(f"cannot write {given['-o']}: {error.strerror}")
        return 1
    return 0


def document_text(document: dict[str, Any]) -> str:
    """Indented, so that versions of it can be compared line by line."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
