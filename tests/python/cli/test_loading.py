"""Finding the App that a command line names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pelton import App, StartupError
from pelton.cli.loading import load, load_program, only_target
from pelton.cli.program import Program

APP = """
import os
from pelton import App
app = App()

class Nested:
    inner = App()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    for name, text in {
        "pkg/web.py": APP,
        "single.py": APP,
        "broken.py": "x = 1\nimport nothing_of_this_name\n",
        "failing.py": "1 / 0\n",
        "exiting.py": "raise SystemExit(5)\n",
        "several.py": "from pelton import App\nfirst = App()\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("target", ["pkg.web:app", "single.py", "single.py:app", "pkg/web.py", "single:Nested.inner"])
def test_targets(folder: Path, target: str) -> None:
    assert isinstance(load(target, str(folder)), App)


def test_a_file_finds_what_lies_beside_it_and_what_a_module_would(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop/beside.py").write_text(APP)
    (folder / "shop/items.py").write_text("from beside import app\n")
    (folder / "shop/main.py").write_text("from shop.items import app\n")
    assert isinstance(load("shop/main.py", str(folder)), App)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere:app", "no module 'nowhere'"),
        ("nowhere.py", "no file nowhere.py"),
        ("single", "single:app"),
        ("single:other", "has no attribute 'other'; it has app"),
        ("single:os", "is a module"),
        ("several.py", "several.py:NAME"),
        ("broken:app", r"importing broken failed: ModuleNotFoundError: .*\(.*broken.py:2\)"),
        ("failing:app", r"ZeroDivisionError.*\(.*failing.py:1\)"),
        ("exiting:app", "SystemExit"),
    ],
)
def test_bad_targets_are_one_clear_line(folder: Path, target: str, says: str) -> None:
    with pytest.raises(StartupError, match=says) as raised:
        load(target, str(folder))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("call", "place"),
    [
        ("app.run(port=0)", "running.py:5"),
        ("def serve():\n    app.run(port=0)\nserve()", "running.py:6"),
        ("try:\n    app.run(port=0)\nexcept Exception:\n    pass", "running.py:6"),
    ],
)
def test_an_application_that_runs_itself_while_it_is_imported_is_refused(folder: Path, call: str, place: str) -> None:
    (folder / "running.py").write_text(f"{APP.partition('class')[0].strip()}\n# a comment\n{call}\n")
    with pytest.raises(StartupError, match='__name__ == "__main__"') as raised:
        load("running.py", str(folder))
    assert str(raised.value).partition(" ")[0].endswith(place) and "\n" not in str(raised.value)


def test_the_traceback_of_an_import_begins_at_the_users_file(folder: Path) -> None:
    (folder / "first.py").write_text("# begins\nimport second\n")
    (folder / "second.py").write_text("import json\n\njson.loads('{')\n")
    with pytest.raises(StartupError) as raised:
        load("first.py", str(folder))
    # The place is the application's own, not the library's that noticed it.
    assert str(raised.value).endswith("second.py:3)")
    head, *frames = raised.value.trace.splitlines()
    files = [line.split('"')[1] for line in frames if line.startswith("  File ")]
    assert head == "Traceback (most recent call last):" and frames[-1].startswith("json.decoder.JSONDecodeError")
    assert files[:2] == [str(folder / "first.py"), str(folder / "second.py")]
    assert "importlib" not in raised.value.trace and "loading.py" not in raised.value.trace


def test_a_refused_route_is_shown_by_the_users_line_alone(folder: Path) -> None:
    (folder / "refused.py").write_text("from pelton import App\napp = App()\n@app.get('x')\ndef f(): ...\n")
    with pytest.raises(StartupError, match=r"\(.*refused.py:3\)") as raised:
        load("refused:app", str(folder))
    assert raised.value.trace.count("  File ") == 1


FACTORY = """
from pelton import App

def create_app():
    return App()

def nothing():
    return 3

def failing():
    return 1 / 0

app = App()
"""


def test_a_factory_is_called(folder: Path) -> None:
    (folder / "made.py").write_text(FACTORY)
    assert isinstance(load("made:create_app", str(folder), is_factory=True), App)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("made.py", "--factory needs the name of a function; write made.py:NAME"),
        ("made:app", "made:app is a App, not a function .*; leave --factory out"),
        ("made:nothing", r"what made:nothing\(\) returns is a int, not an App"),
        ("made:failing", r"ZeroDivisionError.*made.py:11\)"),
    ],
)
def test_a_factory_that_makes_no_app(folder: Path, target: str, says: str) -> None:
    (folder / "made.py").write_text(FACTORY)
    with pytest.raises(StartupError, match=says) as raised:
        load(target, str(folder), is_factory=True)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["app = 1", "x, (y, app) = 1, (2, 3)", "app: int = 1", "from x import y as api", "if x:\n  application = 1", "try:\n  pass\nexcept X:\n  app = 1", "app = ("],
)
def test_without_a_target_the_one_file_that_has_an_app_is_served(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.py").write_text("def f():\n  app = 1\n")
    (tmp_path / "api.py").write_text(text)
    assert only_target(str(tmp_path)) == "api.py"


def test_none_or_several_files_say_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="no APP is named, and .* has no app, api or application in main.py, app.py or api.py; name it"):
        only_target(str(tmp_path))
    for name in ("main.py", "app.py"):
        (tmp_path / name).write_text("app = 1")
    with pytest.raises(StartupError, match="main.py and app.py have one; name it, or set entrypoint in pelton.toml"):
        only_target(str(tmp_path))


def test_a_program_without_a_target(folder: Path) -> None:
    (folder / "api.py").write_text(APP)
    assert isinstance(load_program(Program(None, {"app-dir": str(folder)})), App)
