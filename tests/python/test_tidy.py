"""tools/tidy.py: one deliberate violation of each rule, in a tree of its own, must be found."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import tidy  # noqa: E402
from tidy_rules.tree import Tree  # noqa: E402

KEYS = 'constexpr auto keys = {\n    {"header_count_max", &C::header_count_max, 1, 2},\n};\n'

# A tree that keeps every rule, small as it is; each violation below is one file laid over it.
CLEAN = {
    "README.md": "# noria\n",
    "core/clock.hpp": "#pragma once\nint now();\n",
    "core/clock.cpp": '#include "core/clock.hpp"\nint now() { return 1; }\n',
    "tests/core/clock_test.cpp": '#include "core/clock.hpp"\nTEST(Clock, runs) { now(); }\n',
    "http/serve/config.cpp": KEYS,
    "tests/http/serve/config_test.cpp": (
        "TEST(Config, bound) {\n  ask(header_count_max - 1);\n"
        "  ask(header_count_max);\n  ask(header_count_max + 1);\n}\n"
    ),
    "pyproject.toml": '[project]\n[project.optional-dependencies]\nmsgspec = ["msgspec>=0.18"]\n',
    "pymod/package/noria/__init__.py": 'from noria.app import App\n\n__all__ = ["App"]\n',
    "pymod/package/noria/app.py": "import msgspec\n\n\nclass App:\n    pass\n",
    "tests/python/test_app.py": "from noria import App\n\n\ndef test_app():\n    assert App()\n",
}

VIOLATIONS = [
    # An arrow is broken for every room that has one to break.
    ("arrows", "core/clock.hpp", '#include "uring/engine.hpp"\n'),
    ("arrows", "core/clock.hpp", '#include "http/handler.hpp"\n'),
    ("arrows", "uring/engine.hpp", '#include "http/handler.hpp"\n'),
    ("arrows", "uring/engine.hpp", '#include "pymod/bridge/attached.hpp"\n'),
    ("arrows", "http/h1/limits.hpp", '#include "uring/engine.hpp"\n'),
    ("arrows", "http/routing/match.hpp", '#include "http/serve/server.hpp"\n'),
    ("arrows", "http/serve/server.hpp", '#include "pymod/bridge/attached.hpp"\n'),
    ("arrows", "pymod/hotpath/refs.hpp", '#include "uring/engine.hpp"\n'),
    ("arrows", "core/clock.hpp", '#include "tests/support/scripted.hpp"\n'),
    ("arrows", "core/clock.hpp", '#include "check.hpp"\n'),
    ("arrows", "core/clock.hpp", '#include "../uring/engine.hpp"\n'),
    ("imports", "pymod/package/noria/loop.py", "import orjson\n"),
    ("imports", "pymod/package/noria/loop.py", "from tools import tidy\n"),
    ("python-header", "http/handler.hpp", "#include <Python.h>\n"),
    ("pybind11", "pymod/hotpath/refs.hpp", "#include <pybind11/pybind11.h>\n"),
    ("liburing", "uring/loop.hpp", "#include <liburing.h>\n"),
    ("liburing", "uring/epoll/readiness.hpp", "#include <liburing.h>\n"),
    ("openssl", "http/h1/limits.hpp", "#include <openssl/ssl.h>\n"),
    ("exit", "core/clock.hpp", "void f() { std::exit(3); }\n"),
    ("exit", "pymod/package/noria/app.py", "import sys\n\nsys.exit(1)\n"),
    ("printf", "core/clock.cpp", 'void f() { std::printf("x"); }\n'),
    ("printf", "pymod/package/noria/app.py", 'print("x")\n'),
    ("format", "core/clock.cpp", "#include <format>\n"),
    ("sleep", "tests/core/clock_test.cpp", "TEST(Clock, t) { std::this_thread::sleep_for(1s); }\n"),
    ("sleep", "tests/core/clock_test.cpp", "TEST(Clock, t) { usleep(1); }\n"),
    ("sleep", "tests/python/test_app.py", "import time\n\ntime.sleep(1)\n"),
    ("thread-local", "core/clock.cpp", "thread_local int x;\n"),
    ("throw", "http/serve/server.hpp", "void f() { throw 1; }\n"),
    ("environment", "uring/loop.hpp", 'const char* e = getenv("X");\n'),
    ("macro", "core/clock.hpp", "#define TWICE(x) ((x) + (x))\n"),
    ("friend", "core/clock.hpp", "class A { friend class B; };\n"),
    ("bool-row", "core/clock.hpp", "void open(bool now, bool later);\n"),
    ("dead-code", "core/clock.cpp", "// arm_timer(deadline);\n"),
    ("dead-code", "core/clock.cpp", "  // int x = y;\n"),
    ("narration", "core/clock.cpp", "// Step 3: send.\n"),
    ("narration", "pymod/package/noria/app.py", "# Now we start.\n"),
    ("todo", "core/clock.cpp", "// TODO: later\n"),
    ("todo", "README.md", "FIXME\n"),
    ("machine-path", "pymod/package/noria/app.py", 'DATA = "/root/data/x"\n'),
    ("machine-path", "meson.build", "x = '/home/someone/noria/x'\n"),
    ("root", "STATE.txt", "x\n"),
    ("root", "scripts/one_off.sh", "x\n"),
    ("names", "core/utils.hpp", "#pragma once\n"),
    ("names", "http/common/x.hpp", "#pragma once\n"),
    ("names", "core/clock_v2.hpp", "#pragma once\n"),
    ("litter", "benchmarks/run.log", "x\n"),
    ("litter", "tools/thing", "\0\1\2"),
    ("litter", "docs_summary.md", "x\n"),
    ("length", "core/clock.cpp", "int x;\n" * 401),
    ("mirror", "core/arena.cpp", "int x;\n"),
    ("mirror", "core/list.hpp", "inline int f(int x) {\n  if (x > 3) return 0;\n  return x;\n}\n"),
    ("mirror", "pymod/package/noria/routing.py", "def route():\n    pass\n"),
    ("mirror", "pymod/bridge/handler.cpp", "int x;\n"),
    ("config-bound", "http/serve/config.cpp", KEYS.replace("header_count", "header_line")),
    ("config-bound", "tests/http/serve/config_test.cpp", "TEST(C, n) { ask(header_count_max); }\n"),
    ("config-bound", "tests/http/serve/config_test.cpp", "TEST(C, n) { header_count_max - 1; }\n"),
    ("public-name", "pymod/package/noria/__init__.py", '__all__ = ["App", "Router"]\n'),
    ("exceptions", "tools/tidy_exceptions.toml", '[[allow]]\nrule = "todo"\npath = "README.md"\nreason = "x"\n'),
    (
        "exceptions",
        "tools/tidy_exceptions.toml",
        '[[allow]]\nrule = "length"\npath = "core/clock.cpp"\nlines_max = 500\nreason = "x"\n',
    ),
    (
        "exceptions",
        "tools/tidy_exceptions.toml",
        '[[allow]]\nrule = "todo"\npath = "core/gone.cpp"\nreason = "x"\n',
    ),
    (
        "exceptions",
        "tools/tidy_exceptions.toml",
        '[[allow]]\nrule = "mirror"\npath = "core/clock.cpp"\ntest = "x"\nreason = ""\n',
    ),
]


def lay_out(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(root)


def broken_rules(tree: Tree) -> set[str]:
    return {rule for rule, findings in tidy.findings_in(tree).items() if findings}


def test_the_clean_tree_keeps_every_rule(tmp_path: Path) -> None:
    assert broken_rules(lay_out(tmp_path, CLEAN)) == set()


@pytest.mark.parametrize(("rule", "path", "text"), VIOLATIONS)
def test_a_deliberate_violation_is_found(rule: str, path: str, text: str, tmp_path: Path) -> None:
    findings = tidy.findings_in(lay_out(tmp_path, CLEAN | {path: text}))[rule]
    assert findings
    where = {finding.path for finding in findings}
    assert path in where or rule in ("root", "config-bound")


def test_every_rule_has_a_violation() -> None:
    judged = {rule.name for rule in tidy.RULES} | {"exceptions"}
    assert judged == {rule for rule, _, _ in VIOLATIONS}


def test_an_exception_excuses_its_file_alone(tmp_path: Path) -> None:
    allow = '[[allow]]\nrule = "macro"\npath = "core/clock.hpp"\nreason = "the one macro"\n'
    files = CLEAN | {"core/clock.hpp": "#define CHECK(x)\n", "tools/tidy_exceptions.toml": allow}
    assert broken_rules(lay_out(tmp_path, files)) == set()
    assert broken_rules(lay_out(tmp_path, {"core/other.hpp": "#define X\n"})) == {"macro"}


def test_a_longer_file_may_not_grow_past_its_ratchet(tmp_path: Path) -> None:
    allow = '[[allow]]\nrule = "length"\npath = "core/clock.cpp"\nlines_max = 410\nreason = "x"\n'
    files = CLEAN | {"tools/tidy_exceptions.toml": allow}
    assert broken_rules(lay_out(tmp_path, files | {"core/clock.cpp": "int x;\n" * 410})) == set()
    assert broken_rules(lay_out(tmp_path, {"core/clock.cpp": "int x;\n" * 411})) == {"length"}


def test_comments_and_literals_are_not_code(tmp_path: Path) -> None:
    text = (
        '#include "core/clock.hpp"\n// A printf would block here, and exit(1) would lose requests.\n'
        "/* throw */ int now() { return 1'000; }\n"
        'const char* text = "printf(exit(1))";\nconst char* raw = R"(thread_local throw)";\n'
    )
    assert broken_rules(lay_out(tmp_path, CLEAN | {"core/clock.cpp": text})) == set()


def test_the_command_prints_findings_and_a_closing_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path, CLEAN | {"core/clock.cpp": "thread_local int x;\n"})
    assert tidy.main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("core/clock.cpp:1: thread-local: ")
    assert lines[-1].endswith(" passed, 1 failed")
