"""Which place of an option wins, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pelton import ConfigError
from pelton.cli.options import CommandOptions
from pelton.cli.usage import UsageError
from pelton.config.setting_files import read_file


def options(flags: dict[str, str], environment: dict[str, str], keywords: dict[str, Any], text: str, folder: Path) -> CommandOptions:
    made = CommandOptions(flags, environment, keywords)
    (folder / "pelton.toml").write_text(text)
    made.file = read_file(str(folder / "pelton.toml"))
    return made


def test_from_strong_to_weak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags, environment, keywords = {"workers": "5", "port": "1"}, {"PELTON_WORKERS": "4", "WEB_CONCURRENCY": "3"}, {"workers": 2}
    text = "workers = 1\nport = 2\n"
    made = options(flags, environment, keywords, text, tmp_path)
    assert made.said("workers") == ("5", "--workers") and flags == {"port": "1"}
    assert options({}, environment, keywords, text, tmp_path).said("workers") == ("4", "environment: PELTON_WORKERS")
    del environment["PELTON_WORKERS"]
    assert options({}, environment, keywords, text, tmp_path).said("workers") == ("3", "environment: WEB_CONCURRENCY")
    assert options({}, {}, keywords, text, tmp_path).said("workers") == ("2", "run(): workers")
    assert options({}, {}, {"workers": None}, text, tmp_path).said("workers") == ("1", "pelton.toml:1: workers")
    assert options({}, {"PELTON_WORKERS": ""}, {}, "", tmp_path).said("workers") is None


def test_the_reload_options_of_the_environment_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    text = 'reload = true\nreload_dir = ["a", "/b"]\nreload_include = "*.html"\nreload_exclude = [".*", "*.tmp"]\nreload_delay = 1.5\n'
    made = options({}, {}, {}, text, tmp_path)
    assert made.is_on("reload") and made.seconds("reload_delay", 0.25) == 1.5
    assert made.texts("reload_dir", ()) == (f"{tmp_path}/a", "/b")  # from the folder of the file
    assert made.texts("reload_include", ()) == ("*.html",) and made.texts("reload_exclude", ()) == (".*", "*.tmp")
    environment = {
        "PELTON_RELOAD": "off", "PELTON_RELOAD_DIR": "c, d", "PELTON_RELOAD_INCLUDE": "*.css", "PELTON_RELOAD_EXCLUDE": "x",
        "PELTON_RELOAD_DELAY": "2",
    }  # fmt: skip
    made = options({}, environment, {}, text, tmp_path)
    assert not made.is_on("reload") and made.seconds("reload_delay", 0.25) == 2
    assert made.texts("reload_dir", ()) == ("c", "d")
    assert made.texts("reload_include", ()) == ("*.css",) and made.texts("reload_exclude", ()) == ("x",)
    made = options({"reload": "on", "reload-dir": "e\nf"}, environment, {}, text, tmp_path)
    assert made.is_on("reload") and made.texts("reload_dir", ()) == ("e", "f")
    made = options({}, {}, {}, "", tmp_path)
    assert made.texts("reload_dir", (".",)) == (".",) and not made.is_on("reload") and made.seconds("reload_delay", 0.25) == 0.25


def test_what_is_about_the_entrypoint_is_for_no_other_application(tmp_path: Path) -> None:
    made = options({}, {}, {}, 'entrypoint = "a:b"\nfactory = true\ninterface = "wsgi"\nworkers = 2\n', tmp_path)
    assert not made.is_on("factory") and made.choice("interface") == "auto" and made.count("workers", 9, lambda: 7) == 2
    made.is_entrypoint = True
    assert made.is_on("factory") and made.choice("interface") == "wsgi"


@pytest.mark.parametrize(
    ("flags", "environment", "keywords", "kind", "says"),
    [
        ({"workers": "many"}, {}, {}, UsageError, "--workers is a number from 1 to 9 or auto, not 'many'"),
        ({}, {"PELTON_WORKERS": "0"}, {}, ConfigError, "environment: PELTON_WORKERS is a number from 1 to 9 or auto, not '0'"),
        ({}, {}, {"workers": "10"}, ConfigError, "run(): workers is a number from 1 to 9 or auto, not '10'"),
        ({"interface": "cgi"}, {}, {}, UsageError, "--interface is auto, native, asgi, asgi3 or wsgi, not 'cgi'"),
        ({}, {"PELTON_INTERFACE": "cgi"}, {}, ConfigError, "environment: PELTON_INTERFACE is auto, native, asgi, asgi3 or wsgi, not 'cgi'"),
        ({}, {"PELTON_RELOAD": "maybe"}, {}, ConfigError, "environment: PELTON_RELOAD is true or false, not 'maybe'"),
        ({"reload-delay": "soon"}, {}, {}, UsageError, "--reload-delay is a number of seconds, not 'soon'"),
        ({}, {}, {"reload": "on"}, ConfigError, "run(): reload is true or false"),
    ],
)
def test_a_wrong_value_is_said_with_its_place(
    flags: dict[str, str], environment: dict[str, str], keywords: dict[str, Any], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind) as raised:
        made = CommandOptions(flags, environment, keywords)
        made.count("workers", 9, lambda: 1)
        made.choice("interface")
        made.is_on("reload")
        made.seconds("reload_delay", 1)
    assert str(raised.value).startswith(says)
