"""tools/command_table.py: the page of the command line is what the tables of the package say."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import command_table  # noqa: E402
from pelton.cli.commands import COMMANDS, EXIT_CODES, SIGNALS  # noqa: E402
from pelton.cli.run import ALIASES, setting_flag  # noqa: E402
from pelton.config.settings import SETTINGS  # noqa: E402


def test_the_page_is_current() -> None:
    assert command_table.main(["--check"]) == 0


def test_a_page_that_is_not_current_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    assert command_table.main(["--check", str(tmp_path)]) == 1
    assert "run tools/command_table.py" in capsys.readouterr().out
    assert command_table.main([str(tmp_path)]) == 0 and command_table.main(["--check", str(tmp_path)]) == 0
    page = tmp_path / "docs" / "command-line.md"
    page.write_text(page.read_text() + "more\n")
    assert command_table.main(["--check", str(tmp_path)]) == 1


def test_nothing_is_left_out() -> None:
    page = command_table.page()
    for command in COMMANDS.values():
        assert f"| `pelton {command.name}" in page
        for flag in command.flags:
            assert f"`{flag.spelled}`" in page or f"`{flag.spelled} {flag.value}`" in page, flag.spelled
    for keyword, setting in SETTINGS.items():
        assert f"| `PELTON_{keyword.upper()}` | `{keyword}` | `{setting.place}` |" in page
    for first, text in (*EXIT_CODES, *SIGNALS, *command_table.VARIABLES):
        assert f"| {first} | {text} |" in page
    assert len(ALIASES) == len(re.findall(r"^\| `--?[\w-]+` \| `--[\w-]+` \|$", page, re.MULTILINE))


def test_every_row_has_the_cells_of_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", command_table.page(), re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table.splitlines()[0]


def test_every_flag_setting_and_signal_of_the_page_is_met_by_another_test() -> None:
    folder = Path(__file__).parent.parent
    texts = [path.read_text() for kind in ("py", "cpp") for path in folder.rglob(f"*.{kind}") if path != Path(__file__)]
    words = {word for text in texts for word in re.findall(r"\b\w[\w-]*", text)}
    rows = [{keyword, setting.field, setting.key, setting_flag(keyword), f"PELTON_{keyword.upper()}"} for keyword, setting in SETTINGS.items()]
    rows += [{flag.name} for one in COMMANDS.values() for flag in one.flags if flag.setting is None]
    rows += [{alias} for alias in ALIASES]
    rows += [{f"SIG{name}"} for names, _ in SIGNALS for name in names.split(", ")]
    assert [row for row in rows if not row & words] == []
