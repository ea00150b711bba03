"""pymod/package/README.md: its generated functions are those that are generated, and its files are there."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import pytest
from pelton import App
from pelton.dependencies import generated_calls
from pelton.routing import layer_code

PACKAGE = Path(__file__).resolve().parents[2] / "pymod" / "package"
README = (PACKAGE / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def without_comments(text: str) -> list[str]:
    return [line.partition("  # ")[0].rstrip() for line in text.splitlines()]


def generated(monkeypatch: pytest.MonkeyPatch, program: str) -> list[str]:
    """What the package writes for the routes of a program, each function as one text."""
    written: list[str] = []

    def compile(text: str, *rest: Any) -> Any:
        written.append(text)
        return builtins.compile(text, *rest)

    for module in (generated_calls, layer_code):
        monkeypatch.setattr(module, "compile", compile, raising=False)
    app = App()
    exec(builtins.compile(program, "README.md", "exec"), {"app": app})
    app._parts.freeze()
    return written


def test_the_generated_functions_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = [at for at, (kind, _) in enumerate(BLOCKS) if kind == "python"]
    assert len(programs) == 2
    for at in programs:
        kind, shown = BLOCKS[at + 1]
        assert kind == "text"
        assert [text.splitlines() for text in generated(monkeypatch, BLOCKS[at][1])] == [without_comments(shown)]


def test_every_file_that_it_names_is_there() -> None:
    folders = [PACKAGE / "pelton", PACKAGE.parents[1], *(PACKAGE / "pelton").iterdir()]  # a row names files of its room
    for name in re.findall(r"`([\w/]+\.(?:py|cpp|hpp|toml))`", README):
        assert any((folder / name).is_file() for folder in folders), name


def test_every_folder_and_module_of_the_package_has_a_row() -> None:
    rows = set(re.findall(r"`(\w+)/?`", "\n".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))))
    modules = {path.stem for path in (PACKAGE / "pelton").glob("[!_]*.py")}
    rooms = {path.parent.name for path in (PACKAGE / "pelton").glob("[!_]*/*.py")}
    there = modules | rooms
    assert there <= rows


def test_a_registration_goes_through_at_most_eight_files() -> None:
    trip = README.partition("## One registration")[2].partition("\n## ")[0]
    steps = re.findall(r"^(\d)\. `([\w/.]+)`", trip, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1)) and 5 <= len(steps) <= 8
    assert len({name for _, name in steps}) == len(steps)
