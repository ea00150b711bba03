"""The keyword arguments of run() as types: every setting, and every option of the command, and nothing else."""

from __future__ import annotations

import inspect

from pelton import App
from pelton.cli.script import _ours
from pelton.config.command_keys import COMMAND_KEYS
from pelton.config.run_keywords import ProgramKeywords, RunKeywords, Settings
from pelton.config.settings import SETTINGS


def test_every_setting_is_known_to_run() -> None:
    of_run = inspect.signature(App.run).parameters.keys()
    assert {*Settings.__annotations__, *(of_run & SETTINGS.keys())} == SETTINGS.keys()


def test_every_option_of_the_command_is_known_to_run() -> None:
    assert RunKeywords.__annotations__.keys() - Settings.__annotations__.keys() == COMMAND_KEYS.keys() - {"entrypoint"}


def test_every_other_name_is_one_of_those() -> None:
    for name in ProgramKeywords.__annotations__.keys() - RunKeywords.__annotations__.keys():
        (ours,) = _ours({name: "auto"})
        assert ours in SETTINGS or ours in COMMAND_KEYS, name
