"""pelton.toml and [tool.pelton]: what is read, and what a wrong file is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelton import ConfigError, ServerConfig
from pelton.config.command_keys import COMMAND_KEYS
from pelton.config.setting_files import ConfigFile, read_file
from pelton.config.settings import SETTINGS, defaults, effective_settings, file_near


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "pelton.toml") -> ConfigFile:
    Path(name).write_text(text)
    found = read_file(str(Path(name).absolute()))
    assert found is not None
    return found


def test_settings_have_their_types_and_texts() -> None:
    file = written("""
port = 9000
limit_body_size = "2MiB"
timeout_handler = 2.5
timeout_queue = "none"
date_header = false
ws_origins = ["https://a", "https://b"]
access_log = "./log"
"debug" = true
[headers]
X-One = "1"
X-Two = "2"
""")
    assert file.settings == {
        "port": 9000, "limit_body_size": 2**21, "timeout_handler": 2.5, "timeout_queue": None, "date_header": False,
        "ws_origins": ("https://a", "https://b"), "access_log": "./log", "debug": True, "headers": (("X-One", "1"), ("X-Two", "2")),
    }  # fmt: skip


def test_keys_of_the_command() -> None:
    file = written(
        'entrypoint = "main:app"\napp_dir = "src"\nworkers = 2\nuser = 1000\ngroup = "www"\nfactory = true\ninterface = "asgi"\n'
        'lifespan = "off"\npid_file = "a.pid"\nwsgi_inline = true\nsingle = true\nenv_file = "v.env"\nprocess_name = "shop"\nreload = true\n'
        'reload_dir = ["a", "b"]\nreload_include = "*.html"\nreload_exclude = [".*"]\nreload_delay = 0.5\n'
    )
    assert file.command == {
        "entrypoint": "main:app", "app_dir": "src", "workers": "2", "user": "1000", "group": "www", "factory": "on",
        "interface": "asgi", "lifespan": "off", "pid_file": "a.pid", "wsgi_inline": "on", "single": "on", "env_file": "v.env", "process_name": "shop",
        "reload": "on", "reload_dir": "a\nb", "reload_include": "*.html", "reload_exclude": ".*", "reload_delay": "0.5",
    }  # fmt: skip
    assert not file.settings and file.command.keys() == COMMAND_KEYS.keys() and file.folder == str(Path.cwd())
    assert written('workers = "auto"').command == {"workers": "auto"}


@pytest.mark.parametrize("text", ["[tool.pelton]\nport = 1\n", "[tool]\npelton = {port = 1}\n", "tool.pelton.port = 1\n", '["tool" . "pelton"]\nport = 1'])
def test_the_table_of_a_project(text: str) -> None:
    assert written(text, "pyproject.toml").settings == {"port": 1}


def test_a_project_without_the_table_has_no_settings() -> None:
    path = Path("pyproject.toml").absolute()
    for text in ("", "[tool.ruff]\nline-length = 3\n", '[project.scripts]\npelton = "pelton:x"\n', "[tool]\n", "is not TOML: pelton tool"):
        path.write_text(text)
        if "not" in text:
            with pytest.raises(ConfigError, match="pyproject.toml is no TOML file"):
                read_file(str(path))
        else:
            assert read_file(str(path)) is None
            with pytest.raises(ConfigError, match=r"pyproject.toml has no table \[tool.pelton\]"):
                read_file(str(path), is_named=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\nprot = 1", r"^pelton.toml:2: prot is no setting; did you mean port\?$"),
        ("limit-body-size = 1", r"^pelton.toml:1: limit-body-size is no setting; write limit_body_size$"),
        ("max_body_size = 1", r"^pelton.toml:1: max_body_size is no setting; write limit_body_size$"),
        ("[limits]\nmax_body_size = 1", r"^pelton.toml:1: limits is no setting; settings stand side by side: write limit_body_size$"),
        ("reload = 'yes'", r"^pelton.toml:1: reload is true or false: whether one worker is replaced whenever a file changes, not 'yes'$"),
        ("reload_dir = [1]", r"^pelton.toml:1: reload_dir is folders, from the folder of the file, not \[1\]$"),
        ("log_level = 'loud'", r"^pelton.toml:1: log_level is critical, error, warning, info, debug or trace, not 'loud'$"),
        ("entry_point = 'a:b'", r"^pelton.toml:1: entry_point is no setting; did you mean entrypoint\?$"),
        ("colour = 1", r"^pelton.toml:1: colour is no setting$"),
        ("host = 'a'\nport = 'many'", r"^pelton.toml:2: port is a port from 0 to 65535, not 'many'$"),
        ("port = 65536", r"^pelton.toml:1: port is a port from 0 to 65535, not 65536$"),
        ("port = true", r"^pelton.toml:1: port is a port"),
        ("debug = 3", r"^pelton.toml:1: debug is true or false, not 3$"),
        ("limit_body_size = [1]", r"^pelton.toml:1: limit_body_size: limits.max_body_size is a number of bytes"),
        ("timeout_idle = 2020-01-01", r"^pelton.toml:1: timeout_idle: timeouts.idle is a number of seconds"),
        ("host = {a = 1}", r"^pelton.toml:1: host is a text"),
        ("[headers]\na = 1", r"^pelton.toml:1: headers are names and values"),
        ("workers = 1.5", r"^pelton.toml:1: workers is a number from 1 to 1024, or auto, not 1.5$"),
        ("user = true", r"^pelton.toml:1: user is a name or a number, not True$"),
        ("entrypoint = 3", r"^pelton.toml:1: entrypoint is the application, as pelton run names it, not 3$"),
        ("factory = 'yes'", r"^pelton.toml:1: factory is true or false: whether"),
        ("entrypoint = ''", r"^pelton.toml:1: entrypoint is the application"),
        ("port 1", r"^pelton.toml is no TOML file: .*line 1"),
        ("port = 1\nport = 2", r"^pelton.toml is no TOML file: Cannot overwrite a value"),
        ("\udcff", r"^pelton.toml is no TOML file: "),
    ],
)
def test_a_wrong_file_is_one_line_that_says_where_and_what_instead(text: str, says: str) -> None:
    Path("pelton.toml").write_text(text, errors="surrogateescape")
    with pytest.raises(ConfigError, match=says) as raised:
        read_file(str(Path("pelton.toml").absolute()))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.other]\nprot = 1\n[tool.pelton]\nhost = 'a'\nprot = 1", "pyproject.toml:5: prot is no setting"),
        ("[tool.pelton.headers]\na = 1\n[tool.other]\n", "pyproject.toml:1: headers are"),
        ("tool.pelton.port = -1", "^pyproject.toml: port is"),
        ("tool.pelton = 3", "^pyproject.toml: tool.pelton is a table, not 3"),
    ],
)
def test_the_line_of_a_project(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        written(text, "pyproject.toml")


def test_settings_that_do_not_go_together_name_the_line() -> None:
    file = written("port = 1\nlimit_header_line = '40KiB'\n")
    with pytest.raises(ConfigError, match=r"^pelton.toml:2: limits.max_header_"):
        file.over(defaults())
    assert file.over(defaults() | {"limit_header_size": 50 * 1024})["port"] == 1
    assert file.place_of("nothing") == "pelton.toml"


def test_what_cannot_be_read(folder: Path) -> None:
    with pytest.raises(ConfigError, match="^none.toml cannot be read: No such file"):
        read_file(str(folder / "none.toml"))
    with pytest.raises(ConfigError, match=f"^{folder.parent} cannot be read: Is a directory"):
        read_file(str(folder.parent))


def test_every_setting_can_stand_in_a_file() -> None:
    lines = [f"{keyword} = {_toml(setting.default)}" for keyword, setting in SETTINGS.items()]
    assert effective_settings(None, {}, written("\n".join(lines)))["backlog"] == 4096


def _toml(value: object) -> str:
    if value is None:
        return '"none"'
    value = list(value) if isinstance(value, tuple) else value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def test_the_nearest_file_counts(folder: Path) -> None:
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    assert file_near(str(below)) == str(folder / "pyproject.toml")
    (folder / "pelton.toml").touch()
    assert file_near(str(below)) == str(folder / "pelton.toml")
    (folder / "a" / "pyproject.toml").touch()
    assert file_near(str(below)) == str(folder / "a" / "pyproject.toml")
    (folder / "a" / "pelton.toml").mkdir()
    assert file_near(str(below)) == str(folder / "a" / "pyproject.toml")
    assert file_near("/") is None


def test_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """From weak to strong: default, App(server=), file, keyword of run(), environment."""
    file = written("backlog = 2\nport = 2\nhost = '127.0.0.2'\n")
    base = ServerConfig(backlog=1, port=1, host="127.0.0.1", blocking_threads=7)
    monkeypatch.setenv("PELTON_PORT", "4")
    values = effective_settings(base, {"port": 3, "host": "127.0.0.3"}, file)
    assert (values["blocking_threads"], values["backlog"], values["host"], values["port"]) == (7, 2, "127.0.0.3", 4)
