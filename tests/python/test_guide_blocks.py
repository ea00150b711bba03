"""Every Python block of the guide runs: the blocks of a page one after the other, on both engines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from guide import FOLDER, ROOT, Page, pages

RUNNER = """
import sys
sys.path.insert(0, "")
exec(compile(sys.stdin.read(), sys.argv[1], "exec"), {"__name__": "doctest"})
"""
KINDS = {"python", "sh", "text", "toml", "dockerfile", "haproxy", "nginx", "html", "ini", "log", "logrotate"}


@pytest.mark.parametrize("page", [page for page in pages() if page.blocks("python")], ids=lambda page: page.path.stem)
def test_page(page: Page, engine: str, tmp_path: Path) -> None:
    page.write_files(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(page.path.relative_to(ROOT))],
        input=page.program(),
        text=True,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PELTON_ENGINE": engine},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_each_block_is_of_a_known_kind_and_nothing_is_skipped() -> None:
    for page in pages():
        assert {block.kind for block in page.blocks()} <= KINDS, page.path.name
        assert "doctest:" not in page.text and page.text.count("```") == 2 * len(page.blocks()), page.path.name


def test_links_lead_somewhere() -> None:
    for page in [*pages(), Page(ROOT / "examples" / "README.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.text):
            if not target.startswith("http"):
                assert (page.path.parent / target).exists(), f"{page.path.name}: {target}"


def test_the_index_has_every_page() -> None:
    index = (FOLDER / "README.md").read_text()
    for page in pages():
        assert page.path.name == "README.md" or f"({page.path.name})" in index


def test_every_example_is_told_of() -> None:
    told = (ROOT / "examples" / "README.md").read_text()
    for path in (ROOT / "examples").rglob("*.py"):
        name = path.relative_to(ROOT / "examples").as_posix()
        assert name in told or f"({name.partition('/')[0]}/" in told, name
