"""What a command line names: application, folder, file, workers, and its settings by precedence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pelton.cli.program import Program, usable_cpus
from pelton.cli.usage import UsageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [*(one for one in os.environ if one.startswith("PELTON_")), "PORT", "WEB_CONCURRENCY"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_usable_cpus() -> None:
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)


def test_where_a_program_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pkg").mkdir()
    monkeypatch.chdir("/")
    (folder / "pelton.toml").write_text('entrypoint = "web:make"\napp_dir = "pkg"\nfactory = true\n')
    for target in (str(folder / "single.py"), f"{folder}/pkg/web.py:app"):
        program = Program(target, {})
        assert program.file is not None and program.file.folder == str(folder)
        assert program.target == target and program.app_dir == str(folder / "pkg") and not program.is_factory
    program = Program(None, {"config": str(folder / "pelton.toml")})
    assert (program.target, program.app_dir, program.is_factory) == ("web:make", str(folder / "pkg"), True)
    program = Program(None, {"config": str(folder / "pelton.toml"), "app-dir": "/x", "factory": "off"})
    assert (program.target, program.app_dir, program.is_factory) == ("web:make", "/x", False)
    (folder / "pelton.toml").write_text('entrypoint = "single:app"\n')
    monkeypatch.chdir(folder / "pkg")
    assert (Program(None, {}).app_dir, Program("web:app", {}).app_dir) == (str(folder), str(folder / "pkg"))


@pytest.mark.parametrize(
    ("flag", "environment", "workers"),
    [
        (None, {}, 1),
        (None, {"PELTON_WORKERS": "2"}, 2),
        (None, {"WEB_CONCURRENCY": "3"}, 3),
        (None, {"PELTON_WORKERS": "2", "WEB_CONCURRENCY": "3"}, 2),
        ("4", {"PELTON_WORKERS": "2", "WEB_CONCURRENCY": "many"}, 4),
        (None, {"PELTON_WORKERS": "auto"}, usable_cpus()),
        ("4", {"PELTON_RELOAD": "on"}, 1),
    ],
)
def test_workers(folder: Path, flag: str | None, environment: dict[str, str], workers: int) -> None:
    assert Program("a:b", {} if flag is None else {"workers": flag}, {}, environment).workers == workers


def test_workers_of_a_file_are_weaker_than_the_environment(folder: Path) -> None:
    (folder / "pelton.toml").write_text("port = 1\nworkers = 3\n")
    assert Program("a:b", {}).workers == 3 and Program("a:b", {"workers": "2"}).workers == 2
    assert Program("a:b", {}, {"workers": 5}).workers == 5
    assert Program("a:b", {}, {"workers": 5}, {"WEB_CONCURRENCY": "4"}).workers == 4


def test_settings_from_strong_to_weak(folder: Path) -> None:
    (folder / "pelton.toml").write_text("port = 1\nbacklog = 1\nlimit_cookies = 1\ntimeout_idle = 1\n")
    program = Program("a:b", {}, {"port": 2, "backlog": 2, "limit_cookies": 2, "workers": 2}, {"PELTON_PORT": "3", "PELTON_BACKLOG": "3"})
    values = program.settings(None, {"port": "4"})
    assert [values[name] for name in ("port", "backlog", "limit_cookies", "timeout_idle", "debug")] == [4, 3, 2, 1, False]


def test_what_is_watched(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "pelton.toml").write_text('reload = true\nreload_dir = "a"\nreload_include = "*.html"\nenv_file = "v.env"\nreload_delay = 3\n')
    program = Program("a:b", {})
    assert program.is_watched and program.env_file == str(folder / "v.env")
    watch = program.watcher()._watch
    assert watch.folders == [str(folder / "a")] and watch.delay_s == 3
    assert watch.files == (str(folder / "pelton.toml"), str(folder / "v.env"))
    assert watch.takes(str(folder / "a" / "x.html")) and not watch.takes(str(folder / "a" / "x.py"))
    assert not Program("a:b", {"reload": "off"}).is_watched


@pytest.mark.parametrize("flag", ["reload-dir", "reload-include", "reload-exclude", "reload-delay"])
def test_flags_of_reload_alone_are_wrong(folder: Path, flag: str) -> None:
    with pytest.raises(UsageError, match=f"--{flag} is of --reload, which is not given"):
        Program("a:b", {flag: "1"})


def test_the_name_of_the_process(folder: Path) -> None:
    assert Program("a:b", {}).process_name == "pelton"
    (folder / "pelton.toml").write_text('process_name = "shop"\n')
    assert Program("a:b", {}).process_name == "shop"
    assert Program("a:b", {}, {}, {"PELTON_PROCESS_NAME": "of the environment"}).process_name == "of the environment"
    assert Program("a:b", {"process-name": "x"}).process_name == "x"
