"""What is said of the command's own options: on the command line, in the environment, by keywords and in a file."""

from __future__ import annotations

from os import path

from pelton.cli.usage import UsageError
from pelton.config.command_keys import COMMAND_KEYS, LISTS, PATHS, is_option, text_of, variable_of
from pelton.config.settings import Setting
from pelton.errors import ConfigError, PeltonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pelton.config.setting_files import ConfigFile

INTERFACES = ("auto", "native", "asgi", "asgi3", "wsgi")  # asgi3 is uvicorn's name of asgi
LIFESPANS = ("auto", "on", "off")
_CHOICES = {"interface": INTERFACES, "lifespan": LIFESPANS}
_SWITCH = Setting("", "switch", False)
_OF_ENTRYPOINT = ("factory", "interface", "lifespan", "wsgi_inline")  # in a file they are about its entrypoint alone


class CommandOptions:
    """What is said of the options in all four places.

    Args:
        flags: Those of the command line, by name without dashes, from which these options are taken out.
        environment: The variables of the process.
        keywords: Those of `run()`.
    """

    def __init__(self, flags: dict[str, str], environment: Mapping[str, str], keywords: Mapping[str, Any] = {}) -> None:
        self._flags = {key: flags.pop(name) for name in list(flags) if (key := name.replace("-", "_")) in COMMAND_KEYS}
        self._environment = environment
        self._keywords = {}
        for name, value in keywords.items():
            if self.takes(name) and value is not None:
                try:
                    self._keywords[name] = text_of(name, value)
                except ValueError as error:
                    raise ConfigError(f"run(): {error}") from None
        self.file: ConfigFile | None = None
        self.is_entrypoint = False  # of the file

    @staticmethod
    def takes(name: str) -> bool:
        """Whether a keyword is one of these options, and no setting of the application."""
        return is_option(name)

    def said(self, name: str) -> tuple[str, str] | None:
        """The text of the strongest place that names the option, and this place; None if none does."""
        if name in self._flags:
            return self._flags[name], f"--{name.replace('_', '-')}"
        variable = variable_of(name)
        if text := self._environment.get(variable, ""):
            return (text.replace(",", "\n") if name in LISTS else text), f"environment: {variable}"
        if name == "workers" and (text := self._environment.get("WEB_CONCURRENCY", "")):
            return text, "environment: WEB_CONCURRENCY"
        if name in self._keywords:
            return self._keywords[name], f"run(): {name}"
        if self.file is not None and name in self.file.command and (self.is_entrypoint or name not in _OF_ENTRYPOINT):
            text = self.file.command[name]
            if name in PATHS:
                text = "\n".join(path.join(self.file.folder, one) for one in text.split("\n"))
            return text, f"{self.file.place_of(name)}: {name}"
        return None

    def text(self, name: str) -> str | None:
        """What is said, as it stands."""
        said = self.said(name)
        return None if said is None else said[0]

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """The values of an option that has several."""
        text = self.text(name)
        return default if text is None else tuple(one.strip() for one in text.split("\n"))

    def is_on(self, name: str) -> bool:
        """The value of a switch."""
        if (said := self.said(name)) is None:
            return False
        text, source = said
        try:
            on: bool = _SWITCH.read(text)
        except ConfigError:
            raise _wrong(source, f"is true or false, not {text!r}") from None
        return on

    def choice(self, name: str) -> str:
        """The value of an option with a few, `auto` where nothing is said."""
        text, source = self.said(name) or ("auto", "")
        allowed = _CHOICES[name]
        if text not in allowed:
            raise _wrong(source, f"is {', '.join(allowed[:-1])} or {allowed[-1]}, not {text!r}")
        return text

    def seconds(self, name: str, default: float) -> float:
        """The value of an option that is a time."""
        text, source = self.said(name) or (str(default), "")
        try:
            seconds: float = Setting(name, "seconds", default).read(text)
        except ConfigError:
            raise _wrong(source, f"is a number of seconds, not {text!r}") from None
        return seconds

    def count(self, name: str, most: int, auto: Callable[[], int]) -> int:
        """The value of an option that is a number from 1; 1 where nothing is said, and for the word auto what `auto` returns."""
        text, source = self.said(name) or ("1", "")
        if text == "auto":
            return auto()
        if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
            return int(text)
        raise _wrong(source, f"is a number from 1 to {most} or auto, not {text!r}")


def _wrong(source: str, problem: str) -> PeltonError:
    return UsageError(f"{source} {problem}") if source.startswith("--") else ConfigError(f"{source} {problem}")
