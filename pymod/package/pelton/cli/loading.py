"""Finding the App that a command line names, and importing it."""

from __future__ import annotations

import os
import sys

from pelton.errors import PeltonError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from traceback import TracebackException
    from types import FrameType
    from typing import Any

    from pelton.app import App
    from pelton.cli.program import Program

_being_imported: list[str] = []  # what a command imports at this moment
_runs_refused: list[StartupError] = []  # what refuse_run() raised meanwhile: an application may have caught it


def load(target: str, app_dir: str, is_factory: bool = False, as_app: Callable[[Any, str], App] | None = None) -> App:
    """The App that `pkg.mod:attr`, `path/app.py` or `path/app.py:attr` names, or that a factory of this name returns.

    Args:
        target: The name.
        app_dir: Where modules and files are looked for.
        is_factory: Whether it names a function that returns the application.
        as_app: Makes an App of an application of another interface, which is refused without.
    """
    from pelton.app import App

    module_name, separator, attribute = target.rpartition(":")
    if not separator:
        module_name, attribute = target, ""
    if module_name.endswith(".py") or "/" in module_name:
        module = _module_of_file(module_name, app_dir)
    elif attribute:
        module = _module(module_name, app_dir)
    else:
        raise StartupError(f"{target!r} names no app; write {target}:app, or the path of a file")
    if is_factory and not attribute:
        raise StartupError(f"--factory needs the name of a function; write {module_name}:NAME")
    names = attribute.split(".") if attribute else [_only_app(module, module_name)]
    found: Any = module
    for name in names:
        try:
            found = getattr(found, name)
        except AttributeError:
            apps = [key for key, value in vars(module).items() if isinstance(value, App)]
            hint = f"it has {', '.join(apps)}" if apps else "it has no App at module level"
            raise StartupError(f"{module_name} has no attribute {attribute!r}; {hint}") from None
    if is_factory:
        if isinstance(found, App) or not callable(found) or _is_asgi(found):
            raise StartupError(f"{target} is a {type(found).__name__}, not a function that returns one; leave --factory out")
        found = _imported(target, found, app_dir)
        target = f"what {target}() returns"
    if as_app is not None:
        return as_app(found, target)
    if isinstance(found, App):
        return found
    if _is_asgi(found):
        raise StartupError(
            f"{target} is a {type(found).__name__}, an ASGI application, not an App: it routes its requests itself, "
            "and pelton does not know its routes"
        )
    raise StartupError(f"{target} is a {type(found).__name__}, not an App; name the App itself")


def _is_asgi(found: Any) -> bool:
    from pelton.hosting.interfaces import is_asgi

    return is_asgi(found)


def load_program(program: Program, as_app: Callable[[Any, str], App] | None = None) -> App:
    """The App of a command line; without a target that of `main.py`, `app.py` or `api.py`, which is the target then.

    Args:
        program: What the command line names.
        as_app: As of `load()`.
    """
    program.target = program.target or only_target(program.app_dir)
    if program.env_file is not None:
        from pelton.cli.env_file import load_env_file

        load_env_file(program.env_file)
    return load(program.target, program.app_dir, program.is_factory, as_app)


_FILES, _NAMES = ("main.py", "app.py", "api.py"), ("app", "api", "application")


def only_target(app_dir: str) -> str:
    """The one file of the usual names that sets a variable of the usual names; StartupError for none or several.

    The files are read, not imported: what is no application must not run.
    """
    found = [name for name in _FILES if _sets_one(os.path.join(app_dir, name))]
    if len(found) == 1:
        return found[0]
    tried = f"{', '.join(_NAMES[:-1])} or {_NAMES[-1]} in {', '.join(_FILES[:-1])} or {_FILES[-1]}"
    outcome = f"{' and '.join(found)} have one" if found else f"{app_dir} has no {tried}"
    raise StartupError(f"no APP is named, and {outcome}; name it, or set entrypoint in pelton.toml")


