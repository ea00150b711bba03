"""pelton new: what it makes passes its own tests, is checked, and serves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from guide import FOLDER, Page
from pelton.cli.command import main
from pelton.cli.starter import files_of
from pelton.cli.run import parsed_run


def test_what_is_made_passes_its_tests_and_serves(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "under/my shop"]) == 0
    assert capsys.readouterr().out == (
        "under/my shop has main.py, test_main.py, pelton.toml, requirements.txt, Dockerfile, README.md, .dockerignore, .gitignore\n"
        "\n  cd 'under/my shop'\n  pytest\n  pelton run\n"
    )
    folder = tmp_path / "under/my shop"
    assert {path.name for path in folder.iterdir()} == files_of("my shop").keys()

    def run(*command: str) -> str:
        done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "3 passed" in run("pytest", "-p", "no:cacheprovider")
    assert run("pelton", "check") == "main:app, 2 routes: no problem found\n"
    environment = {**os.environ, "PELTON_ENGINE": engine}
    with subprocess.Popen(
        [sys.executable, "-m", "pelton", "run", "--port", "0"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        found = re.search(r"listening on (\S+)", server.stderr.readline())
        assert found is not None
        with urlopen(f"{found[1]}/notes/1") as answer:
            assert json.load(answer) == {"id": 1, "text": "buy milk"}
        server.terminate()
    assert server.returncode == 0


def test_the_guide_shows_the_dockerfile() -> None:
    [block] = Page(FOLDER / "deploying.md").blocks("dockerfile")
    assert block.text == files_of("shop")["Dockerfile"]


def test_the_dockerfile_copies_what_is_there_and_runs_what_exists() -> None:
    files = files_of("shop")
    lines = files["Dockerfile"].splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert set(copied) == {"requirements.txt", "main.py", "pelton.toml"} <= files.keys()
    [command] = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]
    assert command[:2] == ["pelton", "run"]
    target, flags = parsed_run(command[2:])
    assert target is None and flags == {"host": "0.0.0.0", "workers": "auto", "access-log": "on"}


@pytest.mark.parametrize(("name", "image"), [("Shop 2", "shop-2"), ("été", "t"), ("{x}'", "x"), ("$", "application")])
def test_any_name_of_a_folder_will_do(name: str, image: str) -> None:
    files = files_of(name)
    assert f"docker build -t {image} .\n" in files["README.md"] and files["README.md"].startswith(f"# {name}\n")
    compile(files["main.py"], "main.py", "exec")
    assert f"App(title={name!r})" in files["main.py"]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["new", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"pelton: {tmp_path} is not empty; name a folder that does not exist yet\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    assert main(["new", str(tmp_path / "empty")]) == 0


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["new", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err == f"pelton: {tmp_path}/file cannot be made: File exists\n"
    assert main(["new", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be made: Not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "says"), [([], "takes one DIR"), (["a", "b"], "takes one DIR, not a b"), (["--x"], "no flag '--x'")])
def test_a_bad_command_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", *arguments]) == 2 and says in capsys.readouterr().err
