"""Options of the command alone: their variables, and what a file or a keyword may say."""

from __future__ import annotations

import pytest

from pelton import ConfigError, ServerConfig
from pelton.config.command_keys import COMMAND_KEYS, LISTS, PATHS, SWITCHES, is_variable, text_of, variable_of
from pelton.config.settings import SETTINGS


def test_no_option_is_a_setting_too() -> None:
    assert COMMAND_KEYS.keys().isdisjoint(SETTINGS) and {*LISTS, *PATHS, *SWITCHES} <= COMMAND_KEYS.keys()


def test_their_variables_are_none_of_an_application() -> None:
    assert ServerConfig.from_env(env={variable_of(name): "x" for name in COMMAND_KEYS if is_variable(variable_of(name))}) == ServerConfig()
    assert variable_of("reload_dir") == "PELTON_RELOAD_DIR"
    assert not is_variable("PELTON_PORT") and not is_variable("RELOAD") and not is_variable("PELTON_ENTRYPOINT")
    with pytest.raises(ConfigError, match="PELTON_reload is no setting"):
        ServerConfig.from_env(env={"PELTON_reload": "1"})


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("reload", True, "on"), ("factory", False, "off"), ("reload_dir", ["a", "b"], "a\nb"), ("reload_include", "*.html", "*.html"),
        ("workers", 2, "2"), ("workers", "auto", "auto"), ("user", 1000, "1000"), ("reload_delay", 0.5, "0.5"), ("reload_delay", 1, "1"),
    ],
)  # fmt: skip
def test_what_is_said_as_a_command_line_says_it(name: str, value: object, text: str) -> None:
    assert text_of(name, value) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reload", "on"), ("reload_dir", []), ("reload_dir", [1]), ("reload_dir", ["a\nb"]), ("reload_dir", ""), ("workers", 1.5),
        ("workers", True), ("user", True), ("pid_file", 3), ("pid_file", ""), ("env_file", None), ("process_name", 1), ("reload_delay", True),
    ],
)  # fmt: skip
def test_what_it_cannot_be(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} is {COMMAND_KEYS[name][:20]}"):
        text_of(name, value)
