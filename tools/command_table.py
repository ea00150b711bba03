"""Writes docs/command-line.md: every command, flag, setting, signal and exit code, from the tables of the package.

With --check it writes nothing, and fails if the page is not what it would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pelton.cli.commands import COMMANDS, EXIT_CODES, SIGNALS, Command, Flag, shown_default
from pelton.cli.run import ALIASES, setting_flag
from pelton.config.command_keys import COMMAND_KEYS, variable_of
from pelton.config.meanings import meanings
from pelton.config.settings import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/command-line.md")
BEGIN = """\
# Command line

Every command, flag, setting, signal and exit code. `tools/command_table.py` writes this page from the tables that the
command itself reads, and the suite holds that it is current. `pelton COMMAND --help` says the same at a terminal.
[Configuration](configuration.md) says which place of a setting wins, [Deploying](deploying.md) how to run pelton.
"""
# What platforms set.
VARIABLES = (
    ("`PORT`", "`PELTON_PORT`, where that is not set"),
    ("`WEB_CONCURRENCY`", "`PELTON_WORKERS`, where that is not set"),
    ("`--logs`, `--no-logs`", "`--access-log`, `--no-access-log`, of a script that calls `app.run()`"),
)
PARTS = {"": "Server", "tls": "TLS", "http2": "HTTP/2", "limits": "Limits", "timeouts": "Time"}


def page() -> str:
    """The whole page."""
    sections = [BEGIN, commands(), flags(), *(settings(part) for part in PARTS), aliases(), signals(), exit_codes()]
    return "\n".join(sections)


def commands() -> str:
    rows = [(f"`{_command(one)}`", one.text, one.failure or "–") for one in COMMANDS.values()]
    return _table("Commands", ("Command", "Does", "Exit code 1 means"), rows)


def flags() -> str:
    """Those of commands alone; what is the same flag of several commands has one row."""
    used: dict[tuple[str, str], tuple[Flag, list[str]]] = {}
    for command in COMMANDS.values():
        for flag in command.flags:
            if flag.setting is None and flag.name not in ALIASES:
                used.setdefault((flag.spelled, flag.text), (flag, []))[1].append(command.name)
    rows = [
        (f"`{_flag(flag)}`", ", ".join(names), *_elsewhere(flag.name.replace("-", "_")), flag.text)
        for flag, names in used.values()
    ]
    text = (
        "A key stands in a configuration file for the flag of `pelton run`, and is its keyword of `app.run()` and `pelton.run()`;\n"
        "`entrypoint` in a file stands for APP.\n"
    )
    return _table("Flags of commands", ("Flag", "Of", "Variable", "Key", "Meaning"), rows, text)


def _elsewhere(key: str) -> tuple[str, str]:
    """Variable and key that say the same."""
    return (f"`{variable_of(key)}`", f"`{key}`") if key in COMMAND_KEYS else ("–", "–")


def settings(part: str) -> str:
    """Those of one part, each a flag of `pelton run` and `pelton check`."""
    said = meanings()
    rows = []
    for keyword, setting in SETTINGS.items():
        if setting.part == part:
            flag, default = setting_flag(keyword), shown_default(setting)
            rows.append((
                f"`--{flag}`" + (f", `--no-{flag}`" if setting.unit in ("switch", "access log", "colours") else ""),
                f"`PELTON_{keyword.upper()}`", f"`{keyword}`", f"`{setting.place}`", f"`{default}`" if default else "–",
                " ".join(said[keyword].split()),
            ))  # fmt: skip
    text = "Flags of `pelton run` and `pelton check`; the key stands in a configuration file and is the keyword of `app.run()` and `pelton.run()`.\n"
    return _table(f"Settings: {PARTS[part] if PARTS[part].isupper() else PARTS[part].lower()}", ("Flag", "Variable", "Key", "In code", "Default", "Meaning"), rows, text)


def aliases() -> str:
    rows = [(f"`{'--' if len(alias) > 1 else '-'}{alias}`", f"`--{name}`") for alias, name in ALIASES.items()]
    return _table("Other names", ("Name", "The same as"), [*rows, *VARIABLES])


def signals() -> str:
    return _table("Signals", ("To the supervisor", "Does"), SIGNALS)


def exit_codes() -> str:
    return _table("Exit codes", ("Code", "Meaning"), EXIT_CODES)


def _command(command: Command) -> str:
    return f"pelton {command.name} {command.takes}".rstrip()


def _flag(flag: Flag) -> str:
    return f"{flag.spelled} {flag.value}".rstrip()


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]], text: str = "") -> str:
    lines = [f"## {title}", "", *([text] if text else []), f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or with --check compares it; a folder instead of the repository may follow."""
    names = [one for one in arguments if one != "--check"]
    path = (Path(names[0]) if names else ROOT) / PAGE
    if "--check" not in arguments:
        path.write_text(page())
    elif not path.exists() or path.read_text() != page():
        print(f"{path} is not current: run tools/command_table.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
