"""`pelton check`: what would keep an application from starting, and what is unsafe; nothing is served."""

from __future__ import annotations

import os

from pelton.config.command_keys import COMMAND_KEYS, LISTS, SWITCHES
from pelton.config.settings import LOG_LEVELS, SETTINGS
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.app import App
    from pelton.cli.program import Program
    from pelton.config.server_config import ServerConfig
    from pelton.config.settings import Values

# Keyword, when its value is unsafe, and what follows from it.
UNSAFE: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("debug", bool, "error pages show tracebacks to clients; switch it off outside of development"),
    ("ws_origins", lambda origins: "*" in origins, "pages of any site may use the cookies of your users; list the origins"),
    ("forwarded_allow_ips", lambda peers: "*" in peers, "anybody may say where a request comes from; list the proxies"),
)


def check(arguments: list[str]) -> int:
    """Prints what is found; 1 if that is a problem."""
    from pelton.cli.commands import arguments_of
    from pelton.serving.terminal import put_out

    target, flags = arguments_of("check", arguments)
    is_printing = flags.pop("print-config", None) is not None
    found = Findings()
    text = _checked(target, flags, found)
    if is_printing and text:
        return put_out(text) or found.exit_code
    return found.exit_code or put_out(f"{found.subject}: no problem found\n")


class Findings:
    """The problems of one application, said on standard error as they are found."""

    def __init__(self) -> None:
        self.subject = "the configuration"
        self.exit_code = 0

    def add(self, error: Exception | str) -> None:
        """One problem; an application's own failure with its traceback."""
        from pelton.serving.terminal import complain, show_trace

        self.exit_code = 1
        if isinstance(error, Exception):
            show_trace(error)
        complain(str(error))


def _checked(target: str | None, flags: dict[str, str], found: Findings) -> str:
    """The configuration as `--print-config` prints it; empty where it cannot be known."""
    from pelton.cli.program import Program

    given = {("headers" if name == "header" else name.replace("-", "_")): f"--{name}" for name in flags}
    app = None
    try:
        program = Program(target, flags)
        try:
            app = _frozen(program)
            found.subject = f"{program.target}, {_contents(app, program)}"
        except (ConfigError, StartupError, RegistrationError) as error:
            found.add(error)
        return _judged(app, program, flags, given, found)
    except ConfigError as error:
        found.add(error)
        return ""


def _contents(app: App, program: Program) -> str:
    if program.hosted:
        return f"{'a' if program.hosted == 'WSGI' else 'an'} {program.hosted} application, whose routes are its own"
    return f"{len(app.routes)} route{'s' * (len(app.routes) != 1)}"


def _frozen(program: Program) -> App:
    """The application, with all that is compiled before it serves."""
    from pelton.cli.loading import load_program
    from pelton.routing.app_parts import parts_of

    app = load_program(program, program.served)
    parts_of(app).freeze()
    return app


def _judged(app: App | None, program: Program, flags: dict[str, str], given: dict[str, str], found: Findings) -> str:
    """Says which settings are unsafe, and which are set in vain; the configuration as `--print-config` prints it."""
    from pelton.config.origins import DEFAULT, IN_CODE, coded_in_vain, origins
    from pelton.routing.app_parts import parts_of
    from pelton.serving.terminal import tell

    base: ServerConfig | None = None if app is None else parts_of(app).server_config
    values = program.settings(base, flags)
    sources = origins(base, given, program.file, program.environment)
    if program.hosted:  # its App is made here, not in code
        hosted = f"of {program.hosted} applications"
        sources = {keyword: hosted if source == IN_CODE else source for keyword, source in sources.items()}
    without_code = program.settings(None, flags)
    values |= {keyword: without_code[keyword] for keyword in coded_in_vain(base)}
    for keyword, is_unsafe, consequence in UNSAFE:
        if is_unsafe(values[keyword]):
            found.add(f"{sources[keyword]}: {keyword} is {_toml(keyword, values[keyword])}: {consequence}")
    if isinstance(path := values["log_config"], str) and not os.access(path, os.R_OK):
        found.add(f"{sources['log_config']}: log_config: {path} cannot be read")
    if values["access_log"] and LOG_LEVELS[values["log_level"]] > LOG_LEVELS["info"]:
        tell(f"pelton: note: log_level is {values['log_level']}, which leaves the access log out")
    if values["ssl_certfile"]:
        _judge_certificates(values, found)
    if app is not None and app.debug and not values["debug"]:
        found.add(f"App(debug=True): {UNSAFE[0][2]}")
    for keyword in coded_in_vain(base):
        if sources[keyword] == DEFAULT:
            tell(f"pelton: note: App(server=) sets {SETTINGS[keyword].place}, which pelton run does not hear of; set it in pelton.toml")
    return printed(_command_rows(program), values, sources)


