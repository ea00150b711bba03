"""Reading a command line, and the error of one that is wrong."""

from __future__ import annotations

from pelton.errors import PeltonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

NOT_STARTED = 3  # the exit code
_REPEATED = ("header", "bind", "ssl-certfile", "ssl-keyfile", "reload-dir", "reload-include", "reload-exclude")  # each adds a line
_TRUTHS = frozenset(("true", "false", "1", "0", "yes", "no", "on", "off"))  # what may follow a switch


class UsageError(PeltonError):
    """The command line is wrong: exit code 2."""


def parsed(
    arguments: list[str],
    values: Container[str],
    switches: Container[str],
    aliases: Mapping[str, str],
    unknown: Callable[[str], str],
) -> tuple[list[str], dict[str, str]]:
    """What stands beside the flags, and the flags by name; a switch is "on" or "off".

    Args:
        arguments: The command line after the command.
        values: Flags that take a value, without their dashes.
        switches: Flags that may stand alone and have a `--no-` form; `=VALUE` may follow.
        aliases: Other names of flags, single letters among them, and the names that they stand for.
        unknown: The message for a flag that is none of these.
    """
    others: list[str] = []
    flags: dict[str, str] = {}
    spelled: dict[str, str] = {}
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        at += 1
        if not argument.startswith("-") or argument == "-":
            others.append(argument)
            continue
        shown, separator, value = argument.partition("=")
        is_long = shown.startswith("--")
        name = shown.removeprefix("--") if is_long else shown[1:]
        is_known = is_long == (len(name) > 1)
        name = aliases.get(name, name)
        if is_known and name in values and name not in switches:
            if not separator:
                value = arguments[at] if at < len(arguments) else ""
                at += 1
            if not value or (not separator and value.startswith("--")):
                raise UsageError(f"{shown} needs a value")
        elif is_known and name in switches:
            if not separator:
                follows = at < len(arguments) and arguments[at].lower() in _TRUTHS
                value = arguments[at] if follows else "on"
                at += follows
        elif is_long and not separator and name.startswith("no-") and aliases.get(name[3:], name[3:]) in switches:
            name, value = aliases.get(name[3:], name[3:]), "off"
        else:
            raise UsageError(unknown(argument))
        before = spelled.setdefault(name, shown)
        if before != shown and not shown.startswith("--no-") and not before.startswith("--no-"):
            raise UsageError(f"{before} and {shown} are one flag; give one of them")
        flags[name] = f"{flags[name]}\n{value}" if name in _REPEATED and name in flags else value
    return others, flags