def _sets_one(path: str) -> bool:
    import ast

    try:
        with open(path, "rb") as file:
            body = list(ast.parse(file.read()).body)
    except (SyntaxError, ValueError):
        return True  # importing it will say what is wrong
    except OSError:
        return False
    for node in body:
        for field in ("body", "orelse", "finalbody", "handlers"):
            if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
                body += getattr(node, field, [])
        if isinstance(node, ast.Assign):
            bound = [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
        elif isinstance(node, ast.AnnAssign):
            bound = [node.target.id] if isinstance(node.target, ast.Name) else []
        elif isinstance(node, ast.ImportFrom):
            bound = [one.asname or one.name for one in node.names]
        else:
            bound = []
        if not set(_NAMES).isdisjoint(bound):
            return True
    return False


def _only_app(module: Any, module_name: str) -> str:
    """The variable of a usual name that is an App, else the first one that may be another application."""
    from pelton.app import App

    of_name = {name: getattr(module, name, None) for name in _NAMES}
    for name, found in of_name.items():
        if isinstance(found, App):
            return name
    for name, found in of_name.items():
        if callable(found):
            return name
    raise StartupError(f"{module_name} has no application named app, api or application; write {module_name}:NAME")


def _module(name: str, app_dir: str) -> Any:
    from importlib import import_module

    sys.path.insert(0, app_dir)
    return _imported(name, lambda: import_module(name), app_dir)


def _module_of_file(path: str, app_dir: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    file = os.path.join(app_dir, path)
    if not os.path.isfile(file):
        raise StartupError(f"there is no file {path}; give the path from {app_dir}")
    sys.path[:0] = dict.fromkeys((os.path.dirname(os.path.abspath(file)), app_dir))
    name = os.path.splitext(os.path.basename(file))[0]

    def execute() -> Any:
        spec = spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is no Python file")
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return _imported(path, execute, app_dir)


def refuse_run(caller: FrameType, call: str = "app.run()") -> None:
    """StartupError if a command imports the application: then its call of run() would serve instead of the command."""
    if not _being_imported:
        return
    place = f"{os.path.relpath(caller.f_code.co_filename)}:{caller.f_lineno}"
    error = StartupError(
        f"{place} calls {call} while {_being_imported[-1]} is imported, but the command serves the app itself; "
        'put the call under if __name__ == "__main__":'
    )
    _runs_refused.append(error)
    raise error


def _imported(name: str, execute: Any, app_dir: str) -> Any:
    _being_imported.append(name)
    _runs_refused.clear()
    module: Any = None
    try:
        module = execute()
    except (Exception, SystemExit) as error:
        if not _runs_refused:
            if isinstance(error, ModuleNotFoundError) and error.name is not None:
                if name == error.name or name.startswith(error.name + "."):
                    raise StartupError(f"there is no module {name!r} in {app_dir}; set --app-dir") from None
            raise _import_failure(name, error, app_dir) from error
    finally:
        _being_imported.pop()
    if _runs_refused:
        raise _runs_refused[0] from None
    return module


def _import_failure(name: str, error: BaseException, app_dir: str) -> StartupError:
    from traceback import TracebackException

    trace = TracebackException.from_exception(error)
    _leave_machinery_out(trace, isinstance(error, PeltonError))
    # Where the application is wrong is more of use than where a library noticed it.
    frames = [one for one in trace.stack if _is_below(one.filename, app_dir)] or trace.stack
    where = f" ({os.path.relpath(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split()) or "no message"
    failure = StartupError(f"importing {name} failed: {type(error).__name__}: {text}{where}")
    failure.trace = "".join(trace.format())
    return failure


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _leave_machinery_out(trace: TracebackException, says_all: bool) -> None:
    """The frames of imports, and those of pelton before the application's; of an error that names its place all of pelton's."""
    frames = [one for one in trace.stack if not one.filename.startswith("<frozen importlib")]
    kept = [one for one in frames if not _is_below(one.filename, _PACKAGE) and "/importlib/" not in one.filename]
    if not says_all and kept:
        kept = frames[frames.index(kept[0]) :]
    trace.stack[:] = kept
    for other in (trace.__cause__, trace.__context__):
        if other is not None:
            _leave_machinery_out(other, says_all)


def _is_below(file: str, folder: str) -> bool:
    return file.startswith(folder.rstrip("/") + "/") and "/site-packages/" not in file.removeprefix(folder)
