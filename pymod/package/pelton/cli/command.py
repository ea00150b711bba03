"""The command `pelton`. Exit codes: 0 done, 1 failed, 2 bad command line, 3 not started."""

from __future__ import annotations

import sys

from pelton.cli.usage import UsageError
from pelton.errors import nearest


def main(arguments: list[str] | None = None) -> int:
    """Runs the command that the arguments name, those of the process unless given; the exit code."""
    from pelton.serving.terminal import complain, hold_standard_descriptors, put_out, tell

    hold_standard_descriptors()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if not given:
            from pelton.cli.commands import usage

            tell(usage().rstrip())
            return 2
        command, *rest = given
        if command == "--version":
            from pelton import __version__

            return put_out(f"pelton {__version__}\n")
        if command in ("-h", "--help", "help") or "-h" in rest or "--help" in rest:
            return _help(rest[0] if command == "help" and rest else command)
        if command == "run":
            from pelton.cli.run import run

            return run(rest)
        if command == "dev":
            from pelton.cli.run import dev

            return dev(rest)
        if command == "reload":
            from pelton.cli.reload import reload

            return reload(rest)
        if command == "check":
            from pelton.cli.check import check

            return check(rest)
        if command == "routes":
            from pelton.cli.route_listing import routes

            return routes(rest)
        if command == "openapi":
            from pelton.cli.openapi import openapi

            return openapi(rest)
        if command == "new":
            from pelton.cli.starter import new

            return new(rest)
        if command == "completion":
            from pelton.cli.completion import completion

            return completion(rest)
        if command == "doctor":
            if rest:
                raise UsageError(f"pelton doctor takes no arguments, not {rest[0]!r}")
            from pelton.cli.doctor import doctor

            return doctor()
        raise _no_command(command)
    except UsageError as error:
        complain(f"{error}; see pelton --help")
        return 2


def _help(command: str) -> int:
    from pelton.cli.commands import COMMANDS, help_of, usage
    from pelton.serving.terminal import put_out

    if command in COMMANDS:
        return put_out(help_of(COMMANDS[command]))
    if not command.startswith("-") and command != "help":
        raise _no_command(command)
    return put_out(usage())


def _no_command(command: str) -> UsageError:
    from pelton.cli.commands import COMMANDS

    near = nearest(command, list(COMMANDS))
    return UsageError(f"no command {command!r}" + (f"; did you mean {near!r}?" if near else ""))
