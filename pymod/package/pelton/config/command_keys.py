"""What a command line says beside the settings, and where else that may stand.

One option has one name. From the flag `--reload-dir` follow the key `reload_dir` of a configuration file, the variable
`PELTON_RELOAD_DIR` and the keyword of `run()`. Strongest first: flag, variable, keyword, file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# By name, what its value is.
COMMAND_KEYS = {
    "entrypoint": "the application, as pelton run names it",
    "app_dir": "where the application is, from the folder of the file",
    "factory": "true or false: whether entrypoint is a function that returns the application",
    "interface": "auto, native, asgi or wsgi: what the entrypoint is",
    "lifespan": "auto, on or off: whether an ASGI application is asked to start and to end",
    "wsgi_inline": "true or false: whether a WSGI application runs on the loop's thread",
    "workers": "a number from 1 to 1024, or auto",
    "single": "true or false: whether the command itself serves, without a supervisor",
    "user": "a name or a number",
    "group": "a name or a number",
    "pid_file": "a path, from the folder of the file",
    "env_file": "a path, from the folder of the file",
    "process_name": "a text: how the titles of the processes begin",
    "reload": "true or false: whether one worker is replaced whenever a file changes",
    "reload_dir": "folders, from the folder of the file",
    "reload_include": "patterns of names",
    "reload_exclude": "patterns of names",
    "reload_delay": "a number of seconds",
}
SWITCHES = ("factory", "wsgi_inline", "single", "reload")
LISTS = ("reload_dir", "reload_include", "reload_exclude")
PATHS = ("app_dir", "pid_file", "env_file", "reload_dir")  # those of a file are meant from its folder


def is_option(name: str) -> bool:
    """Whether it is an option of the command line too; `entrypoint` of a file is none, as a command line has APP for it."""
    return name in COMMAND_KEYS and name != "entrypoint"


def variable_of(name: str) -> str:
    """The variable of the environment that says the same."""
    return f"PELTON_{name.upper()}"


def is_variable(name: str) -> bool:
    """Whether a variable is one of these options, and no setting of an application."""
    key = name.removeprefix("PELTON_").lower()
    return name.startswith("PELTON_") and is_option(key)


def text_of(name: str, value: Any) -> str:
    """What a file or a keyword says, as a command line would say it; ValueError if it cannot be that."""
    if name in SWITCHES:
        if isinstance(value, bool):
            return "on" if value else "off"
    elif name in LISTS:
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list | tuple) and texts and all(isinstance(one, str) and one and "\n" not in one for one in texts):
            return "\n".join(texts)
    elif isinstance(value, str):
        if value:
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if name == "reload_delay" or (isinstance(value, int) and name in ("workers", "user", "group")):
            return str(value)
    raise ValueError(f"{name} is {COMMAND_KEYS[name]}, not {value!r}")
