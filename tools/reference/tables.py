"""The tables in the source as the reference shows them: settings, flags, reasons and gauges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REASONS = Path("core/reason.cpp")
GAUGES = Path("core/core_state.hpp")
_CLASSES = {
    "refused": "The request is malformed or breaks a limit: it is answered at once, and the connection closes.",
    "answered": "The request is answered without a handler, or in place of one.",
    "cut": "The connection is closed in the middle of an answer or of a WebSocket.",
    "shed": "There is too much work: the request or the connection is turned away.",
    "lost": "The client is gone.",
    "fault": "The application or the server went wrong.",
    "fallback": "Something that the machine does not allow is done another way.",
    "dropped": "Something is left out.",
    "closed": "The connection closes in the ordinary course.",
    "engine": "What the engines meet; of use to those who work on them.",
}
_ROW = re.compile(r'((?:^ *// .+\n)*)^ *\{"(\w+)", "(\w+)", "([^"]*)"\},$', re.MULTILINE)
_UNITS = {
    "size": "bytes, or a text such as `64KiB`",
    "count": "a number from 0",
    "count from 1": "a number from 1",
    "seconds": "seconds",
    "switch": "on or off",
    "text": "a text",
    "path": "a path",
    "paths": "a path, or a list of paths",
    "secret": "a text, which is not shown",
    "client certificates": "`off`, `optional` or `required`, or 0, 1 and 2",
    "tls version": "`1.2` or `1.3`",
    "port": "0 to 65535",
    "backlog": "a number from 0",
    "engine": "`auto`, `uring` or `epoll`",
    "fields": "names and values",
    "access log": "on, off or a path with a `/` in it",
    "colours": "`auto`, true or false",
    "log config": "path of a file, or a dictionary",
    "log format": "`combined`, `json` or a format",
    "log level": "`critical`, `error`, `warning`, `info`, `debug` or `trace`",
    "admin address": "a loopback address with a port, or `unix:` and a path",
    "broker": "a URL, or an object",
    "origins": "a list of origins",
    "hosts": "a list of host names",
    "http versions": "`1` or `1,2`",
    "addresses": "a list of `HOST:PORT`, `[IPV6]:PORT`, `unix:PATH` and `fd://N`, each with `,tls` or without",
    "descriptor": "the number of a descriptor",
    "mode": "a mode from 0 to 0o777, or a text of its octal digits such as `660`",
    "peers": "a list of addresses, networks, `unix` and `*`",
    "forwarded header": "`x-forwarded` or `forwarded`",
    "slow policy": "`close`, `drop` or `wait`",
}
_PARTS = {"": "ServerConfig", "tls": "TlsConfig", "http2": "Http2Config", "limits": "LimitsConfig", "timeouts": "TimeoutConfig"}


@dataclass(frozen=True)
class ReasonText:
    counter_class: str
    word: str
    text: str


def reasons(root: Path) -> list[ReasonText]:
    """The rows of the table of reasons, with the comment above each; empty where there is none."""
    found = []
    for comment, counter_class, word, _ in _ROW.findall((root / REASONS).read_text()):
        if counter_class != "none":
            text = " ".join(line.strip().removeprefix("// ") for line in comment.splitlines())
            found.append(ReasonText(counter_class, word, text))
    return found


def gauges(root: Path) -> list[tuple[str, str]]:
    """The gauges with the comments beside them."""
    _, _, body = (root / GAUGES).read_text().partition("enum class Gauge")
    return re.findall(r"^  (\w+),\s*// (.+)$", body.partition("};")[0], re.MULTILINE)


def counters_page(root: Path) -> str:
    lines = [
        "# Counters and reasons",
        "",
        "Why a request, a connection or an operation did not go the plain way. A reason's word stands in the body of a",
        "refusal, in the access log and in the name of its counter; `live_server.stats()` has the counters by their names.",
        "They grow from the start of the server and add up over all of its workers.",
    ]
    rows = reasons(root)
    for counter_class in dict.fromkeys(row.counter_class for row in rows):
        lines += ["", f"## {counter_class}", "", _CLASSES[counter_class], "", "| Counter | Meaning |", "|---|---|"]
        lines += [
            f"| `{row.counter_class}.{row.word}` | {_linked(row.text)} |" for row in rows if row.counter_class == counter_class
        ]
    lines += ["", "## Gauges", "", "What a worker has at the moment, as it looked last, once a second.", "", "| Gauge | Meaning |"]
    lines += ["|---|---|", *(f"| `{name}` | {text} |" for name, text in gauges(root))]
    return "\n".join(lines) + "\n"


def _linked(text: str) -> str:
    """Settings that a text names, as literals, which the site links."""
    return re.sub(r"\b((?:limits|timeouts|tls)\.\w+|ws_\w+|log_queue)\b", r"`\1`", text)


def settings_page(attributes: dict[str, str]) -> str:
    """Every setting with its spellings; what it means is the string below its field."""
    from pelton.config.settings import SETTINGS

    lines = [
        "# Settings",
        "",
        "Every setting has one name, from which its spellings follow: a field in code, a keyword of `App.run()` and",
        "`live_server()`, a key of a configuration file, a variable in the environment and a flag of `pelton run`. The guide's page on",
        "[configuration](../configuration.md) says which of them wins.",
    ]
    for part, kind in _PARTS.items():
        lines += ["", f"## {kind}"]
        for setting in SETTINGS.values():
            if setting.part == part:
                lines += ["", *_setting(setting, attributes[f"pelton.config.server_config.{kind}.{setting.field}"])]
    return "\n".join(lines) + "\n"


def _setting(setting: Any, meaning: str) -> list[str]:
    unit = setting.unit.removesuffix(" or none")
    optional = ", or none" if setting.unit.endswith(" or none") else ""
    spelled = [
        f"Keyword and key of a file `{setting.keyword}`",
        f"variable `PELTON_{setting.keyword.upper()}`",
        f"flag `{flag_of(setting.keyword)}`",
    ]
    return [
        f"```{{confval}} {setting.place}",
        f":type: {_UNITS[unit]}{optional}",
        f":default: {shown_default(setting)}",
        "",
        meaning,
        "",
        ", ".join(spelled),
        "```",
    ]


def flag_of(keyword: str) -> str:
    """The flag of `pelton run` that sets it."""
    from pelton.cli.run import setting_flag

    return f"--{setting_flag(keyword)}"


def shown_default(setting: Any) -> str:
    value, unit = setting.default, setting.unit.removesuffix(" or none")
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if unit == "size":
        for name, factor in (("MiB", 2**20), ("KiB", 2**10)):
            if value >= factor and value % factor == 0:
                return f"{value // factor} {name}"
        return f"{value} bytes"
    return f"{value} s" if unit == "seconds" else f"`{value}`"


def command_page() -> str:
    """The commands as `--help` says them."""
    from pelton.cli.commands import COMMANDS, EXIT_CODES, help_of, usage

    lines = ["# Command line", "", "```text", usage().rstrip(), "```", ""]
    for command in COMMANDS.values():
        lines += [f"## pelton {command.name}", "", "```text", help_of(command).rstrip(), "```", ""]
    lines += ["## Exit codes", "", "| Exit code | Meaning |", "|---|---|", *(f"| {code} | {text} |" for code, text in EXIT_CODES)]
    return "\n".join(lines) + "\n"
