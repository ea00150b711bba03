"""Serving from a script: `pelton.run()`, and `app.run()` with what the command `pelton run` can do."""

from __future__ import annotations

import os
import sys

from pelton.cli.loading import refuse_run
from pelton.cli.options import CommandOptions
from pelton.cli.program import WORKERS_MAX, Program, usable_cpus
from pelton.cli.run import ALIASES, parsed_run, run as run_command
from pelton.cli.usage import NOT_STARTED, UsageError
from pelton.config.command_keys import COMMAND_KEYS, is_option
from pelton.config.settings import SETTINGS
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType
    from typing import Any, Unpack

    from pelton.app import App
    from pelton.config.run_keywords import ProgramKeywords

# Names that keywords of uvicorn.run() have beside those of its flags.
_NAMES = {"reload_dirs": "reload_dir", "reload_includes": "reload_include", "reload_excludes": "reload_exclude"}
_NAMES |= {alias.replace("-", "_"): name.replace("-", "_") for alias, name in ALIASES.items() if len(alias) > 1}
_NO_SCRIPT = "several workers, reload, user, group and pid_file take an App in a variable of the script that is executed; else write pelton run APP"
_NO_LOGS = {"logs": "access-log"}  # a flag of scripts alone


def run(app: Any, **settings: Unpack[ProgramKeywords]) -> None:
    """Serves an application like `pelton run`, until it is stopped; then returns. The arguments of the process do not count.

    Args:
        app: `"pkg.mod:app"`, or the application itself, which is then served in this process alone. An `App`, or an application
            of ASGI or WSGI.
        settings: Settings by their keyword, the options of `pelton run`, such as `workers` and `reload`, and the names that
            `uvicorn.run()` has for them. Flags are not read; the environment is stronger, the configuration file weaker.

    Raises:
        SystemExit: It could not start (3), or a signal has ended it (128 and the signal's number).
        TypeError: There is no setting of this name.
    """
    from pelton.serving.terminal import complain, hold_standard_descriptors, show_trace

    refuse_run(sys._getframe(1), "pelton.run()")
    hold_standard_descriptors()
    keywords = _ours(settings)
    main_file = getattr(sys.modules.get("__main__"), "__file__", None)
    if main_file is not None:  # as its imports find modules there
        keywords.setdefault("app_dir", os.path.dirname(os.path.abspath(main_file)))
    try:
        if isinstance(app, str):
            _refuse_objects(keywords)
            code = run_command([app], keywords)
        else:
            code = _run_object(app, keywords)
    except UsageError as error:
        raise TypeError(str(error)) from None
    except (ConfigError, StartupError, RegistrationError) as error:
        show_trace(error)
        complain(f"cannot start: {error}")
        code = NOT_STARTED
    if code != 0:
        raise SystemExit(code)


def _ours(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords under the names that they have here; None says nothing where it is no value of the setting."""
    keywords: dict[str, Any] = {}
    for name, value in settings.items():
        ours = _NAMES.get(name, name)
        if ours in keywords:
            raise TypeError(f"run() has {name!r} twice, as {ours!r} too; give one of them")
        known = SETTINGS.get(ours)
        if value is None and (known is None or not known.unit.endswith(" or none")):
            continue
        if name == "loop" and value not in ("auto", "uring", "epoll"):
            raise TypeError(f"run(loop={value!r}): pelton has a loop of its own; write engine='auto', 'uring' or 'epoll'")
        if known is None and not is_option(ours):
            from pelton.config.hints import setting_hint

            raise TypeError(f"run() has no setting {name!r}{setting_hint(name, [*SETTINGS, *filter(is_option, COMMAND_KEYS)], shown=repr)}")
        keywords[ours] = value
    return keywords


def _refuse_objects(keywords: Mapping[str, Any]) -> None:
    """Workers are other processes: they get keywords as text."""
    from pelton.cli.run import literal

    for name, value in keywords.items():
        try:
            is_text = literal(repr(value)) == value
        except (ValueError, SyntaxError):
            is_text = False
        if not is_text:
            raise ConfigError(f"run(): {name} is an object of this process, and the workers are others; set it with App(server=)")


def _run_object(found: Any, keywords: Mapping[str, Any]) -> int:
    program = Program(None, {}, keywords)
    if program.is_watched or program.workers != 1:
        raise StartupError("workers and reload take new processes, which import the application: write run('pkg.mod:app')")
    return _serve_here(program, {}, program.served(found, type(found).__name__))


def run_app(app: App, keywords: Mapping[str, Any], caller: FrameType, arguments: list[str] | None) -> int:
    """`app.run()` with flags or with options of `pelton run`; the exit code.

    Args:
        app: The application.
        keywords: Those of `run()`.
        caller: Who calls it.
        arguments: Those of the script that is executed and calls, empty if they are not for pelton; None if no such script calls.
    """
    from pelton.serving.terminal import complain, put_out

    if arguments is not None and ("-h" in arguments or "--help" in arguments):
        from pelton.cli.commands import COMMANDS, help_of

        return put_out(help_of(COMMANDS["run"]))
    path = caller.f_code.co_filename
    try:
        target, flags = parsed_run(arguments or [], _NO_LOGS)
        if target is not None:
            raise UsageError(f"app.run() serves its own App, not {target}")
        options = CommandOptions(dict(flags), {}, keywords)  # workers of the environment and of files are for pelton run
        workers = options.count("workers", WORKERS_MAX, usable_cpus)
        if workers != 1 or options.is_on("reload") or any(map(options.said, ("user", "group", "pid_file"))):
            _refuse_objects(keywords)
            given = [_plain(one) for one in arguments or []]
            name = None if arguments is None else _variable(app, caller)
            if name is None:
                raise StartupError(_NO_SCRIPT)
            return run_command([f"{os.path.abspath(path)}:{name}", *given], keywords)
        program = Program(path, flags, keywords)
        return _serve_here(program, flags, app)
    except UsageError as error:
        complain(f"{error}; see python {os.path.basename(path)} --help")
        return 2


def _plain(argument: str) -> str:
    for flag in ("logs", "no-logs"):
        if argument.partition("=")[0] == f"--{flag}":
            return argument.replace("logs", "access-log", 1)
    return argument


def _variable(app: App, caller: FrameType) -> str | None:
    """The name by which workers find the application in the script."""
    return next((name for name, value in caller.f_globals.items() if value is app), None)


def _serve_here(program: Program, flags: dict[str, str], app: App) -> int:
    """In this process, whose environment gets the variables of `env_file`."""
    from pelton.routing.app_parts import parts_of
    from pelton.serving.server import serve

    settings = program.settings(parts_of(app).server_config, flags)
    if program.env_file is not None:
        from pelton.cli.env_file import load_env_file

        load_env_file(program.env_file)
    if program.options.said("process_name") is not None:
        from pelton import _native

        title = f"{program.process_name}: {program.target or ''}".rstrip(": ")
        _native.set_process_title(os.fsencode(title), os.fsencode(program.process_name))
    return serve(parts_of(app), settings)
