"""Finding the App that a command line names, and importing it."""

from __future__ import annotations

import os
import sys

from pelton.errors import StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.app import App


def load(target: str, app_dir: str) -> App:
    """The App that `pkg.mod:attr`, `path/app.py` or `path/app.py:attr` names."""
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
    names = attribute.split(".") if attribute else [_only_app(module, module_name)]
    found: Any = module
    for name in names:
        try:
            found = getattr(found, name)
        except AttributeError:
            apps = [key for key, value in vars(module).items() if isinstance(value, App)]
            hint = f"it has {', '.join(apps)}" if apps else "it has no App at module level"
            raise StartupError(f"{module_name} has no attribute {attribute!r}; {hint}") from None
    if not isinstance(found, App):
        raise StartupError(f"{target} is a {type(found).__name__}, not an App; name the App itself")
    return found


def _only_app(module: Any, module_name: str) -> str:
    from pelton.app import App

    for name in ("app", "api", "application"):
        if isinstance(getattr(module, name, None), App):
            return name
    raise StartupError(f"{module_name} has no App named app, api or application; write {module_name}:NAME")


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


def _imported(name: str, execute: Any, app_dir: str) -> Any:
    try:
        return execute()
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise StartupError(f"there is no module {name!r} in {app_dir}; set --app-dir") from None
        raise _import_failure(name, error) from error
    except (Exception, SystemExit) as error:
        raise _import_failure(name, error) from error


def _import_failure(name: str, error: BaseException) -> StartupError:
    where = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file != __file__ and "/importlib/" not in file:
            where = f" ({os.path.relpath(file)}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = " ".join(str(error).split()) or "no message"
    return StartupError(f"importing {name} failed: {type(error).__name__}: {text}{where}")
