"""The table of commands and their flags: what `--help` prints and shells complete is made of it."""

from __future__ import annotations

from pelton.cli.options import INTERFACES, LIFESPANS
from pelton.cli.run import ALIASES, setting_flag
from pelton.cli.usage import UsageError, parsed
from pelton.config.settings import SETTINGS
from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.config.settings import Setting

APP = "APP is pkg.mod:attr, path/app.py or path/app.py:attr; without it entrypoint of the configuration file, else app, api or \
application in main.py, app.py or api.py"
WIDTH = 110
SHELLS = ("bash", "zsh", "fish")


class Flag:
    """One flag, without its dashes.

    Args:
        name: Its name; one letter for a flag with one dash.
        value: What stands for its value in help; empty for a switch.
        text: What it does, and its default in parentheses.
        choices: The values that it has, if they are few.
        takes: "file" or "folder", for shells.
        off: Whether it has a `--no-` form.
        setting: The setting that it sets; None for a flag of the command alone.
    """

    __slots__ = ("choices", "name", "off", "setting", "takes", "text", "value")

    def __init__(
        self,
        name: str,
        value: str,
        text: str,
        choices: tuple[str, ...] = (),
        takes: str = "",
        off: bool = False,
        setting: Setting | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.text = text
        self.choices = choices
        self.takes = takes
        self.off = off
        self.setting = setting

    @property
    def spelled(self) -> str:
        """The flag with its dashes."""
        return _dashed(self.name)


class Command:
    """One command.

    Args:
        name: Its name.
        takes: What stands beside its flags: `[APP]`, or empty.
        text: What it does, a sentence.
        flags: Its own flags.
        settings: Whether it has a flag for each setting too.
        failure: What exit code 1 means; empty where the command has none.
        fails_to_start: Whether it has exit code 3.
    """

    __slots__ = ("_flags", "failure", "fails_to_start", "name", "settings", "takes", "text")

    def __init__(
        self,
        name: str,
        takes: str,
        text: str,
        flags: tuple[Flag, ...] = (),
        *,
        settings: bool = False,
        failure: str = "",
        fails_to_start: bool = False,
    ) -> None:
        self.name = name
        self.takes = takes
        self.text = text
        self._flags = flags
        self.settings = settings
        self.failure = failure
        self.fails_to_start = fails_to_start

    @property
    def flags(self) -> tuple[Flag, ...]:
        """All of its flags."""
        return (*self._flags, *setting_flags()) if self.settings else self._flags


_APP_DIR = Flag("app-dir", "DIR", "where the application is looked for (the current directory)", takes="folder")
_CONFIG = Flag(
    "config", "FILE", "the configuration file (the nearest pelton.toml or pyproject.toml, from the application upward)", takes="file"
)
_FACTORY = Flag("factory", "", "APP is a function that returns the application (off)", off=True)
_ENV_FILE = Flag(
    "env-file", "FILE", "a file of NAME=value with variables for the application, which are no settings of pelton", takes="file"
)
_RUN = (
    _CONFIG,
    Flag("workers", "N", "worker processes, or auto for one per usable CPU (1)", ("auto",)),
    Flag("single", "", "this process serves, without a supervisor (off)", off=True),
    _APP_DIR,
    _FACTORY,
    Flag(
        "interface", "INTERFACE",
        "what the application is: native, an App, asgi, an ASGI 3 application, which asgi3 means too, or wsgi, a WSGI application; auto is what it looks like (auto)",
        INTERFACES,
    ),
    Flag("lifespan", "LIFESPAN", "of an ASGI application: on if it must have one, off to ask for none (auto)", LIFESPANS),
    Flag("wsgi-inline", "", "a WSGI application that only computes runs on the loop's thread, one request at a time (off)", off=True),
    Flag("user", "USER", "who serves once the address is bound, a name or a number"),
    Flag("group", "GROUP", "the group of who serves"),
    Flag("pid-file", "FILE", "where the process ID of the supervisor is written", takes="file"),
    _ENV_FILE,
    Flag("process-name", "NAME", "how the titles of the processes begin, as ps shows them (pelton)"),
    Flag("reload", "", "one worker, replaced whenever a file changes (off)", off=True),
    Flag("reload-dir", "DIR", "a folder whose files are watched; may be repeated (the current directory)", takes="folder"),
    Flag("reload-include", "PATTERN", "names of files that are watched; may be repeated (*.py)"),
    Flag("reload-exclude", "PATTERN", "names of files and folders that are not watched; may be repeated (.*)"),
    Flag("reload-delay", "SECONDS", "how long nothing more must change before a change counts (0.25)"),
)  # fmt: skip
COMMANDS = {
    one.name: one
    for one in (
        Command("run", "[APP]", "serve an application", _RUN, settings=True, failure="it failed; stderr says why", fails_to_start=True),
        Command(
            "dev", "[APP]", "serve an application that is being written: run --reload --debug, with a line for each request",
            (Flag("tls", "", "https, with a certificate for localhost that is made for this run (off)"), *_RUN),
            settings=True, failure="it failed; stderr says why", fails_to_start=True,
        ),
        Command(
            "reload", "", "have a running pelton take new code and configuration, and say how that went",
            (Flag("pid-file", "FILE", "the file of pelton run --pid-file", takes="file"),),
            failure="the old workers go on serving, or none are; stderr says why",
        ),
        Command(
            "check", "[APP]", "say what would keep an application from starting, and which settings are unsafe",
            (Flag("print-config", "", "print each setting and where it comes from, as a configuration file"), *_RUN),
            settings=True, failure="a problem was found",
        ),
        Command(
            "routes", "[APP]", "list the routes of an application, with what their handlers take",
            (
                Flag("explain", "", "say of each parameter where it comes from, its converter or type, and its default"),
                Flag("json", "", "as JSON"),
                _CONFIG, _APP_DIR, _FACTORY, _ENV_FILE,
            ),
            fails_to_start=True,
        ),
        Command(
            "openapi", "[APP]", "print the OpenAPI document of an application",
            (Flag("o", "FILE", "write it to a file", takes="file"), _CONFIG, _APP_DIR, _FACTORY, _ENV_FILE),
            failure="the file cannot be written", fails_to_start=True,
        ),
        Command(
            "new", "DIR", "make a small application with tests, a configuration file and a Dockerfile",
            failure="the folder is not empty, or cannot be made",
        ),
        Command("completion", "SHELL", "print a script that has bash, zsh or fish complete this command"),
        Command("doctor", "", "say what this machine offers, and which engine it gets", failure="this machine cannot serve"),
    )
}  # fmt: skip

EXIT_CODES = (
    ("0", "it is done; of `pelton run`: a stop was asked for"),
    ("1", "the command failed"),
    ("2", "the command line is wrong"),
    ("3", "it did not start: the configuration, an import, the address or the application's own start"),
    ("128 + n", "a second signal n ended it at once"),
)
SIGNALS = (
    ("TERM, INT", "a graceful stop; a second one ends at once"),
    ("QUIT", "a quick stop: requests get a second"),
    ("USR1", "log files are opened again, for rotation"),
    ("HUP", "a reload: new workers with new code and configuration take over when they are ready"),
    ("TTIN, TTOU", "one worker more, one less"),
    ("USR2", "an upgrade: a new supervisor, of the pelton that is installed now, takes this one's place"),
)

_VALUES = {
    "access log": "FILE",
    "addresses": "ADDRESS",
    "admin address": "ADDRESS",
    "backlog": "N",
    "broker": "URL",
    "client certificates": "WHETHER",
    "colours": "",
    "count": "N",
    "count from 1": "N",
    "descriptor": "N",
    "engine": "ENGINE",
    "fields": "NAME:VALUE",
    "forwarded header": "FAMILY",
    "hosts": "HOSTS",
    "http versions": "VERSIONS",
    "log config": "FILE",
    "log format": "FORMAT",
    "log level": "LEVEL",
    "mode": "MODE",
    "origins": "ORIGINS",
    "path": "PATH",
    "paths": "PATH",
    "peers": "PEERS",
    "port": "PORT",
    "secret": "TEXT",
    "seconds": "SECONDS",
    "size": "SIZE",
    "slow policy": "POLICY",
    "switch": "",
    "text": "TEXT",
    "tls version": "VERSION",
}
_CHOICES = {
    "engine": ("auto", "uring", "epoll"),
    "forwarded header": ("x-forwarded", "forwarded"),
    "slow policy": ("close", "drop", "wait"),
    "log format": ("combined", "json"),
    "log level": ("critical", "error", "warning", "info", "debug", "trace"),
    "client certificates": ("off", "optional", "required"),
    "tls version": ("1.2", "1.3"),
    "http versions": ("1", "1,2"),
    "access log": (),
}
_NAMED = {"host": "HOST", "uds": "PATH"}  # what stands for the value of a text


def setting_flags() -> list[Flag]:
    """A flag for each setting, in the order of the table, then other names of some."""
    from pelton.config.meanings import first_sentence, meanings

    said = meanings()
    made = []
    for keyword, setting in SETTINGS.items():
        unit = setting.unit.removesuffix(" or none")
        choices = _CHOICES.get(unit, ()) + (("none",) if setting.unit.endswith(" or none") and unit not in ("text", "path") else ())
        shown = shown_default(setting)
        text = first_sentence(said.get(keyword, ""))
        made.append(
            Flag(
                setting_flag(keyword),
                _NAMED.get(keyword, _VALUES[unit]),
                (text if text[1:2].isupper() else text[:1].lower() + text[1:]) + (f" ({shown})" if shown else ""),
                choices,
                "file" if keyword in ("uds", "access_log", "log_config") or unit in ("path", "paths") else "",
                unit in ("switch", "access log", "colours"),
                setting,
            )
        )
    for alias, name in ALIASES.items():
        same = next(one for one in (*_RUN, *made) if one.name == name)
        made.append(Flag(alias, same.value, f"the same as --{name}", same.choices))
    return made


def shown_default(setting: Setting) -> str:
    """The default of a setting as a command line would give it; empty for nothing."""
    value, unit = setting.default, setting.unit.removesuffix(" or none")
    if value is None:
        return "" if unit in ("text", "broker", "log config", "path") else "none"
    return shown_value(value, unit)


def shown_value(value: object, unit: str) -> str:
    """A setting's value as a command line would give it; empty for nothing."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "none"
    if isinstance(value, int) and unit == "size":
        for name, factor in (("MiB", 2**20), ("KiB", 2**10)):
            if value >= factor and value % factor == 0:
                return f"{value // factor}{name}"
    if unit == "mode":
        return f"{value:o}"
    if isinstance(value, tuple):
        return ", ".join(one if isinstance(one, str) else ": ".join(one) for one in value)
    return str(value)


def arguments_of(name: str, arguments: list[str]) -> tuple[str | None, dict[str, str]]:
    """What stands beside the flags of a command, None without, and its flags; UsageError for what is not in the table."""
    command = COMMANDS[name]
    values = {one.name for one in command.flags if one.value}
    switches = {one.name for one in command.flags if not one.value or one.off}

    def unknown(flag: str) -> str:
        near = nearest(flag.lstrip("-").partition("=")[0], sorted(values | switches))
        return f"pelton {name} has no flag {flag!r}" + (f"; did you mean {_dashed(near)}?" if near else "")

    others, flags = parsed(arguments, values, switches, ALIASES if command.settings else {}, unknown)
    if len(others) > bool(command.takes):
        takes = f"takes one {command.takes.strip('[]')}" if command.takes else "takes no arguments"
        raise UsageError(f"pelton {name} {takes}, not {' '.join(others)}")
    if not others and command.takes and not command.takes.startswith("["):
        raise UsageError(f"pelton {name} takes one {command.takes}")
    return others[0] if others else None, flags


def _dashed(name: str) -> str:
    return f"--{name}" if len(name) > 1 else f"-{name}"


def usage() -> str:
    """The text of `pelton --help`."""
    from textwrap import fill

    width = max(len(f"{one.name} {one.takes}") for one in COMMANDS.values())
    rows = [f"  {f'{one.name} {one.takes}'.ljust(width)}  {one.text}" for one in COMMANDS.values()]
    return "\n".join((
        "usage: pelton COMMAND [flags]",
        "",
        *rows,
        "",
        fill(APP, WIDTH, initial_indent="  ", subsequent_indent="  "),
        "",
        "  pelton COMMAND --help lists the flags of a command; pelton --version says the version.",
        "",
    ))  # fmt: skip


def help_of(command: Command) -> str:
    """The text of `pelton COMMAND --help`."""
    from textwrap import fill

    parts = [f"usage: pelton {command.name} {f'{command.takes} ' if command.takes else ''}[flags]", "", f"  {command.text}"]
    if command.takes == "[APP]":
        parts += ["", fill(APP, WIDTH, initial_indent="  ", subsequent_indent="  ")]
    sections: dict[str, list[Flag]] = {}
    for flag in command.flags:
        part = "flags" if flag.setting is None else {"": "server", "http2": "HTTP/2", "tls": "TLS", "limits": "limits", "timeouts": "time"}[flag.setting.part]
        sections.setdefault("other names" if flag.setting is None and flag.name in ALIASES else part, []).append(flag)
    for title, flags in sections.items():
        parts += ["", f"{title}:"]
        for flag in flags:
            head = f"  {'--[no-]' + flag.name if flag.off else flag.spelled}"
            if flag.value:
                head += f"[={flag.value}]" if flag.off else f" {flag.value}"
            text = fill(flag.text, WIDTH, initial_indent=" " * 34, subsequent_indent=" " * 34)
            parts.append(head.ljust(34) + text[34:] if len(head) < 33 else f"{head}\n{text}")
    if command.name == "run":
        parts += ["", "signals:", *(f"  {names.ljust(32)}{text}" for names, text in SIGNALS)]
    parts += ["", "exit codes:"]
    for code, text in EXIT_CODES:
        if code == "1":
            text = command.failure
        if text and (code in "012" or command.name == "run" or (code == "3" and command.fails_to_start)):
            parts.append(f"  {code.ljust(32)}{text.replace('`', '')}")
    return "\n".join(parts) + "\n"
