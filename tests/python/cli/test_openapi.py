"""`pelton openapi`: the document on standard output or in a file, or why there is none."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pelton.cli.command import main


APP = """
import os
from pelton import App
app = App()
app.add_route("/", lambda: os.getpid())

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
        "late.py": "from pelton import App\napp = App()\n@app.get('/')\ndef f(x: 'Nowhere'): ...\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_openapi_prints_the_document_or_writes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi", "single.py", "--app-dir", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["paths"].keys() == {"/"}
    assert main(["openapi", "single:app", f"--app-dir={folder}", "-o", str(folder / "schema.json")]) == 0
    assert capsys.readouterr().out == "" and (folder / "schema.json").read_text() == printed
    assert main(["openapi", "single.py", f"--app-dir={folder}", f"-o={folder}"]) == 1
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(("target", "says"), [("nowhere:app", "no module"), ("late:app", "Nowhere")])
def test_openapi_of_what_cannot_start_is_exit_3(
    folder: Path, target: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["openapi", target, "--app-dir", str(folder)]) == 3
    said = capsys.readouterr()
    assert says in said.err and said.out == ""
