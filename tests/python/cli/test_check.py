"""pelton check: problems and exit codes, and --print-config, which is a configuration file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from authorities import Authority
from pelton.cli.check import UNSAFE, Findings, printed
from pelton.cli.command import main
from pelton.config.setting_files import read_file
from pelton.config.settings import SETTINGS, defaults

APP = """
from pelton import App, LimitsConfig, ServerConfig
app = App(server=ServerConfig(blocking_threads=3, limits=LimitsConfig(max_cookies=7)))

@app.get("/")
def home():
    return 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [*(one for one in os.environ if one.startswith("PELTON_")), "PORT", "WEB_CONCURRENCY"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text(APP)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_nothing_to_complain_of(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["main.py"], ["main:app", "--port", "1", "-w", "3"]):
        assert main(["check", *arguments]) == 0
    assert capsys.readouterr() == (f"{'main.py, 1 route: no problem found' + chr(10)}" * 2 + "main:app, 1 route: no problem found\n", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_of_this_name", "importing main.py failed: ModuleNotFoundError"),
        (APP + "\n@app.get('/x')\ndef f(x: 'Nowhere'): ...", "annotation of parameter 'x' of f() names nothing"),
        (APP + "\n@app.get('/')\ndef g(): ...", "has the shape of /"),
        (APP + "\n@app.get('/x', blocking='pool')\ndef f(): ...", "there is no blocking pool 'pool'"),
        (APP.replace("max_cookies=7", "max_cookies='x'"), "limits.max_cookies is a whole number"),
    ],
)
def test_what_would_not_start(folder: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.py").write_text(text)
    assert main(["check", "main.py"]) == 1
    said = capsys.readouterr()
    assert says in said.err and said.out == ""


@pytest.mark.parametrize(
    ("arguments", "toml", "says"),
    [
        (["--limit-min-body-rate", "0"], "", "command line: limits.min_body_rate is below its least value"),
        (["--port", "x"], "", "command line: port is a port from 0 to 65535, not 'x'"),
        ([], "prot = 1", "pelton.toml:1: prot is no setting; did you mean port?"),
        ([], "workers = 'many'", "pelton.toml:1: workers is a number from 1 to 1024 or auto, not 'many'"),
        ([], "port = 1\ndebug = true", "pelton.toml:2: debug is true: error pages show tracebacks"),
        (["--forwarded-allow-ips", "*"], "", '--forwarded-allow-ips: forwarded_allow_ips is ["*"]: anybody may say where'),
        (["--log-config", "none.json"], "", "--log-config: log_config: none.json cannot be read"),
        (["--ws-origins", "a,*"], "", '--ws-origins: ws_origins is ["a", "*"]: pages of any site'),
    ],
)
def test_settings_that_are_wrong_or_unsafe(
    folder: Path, arguments: list[str], toml: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pelton.toml").write_text(toml)
    assert main(["check", "main.py", *arguments]) == 1
    assert capsys.readouterr().err.startswith(f"pelton: {says}")


def test_problems_of_the_application_and_of_settings_are_said_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.py").write_text("1 / 0")
    assert main(["check", "main.py", "--debug"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "Traceback" in said and "--debug: debug is true" in said


def test_debug_in_code_is_unsafe_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.py").write_text("from pelton import App\napp = App(debug=True)\n")
    assert main(["check"]) == 1 and "App(debug=True): error pages" in capsys.readouterr().err


def test_a_bad_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "main.py", "--workers", "many"]) == 2
    assert main(["check", "--print-confg"]) == 2 and "did you mean --print-config?" in capsys.readouterr().err


def test_what_pelton_run_does_not_hear_of_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.py").write_text(APP.replace("blocking_threads=3", "port=9, host='::1'"))
    assert main(["check", "--host", "127.0.0.2"]) == 0
    assert capsys.readouterr().err == "pelton: note: App(server=) sets port, which pelton run does not hear of; set it in pelton.toml\n"


def test_an_access_log_below_the_level_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--access-log", "--log-level", "error"]) == 0
    assert capsys.readouterr().err == "pelton: note: log_level is error, which leaves the access log out\n"
    assert main(["check", "--log-level", "error"]) == main(["check", "--access-log"]) == 0 and capsys.readouterr().err == ""


def config_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    assert main(["check", "--print-config", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [(line.partition(" = ")[0], line.partition(" = ")[2].rpartition("  # ")) for line in lines]
    return {key: (value, source) for key, (value, _, source) in rows}


def test_each_value_with_where_it_comes_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pelton.toml").write_text("port = 9\nlimit_body_size = '2MiB'\ntimeout_idle = 3\nuser = 'www'\n[headers]\nX = 'y'\n")
    monkeypatch.setenv("PELTON_TIMEOUT_IDLE", "4")
    monkeypatch.setenv("PORT", "10")
    monkeypatch.setenv("PELTON_WORKERS", "2")
    shown = config_of(["main.py", "--backlog", "5", "--timeout-keep-alive", "6", "--no-date-header"], capsys)
    assert shown.keys() == {*SETTINGS, "entrypoint", "factory", "app_dir", "workers", "user", "interface", "lifespan", "wsgi_inline"}
    expected = {
        "entrypoint": ('"main.py"', "APP"),
        "workers": ("2", "PELTON_WORKERS"),
        "user": ('"www"', "pelton.toml:4"),
        "app_dir": (f'"{folder}"', "default"),
        "factory": ("false", "default"),
        "port": ("10", "PORT"),
        "host": ('"127.0.0.1"', "default"),
        "backlog": ("5", "--backlog"),
        "date_header": ("false", "--date-header"),
        "timeout_idle": ("6.0", "--timeout-idle"),
        "limit_body_size": ('"2MiB"', "pelton.toml:2"),
        "headers": ('[["X", "y"]]', "pelton.toml:5"),
        "blocking_threads": ("3", "App(server=)"),
        "limit_cookies": ("7", "App(server=)"),
        "limit_queued": ('"none"', "default"),
    }
    assert {key: shown[key] for key in expected} == expected


def test_the_command_keys_of_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "made.py").write_text(f"{APP}\ndef make(): return app\n")
    (folder / "pelton.toml").write_text("entrypoint = 'made:make'\nfactory = true\napp_dir = '.'\nworkers = 3\n")
    shown = config_of(["--user", "nobody", "--pid-file", "a.pid"], capsys)
    assert shown["pid_file"] == ('"a.pid"', "--pid-file")
    assert shown["entrypoint"] == ('"made:make"', "pelton.toml:1") and shown["factory"] == ("true", "pelton.toml:2")
    assert shown["workers"] == ("3", "pelton.toml:4") and shown["user"] == ('"nobody"', "--user")
    shown = config_of(["made:app"], capsys)
    assert shown["entrypoint"] == ('"made:app"', "APP") and shown["factory"] == ("false", "default")


def test_what_is_printed_is_a_configuration_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["main.py", "--header", 'X-A: "b\\c"', "--header", "X: z", "--ws-origins", "https://a,https://b", "--access-log=./é.log"]
    assert main(["check", "--print-config", *arguments]) == 0
    (folder / "pelton.toml").write_text(capsys.readouterr().out)
    file = read_file(str(folder / "pelton.toml"))
    assert file is not None and file.command["entrypoint"] == "main.py" and file.settings.keys() == SETTINGS.keys()
    assert file.settings["headers"] == (("X-A", '"b\\c"'), ("X", "z")) and file.settings["access_log"] == "./é.log"
    assert {key for key, value in file.settings.items() if value != defaults()[key]} == {
        "headers", "ws_origins", "access_log", "blocking_threads", "limit_cookies",
    }  # fmt: skip


def test_passwords_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--print-config", "--ws-broker", "redis://:secret@h"]) == 0
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err and 'ws_broker = "unix://(not shown)"  # --ws-broker\n' in said.out


def test_unsafe_settings_exist_and_are_safe_by_default() -> None:
    for keyword, is_unsafe, consequence in UNSAFE:
        assert not is_unsafe(defaults()[keyword]) and consequence


def test_findings_count(capsys: pytest.CaptureFixture[str]) -> None:
    found = Findings()
    assert found.exit_code == 0
    found.add("that")
    assert found.exit_code == 1 and capsys.readouterr().err == "pelton: that\n"


def test_printed_rows() -> None:
    text = printed([("a", "1", "default")], defaults(), dict.fromkeys(SETTINGS, "x"))
    assert text.startswith('a = 1  # default\nhost = "127.0.0.1"  # x\n') and text.count("\n") == len(SETTINGS) + 1


def test_certificates_are_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = Authority(folder)
    pair, old = authority.issue("server"), authority.issue("old", ends_in_s=-60)
    for one in (pair, old):
        one.key.chmod(0o640)
    assert main(["check", "main.py", "--ssl-certfile", "server.pem", "--ssl-keyfile", "server.key"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["check", "main.py", "--ssl-certfile", "old.pem", "--ssl-keyfile", "old.key"]) == 1
    assert "TLS: the certificate in old.pem has expired on " in capsys.readouterr().err
    pair.key.chmod(0o644)
    assert main(["check", "main.py", "--ssl-certfile", "server.pem", "--ssl-keyfile", "server.key"]) == 1
    assert "the private key in server.key can be read by everybody on this machine" in capsys.readouterr().err
