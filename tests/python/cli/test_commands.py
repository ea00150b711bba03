"""The table of commands: what help says of each flag, and that the command line takes it."""

from __future__ import annotations

import pytest

from pelton.cli import run
from pelton.cli.command import main
from pelton.cli.commands import COMMANDS, Command, Flag, arguments_of, help_of, setting_flags, shown_value, usage
from pelton.cli.program import Program
from pelton.cli.usage import UsageError
from pelton.config.hints import flag_hint
from pelton.config.settings import SETTINGS

NOT_COMMANDS = {"--version", "--help"}


def test_usage_names_every_command() -> None:
    for name, command in COMMANDS.items():
        assert f"  {name} " in usage() and command.text in usage()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_every_flag(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([name, "--help"], ["help", name], [name, "-h"]):
        assert main(arguments) == 0
    said = help_of(COMMANDS[name])
    assert capsys.readouterr().out == said * 3
    for flag in COMMANDS[name].flags:
        shown = f"--[no-]{flag.name}" if flag.off else flag.spelled
        assert f"  {shown}" in said and flag.text
    assert all(len(line) <= 130 for line in said.splitlines())


def test_every_setting_has_a_flag_with_its_meaning_and_default() -> None:
    flags = {one.setting.keyword: one for one in setting_flags() if one.setting is not None}
    assert flags.keys() == SETTINGS.keys()
    assert flags["limit_body_size"].text == "largest body of a request; a larger one gets 413 (1MiB)"
    assert flags["engine"].choices == ("auto", "uring", "epoll") and flags["date_header"].off
    assert flags["headers"].spelled == "--header" and flags["uds"].takes == "file"
    assert "none" in flags["limit_queued"].choices


@pytest.mark.parametrize("flag", COMMANDS["run"].flags, ids=lambda one: one.name)
def test_the_command_line_takes_every_flag_of_the_table(flag: Flag) -> None:
    value = flag.choices[0] if flag.choices else "1"
    name = run.ALIASES.get(flag.name, flag.name)
    if flag.value and not flag.off:
        assert run.parsed_run([flag.spelled, value]) == (None, {name: value})
        assert run.parsed_run([f"{flag.spelled}={value}", "a"]) == ("a", {name: value})
    else:
        assert run.parsed_run([flag.spelled, "a"]) == ("a", {name: "on"})
        assert run.parsed_run([f"--no-{flag.name}"]) == (None, {name: "off"})


def test_flags_of_uvicorn_mean_the_same_or_say_what_does() -> None:
    uvicorn = pytest.importorskip("uvicorn.main")
    known = {one.name for one in COMMANDS["run"].flags}
    seen = 0
    for option in uvicorn.main.params:
        for spelled in (*option.opts, *option.secondary_opts):
            if spelled.startswith("--") and spelled not in NOT_COMMANDS:
                name = spelled.removeprefix("--").removeprefix("no-")
                seen += 1
                assert name in known or flag_hint(spelled, []), spelled
    assert seen > 40


@pytest.mark.parametrize(
    ("line", "keyword", "value"),
    [
        ("--timeout-keep-alive 5", "timeout_idle", 5),
        ("--timeout-graceful-shutdown 37", "timeout_graceful", 37),
        ("--timeout-worker-healthcheck 40", "timeout_stuck_kill", 40),
        ("--loop epoll", "engine", "epoll"),
        ("--limit-concurrency 9", "limit_concurrency", 9),
        ("--backlog 10", "backlog", 10),
        ("--header a:b --header C:d", "headers", (("a", "b"), ("C", "d"))),
        ("--no-date-header", "date_header", False),
        ("--server-header", "server_header", True),
        ("--ws-per-message-deflate false", "ws_per_message_deflate", False),
        ("--ws-max-size 2MiB", "ws_max_size", 2**21),
        ("--ws-ping-interval none", "ws_ping_interval", None),
        ("--access-log=./log", "access_log", "./log"),
        ("--no-access-log", "access_log", False),
        ("--limit-body-size 2KiB", "limit_body_size", 2048),
    ],
)
def test_flags_set_what_they_name(line: str, keyword: str, value: object) -> None:
    _, flags = run.parsed_run(line.split())
    assert Program(None, flags, {}, {}).settings(None, flags)[keyword] == value


def test_arguments_of_a_command() -> None:
    assert arguments_of("openapi", ["a", "-o", "f"]) == ("a", {"o": "f"})
    assert arguments_of("openapi", []) == (None, {})
    with pytest.raises(UsageError, match="takes one APP, not a b"):
        arguments_of("openapi", ["a", "b"])
    with pytest.raises(UsageError, match="did you mean --config"):
        arguments_of("openapi", ["--confg", "b"])
    with pytest.raises(UsageError, match="doctor takes no arguments, not x"):
        arguments_of("doctor", ["x"])


def test_a_command_without_settings_has_its_own_flags() -> None:
    flag = Flag("o", "FILE", "where to")
    assert flag.spelled == "-o" and Command("x", "", "does", (flag,)).flags == (flag,)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(True, "switch", "on"), (None, "count", "none"), (1536, "size", "1536"), (2048, "size", "2KiB"), (3 * 2**20, "size", "3MiB"),
     (2048, "count", "2048"), ((("a", "b"), ("c", "d")), "fields", "a: b, c: d"), (("x", "y"), "origins", "x, y"), (0.25, "seconds", "0.25")],
)  # fmt: skip
def test_values_as_a_command_line_gives_them(value: object, unit: str, shown: str) -> None:
    assert shown_value(value, unit) == shown
