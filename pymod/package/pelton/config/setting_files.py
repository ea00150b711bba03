"""Settings of a file: `pelton.toml`, or the table `[tool.pelton]` of a `pyproject.toml`. Loaded only where there is one."""

from __future__ import annotations

import os

from pelton.config.command_keys import COMMAND_KEYS, text_of
from pelton.config.settings import SETTINGS, judge
from pelton.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.config.settings import Values


class ConfigFile:
    """The values of one file.

    Args:
        path: The file.
        shown: The file as messages name it.
        text: What it says.
        table: Its settings as they were parsed.
        section: The table that they stand in; empty for the file itself.
    """

    def __init__(self, path: str, shown: str, text: str, table: dict[str, Any], section: str) -> None:
        self.path = path
        self.folder = os.path.dirname(path)
        self._shown = shown
        self._text = text
        self._section = section
        self.settings: Values = {}  # by keyword
        self.command: dict[str, str] = {}  # of COMMAND_KEYS, as a command line would say it
        for key, value in table.items():
            if key in COMMAND_KEYS:
                self.command[key] = self._of_command(key, value)
            elif key in SETTINGS:
                self.settings[key] = self._read(key, self._from_here(value) if key == "log_config" else value)
            else:
                raise ConfigError(f"{self.place_of(key)}: {key} is no setting{_hint(key, value)}")

    def over(self, values: Values) -> Values:
        """The values with those of the file over them; ConfigError names the lines that do not go with them."""
        changed = values | self.settings
        try:
            judge(changed)
        except ConfigError as error:
            involved = [key for key in self.settings if SETTINGS[key].place in str(error)]
            raise ConfigError(f"{self.place_of(*involved)}: {error}") from None
        return changed

    def place_of(self, *keys: str) -> str:
        """The file, and the line of the first of these keys that is found."""
        is_inside = not self._section
        for number, line in enumerate(self._text.splitlines(), 1):
            named = line.translate({ord(one): None for one in "\"' \t"})
            if named.startswith("["):
                header = named.lstrip("[").partition("]")[0]
                is_inside = header == self._section
                below = f"{self._section}." if self._section else ""
                named = header.removeprefix(below) if header.startswith(below) else ""
            elif not is_inside:
                continue
            if named.partition("=")[0].partition(".")[0] in keys:
                return f"{self._shown}:{number}"
        return self._shown

    def _from_here(self, value: Any) -> Any:
        return os.path.join(self.folder, value) if isinstance(value, str) and value not in ("", "none") else value

    def _read(self, key: str, value: Any) -> Any:
        try:
            return SETTINGS[key].read(value)
        except ConfigError as error:
            said = str(error)
            named = said if said.startswith(f"{key} ") else f"{key}: {said}"
            raise ConfigError(f"{self.place_of(key)}: {named}") from None

    def _of_command(self, key: str, value: Any) -> str:
        try:
            return text_of(key, value)
        except ValueError as error:
            raise ConfigError(f"{self.place_of(key)}: {error}") from None


def read_file(path: str, is_named: bool = False) -> ConfigFile | None:
    """The settings of a file; None for a pyproject.toml without the table, unless the command line names it.

    Raises:
        ConfigError: The file cannot be read or is no TOML, or one of its settings is unknown or wrong.
    """
    shown = os.path.relpath(path)
    shown = path if shown.startswith("..") else shown
    try:
        with open(path, "rb") as file:
            octets = file.read()
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror}") from None
    is_project = os.path.basename(path) == "pyproject.toml"
    if is_project and not is_named and not _may_have_table(octets):
        return None
    import tomllib

    try:
        text = octets.decode()
        table: Any = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(f"{shown} is no TOML file: {error}") from None
    if is_project:
        tool = table.get("tool")
        table = tool.get("pelton") if isinstance(tool, dict) else None
        if table is None:
            if is_named:
                raise ConfigError(f"{shown} has no table [tool.pelton]; write the settings below one")
            return None
        if not isinstance(table, dict):
            raise ConfigError(f"{shown}: tool.pelton is a table, not {table!r}; write the settings below [tool.pelton]")
    return ConfigFile(os.path.abspath(path), shown, text, table, "tool.pelton" if is_project else "")


def _may_have_table(octets: bytes) -> bool:
    """Whether it is worth parsing: the parser would cost the start of every project that has a pyproject.toml."""
    for line in octets.splitlines():
        if b"tool" in line and (b"pelton" in line or line.translate(None, b"\"' \t").startswith(b"[tool]")):
            return True
    return False


def _hint(key: str, value: Any) -> str:
    """What to write instead of a key that is no setting."""
    from pelton.config.hints import setting_hint

    by_field = {setting.field: keyword for keyword, setting in SETTINGS.items()}
    inner = next(iter(value), "") if isinstance(value, dict) and key in ("http2", "limits", "timeouts") else ""
    if inner:
        instead = by_field.get(inner, "")
        return f"; settings stand side by side{f': write {instead}' if instead else ''}"
    same = key.replace("-", "_").removeprefix("PELTON_").lower()
    if same in SETTINGS or same in COMMAND_KEYS:
        return f"; write {same}"
    return f"; write {by_field[same]}" if same in by_field else setting_hint(key, [*SETTINGS, *COMMAND_KEYS])
