"""The command `pelton`: run, openapi, doctor. Exit codes: 0 stopped, 1 failed, 2 bad command line, 3 not started."""

from __future__ import annotations

import sys

from pelton.cli.usage import USAGE, UsageError
from pelton.errors import nearest


def main(arguments: list[str] | None = None) -> int:
    """Runs the command that the arguments name, those of the process unless given; the exit code."""
    from pelton.serving.terminal import complain, hold_standard_descriptors, put_out, tell

    hold_standard_descriptors()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if not given:
            tell(USAGE.rstrip())
            return 2
        if given[0] in ("-h", "--help", "help"):
            return put_out(USAGE)
        command, *rest = given
        if command == "--version":
            from pelton import __version__

            return put_out(f"pelton {__version__}\n")
        if command in ("run", "openapi"):
            if "-h" in rest or "--help" in rest:
                return put_out(USAGE)
            if command == "run":
                from pelton.cli.run import run

                return run(rest)
            from pelton.cli.openapi import openapi

            return openapi(rest)
        if command == "doctor":
            if rest:
                raise UsageError(f"pelton doctor takes no arguments, not {rest[0]!r}")
            from pelton.cli.doctor import doctor

            return doctor()
        near = nearest(command, ["run", "openapi", "doctor"])
        raise UsageError(f"no command {command!r}" + (f"; did you mean {near!r}?" if near else ""))
    except UsageError as error:
        complain(f"{error}; see pelton --help")
        return 2
