"""The reference has an entry, and something to say, for every public name, setting, reason and gauge."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from pelton import _native  # noqa: E402
from pelton.cli.run import setting_flag  # noqa: E402
from pelton.config.settings import SETTINGS  # noqa: E402
from reference.pages import native_signatures, reference_pages, write_site  # noqa: E402
from reference.surface import PAGES, attribute_docstrings, docstring, member_docstring, members_of, names_on, public_names, value_of  # noqa: E402
from reference.tables import flag_of, gauges, reasons, shown_default  # noqa: E402

ATTRIBUTES = attribute_docstrings(ROOT)
SENTENCE = re.compile(r"[A-Z0-9`*(].*[.:]\n?", re.DOTALL)


def test_every_public_name_has_an_entry() -> None:
    listed = [(page.module, name) for page in PAGES if page.is_public for name in names_on(page)]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(public_names())
    text = "".join(reference_pages(ROOT).values())
    for module, name in listed:
        assert re.search(rf"^\.\. (?:autoclass|autofunction|py:class|py:data):: (?:{module}\.)?{name}$", text, re.MULTILINE), name


ENTRIES = sorted({*public_names(), *((page.module, name) for page in PAGES for name in names_on(page))})


@pytest.mark.parametrize(("module", "name"), ENTRIES)
def test_every_public_name_says_what_it_is(module: str, name: str) -> None:
    assert SENTENCE.match(docstring(module, name, ATTRIBUTES)), f"{module}.{name} has no docstring"
    value = value_of(module, name)
    if not isinstance(value, type) or value is importlib.import_module("pelton").Settings:
        return
    silent = [member for member, found in members_of(value) if not member_docstring(value, member, found, ATTRIBUTES).strip()]
    assert not silent, f"{module}.{name}: no docstring of {', '.join(silent)}"


def test_functions_name_their_arguments() -> None:
    """Where a docstring has a list of arguments it has each, and no other."""
    for module, name in public_names():
        value = getattr(importlib.import_module(module), name)
        named = [(f"{name}.{member}", found) for member, found in members_of(value)] if isinstance(value, type) else []
        for place, found in [*named, (name, value)]:
            function = found.__func__ if isinstance(found, staticmethod | classmethod) else found
            taken = getattr(function, "__init__", function) if isinstance(function, type) else function
            code = getattr(taken, "__code__", None)
            told = re.search(r"^ *Args:\n((?:(?: {4,}.*)?\n?)+)", function.__doc__ or "", re.MULTILINE)
            if told is None or code is None:
                continue
            depth = min(len(line) - len(line.lstrip()) for line in told[1].split("\n\n")[0].splitlines() if line.strip())
            listed = re.findall(rf"^ {{{depth}}}(\w+):", told[1].split("\n\n")[0], re.MULTILINE)
            count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
            has = [one for one in code.co_varnames[:count] if one not in ("self", "cls")]
            aliases = {"content", "status_code", "media_type", "httponly", "samesite"}  # told of beside what they stand for
            assert set(listed) <= set(has) or "options" in has, place
            assert set(has) - aliases <= set(listed) or "options" in has, place


def test_every_setting_stands_there_with_its_spellings() -> None:
    page = reference_pages(ROOT)["settings.md"]
    entries = dict(re.findall(r"^```\{confval\} (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert set(entries) == {setting.place for setting in SETTINGS.values()}
    for keyword, setting in SETTINGS.items():
        entry = entries[setting.place]
        assert f"Keyword and key of a file `{keyword}`, variable `PELTON_{keyword.upper()}`" in entry
        assert f":default: {shown_default(setting)}\n" in entry and ":type: " in entry
        assert f"flag `{flag_of(keyword)}`" in entry and flag_of(keyword) == f"--{setting_flag(keyword)}"
    assert ":default: 1 MiB" in entries["limits.max_body_size"] and ":default: 75 s" in entries["timeouts.idle"]


def test_every_reason_and_gauge_stands_there() -> None:
    rows = reasons(ROOT)
    assert [f"{row.counter_class}.{row.word}" for row in rows if not SENTENCE.fullmatch(row.text)] == []
    page = reference_pages(ROOT)["counters.md"]
    # The counters that a server really has.
    from pelton import App
    from pelton.testing import TestClient

    client = TestClient(App())
    client.get("/")
    counted = set(client._memory().stats())
    assert {f"{row.counter_class}.{row.word}" for row in rows} >= counted and len(rows) == len({(r.counter_class, r.word) for r in rows})
    assert all(f"| `{name}` |" in page for name in counted)
    assert all(f"| `{name}` | {text} |" in page for name, text in gauges(ROOT)) and len(gauges(ROOT)) >= 14


def test_native_functions_get_their_signatures_from_the_stub() -> None:
    signatures = native_signatures(ROOT)
    assert signatures["Request.body"] == ("()", "bytes")
    assert signatures["json_loads"][0].startswith("(data: bytes | bytearray") and callable(_native.json_loads)


def test_the_site_has_the_guide_and_the_examples(tmp_path: Path) -> None:
    write_site(ROOT, tmp_path / "source")
    index = (tmp_path / "source/index.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"\n{page.name}\n" in index, page.name
    assert "reference/index.md" in index and "examples/README.md" not in index
    for page in (tmp_path / "source").glob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.skipif(not (ROOT / "build/docs-venv/bin/python").exists(), reason="./tools/dev docs was never called here")
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/pelton").symlink_to(Path(_native.__file__).parent)
    done = subprocess.run(
        [ROOT / "build/docs-venv/bin/python", ROOT / "tools/docs.py", "--output", tmp_path],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "package")},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html/search.html").exists()
    found = (tmp_path / "html/searchindex.js").read_text()
    assert all(f"pelton.{name}" in found or name in found for _, name in public_names())
    # The guide leads to the reference.
    assert 'href="reference/application.html#pelton.App"' in (tmp_path / "html/first-steps.html").read_text()
    assert "reference/settings.html#confval-limits.max_body_size" in (tmp_path / "html/configuration.html").read_text()
