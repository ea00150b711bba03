"""--env-file: the form of python-dotenv, which is asked for its opinion, and what wins over what."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from pelton import StartupError
from pelton.cli.env_file import load_env_file, variables_in_text

TEXTS = [
    "A=1\nB=2", "export A=b c # d\n", "A='x\\'y' # c\nB=\"l1\\nl2\"", 'A="several\nlines"\nB=3', "A=#x", "A= # x", "A=x#y",
    "A = spaced  ", "A=${B}\nB=1", "B=1\nA=${B}-${C:-def}", "A='${B}'\nB=2", "'quo ted'=1", "A\nB=", "# c\n\n  A=1", "\ufeffA=1",
    'A="a\\\\"\nB=1', "A=tab\ttoo", "A=$B", "A=${A:-x}", "A=\r\nB=1\r\n", "export  A=1", "A=a=b=c", "exportA=1", "A=x\n   # c\nB=y",
    "A=\"q\"   \nB='' ", "export\nA=1", "", "\n# nothing\n", "É=é",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_python_dotenv_reads_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ABC":
        monkeypatch.delenv(name, raising=False)
    wanted = {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}
    assert variables_in_text(text, {}) == wanted


@pytest.mark.parametrize(("text", "line"), [("A=1\n=2\n", 2), ('\n\nA="no end', 3), ("A='x' y", 1), ("A B=1", 1)])
def test_a_line_that_is_none_is_named(text: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v.env").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StartupError, match=rf"^v.env:{line}: .* is no NAME=value$"):
        load_env_file("v.env")
    assert "A" not in os.environ or os.environ["A"] != "1"


def test_the_environment_is_stronger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v.env").write_text("T_ENV_A=file\nT_ENV_B=${T_ENV_A}\n")
    monkeypatch.setenv("T_ENV_A", "process")
    monkeypatch.setenv("T_ENV_B", "")  # so that it is taken back
    monkeypatch.delenv("T_ENV_B")
    load_env_file(str(tmp_path / "v.env"))
    assert os.environ["T_ENV_A"] == os.environ["T_ENV_B"] == "process"


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be read: No such file or directory; name another with --env-file"):
        load_env_file(str(tmp_path / "none"))
    (tmp_path / "binary").write_bytes(b"A=\xff")
    with pytest.raises(StartupError, match="is no text in UTF-8"):
        load_env_file(str(tmp_path / "binary"))


def test_an_application_is_imported_with_them_and_settings_are_not(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import os\nfrom pelton import App\napp = App()\n"
        "assert os.environ['NAME'] == 'value' and os.environ['PORT'] == os.environ['PELTON_BACKLOG'] == '7'\n"
    )
    (tmp_path / "v.env").write_text("NAME=value\nPORT=7\nPELTON_BACKLOG=7\n")
    for command in (["check", "--print-config"], ["routes"], ["openapi"]):
        done = subprocess.run(
            [sys.executable, "-m", "pelton", *command, "main.py", "--env-file", "v.env"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if command[0] == "check":
            assert "port = 8000  # default\n" in done.stdout and "backlog = 4096  # default\n" in done.stdout