def _judge_certificates(values: Values, found: Findings) -> None:
    """Says why they cannot be served, and which keys others can read."""
    from pelton.serving.server import tls_of

    try:
        tls_of(values)
    except StartupError as error:
        found.add(error)
    for path in dict.fromkeys(values["ssl_keyfile"] or values["ssl_certfile"]):
        if os.path.exists(path) and os.stat(path).st_mode & 0o004:
            found.add(f"the private key in {path} can be read by everybody on this machine; take that away with chmod o-r")


def _command_rows(program: Program) -> list[tuple[str, str, str]]:
    """Key, value as TOML and source of what is no setting of an application."""
    options = program.options
    always = {"app_dir": program.app_dir, "interface": program.interface, "lifespan": program.lifespan, "workers": str(program.workers)}
    always |= {"factory": "on" if program.is_factory else "off", "wsgi_inline": "on" if program.is_wsgi_inline else "off"}
    found = []
    for key in sorted(COMMAND_KEYS):
        if key == "entrypoint":
            named = "APP" if program.is_named else program.file.place_of(key) if options.is_entrypoint and program.file else "default"
            said = None if program.target is None else (program.target, named)
        else:
            said = options.said(key)
        text = always.get(key, None if said is None else said[0])
        if text is not None:
            source = "default" if said is None else said[1].removeprefix("environment: ").removesuffix(f": {key}")
            found.append((key, _command_toml(key, text), source))
    return found


def _command_toml(key: str, text: str) -> str:
    if key in SWITCHES:
        return "true" if text in ("on", "true", "1", "yes") else "false"
    if key in LISTS:
        return f"[{', '.join(_text(one) for one in text.splitlines())}]"
    is_number = text.isdigit() or (key == "reload_delay" and text.replace(".", "", 1).isdigit())
    return text if is_number and key not in ("process_name", "entrypoint") else _text(text)


def printed(rows: list[tuple[str, str, str]], values: Values, sources: dict[str, str]) -> str:
    """A configuration file with these values, each with its source beside it; on a terminal the defaults are faint.

    Args:
        rows: Key, value as TOML and source of what stands before the settings.
        values: The settings.
        sources: Where each of them comes from.
    """
    from pelton.serving.terminal import painted

    lines = []
    for key, value, source in (*rows, *((one, _toml(one, values[one]), sources[one]) for one in SETTINGS)):
        line = f"{key} = {value}  # {source}"
        lines.append(painted(line, "faint") if source == "default" else line)
    return "\n".join(lines) + "\n"


def _toml(keyword: str, value: Any) -> str:
    """A value as a configuration file has it; a broker, whose URL may hold a password, is not shown."""
    from pelton.cli.commands import shown_value

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml('', list(one) if isinstance(one, tuple) else one) for one in value)}]"
    if hasattr(value, "items"):
        return f"{{{', '.join(f'{_text(str(key))} = {_toml(keyword, one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(keyword, one) for one in value)}]"
    if keyword == "ssl_keyfile_password" and value:
        return '"(not shown)"'
    if keyword == "ws_broker" and value is not None:
        return '"unix://(not shown)"'
    if isinstance(value, int | float):
        shown = shown_value(value, SETTINGS[keyword].unit.removesuffix(" or none"))
        return shown if shown == str(value) else _text(shown)
    return _text("none" if value is None else str(value))


def _text(text: str) -> str:
    import json

    # A string of JSON is one of TOML, but for the one character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
