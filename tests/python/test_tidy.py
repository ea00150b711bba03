"""tools/tidy.py: one deliberate violation of each rule, in a tree of its own, must be found."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import tidy  # noqa: E402
from tidy_rules import bans, package  # noqa: E402
from tidy_rules.tree import Tree  # noqa: E402

KEYS = 'constexpr auto keys = {\n    {"header_count_max", &C::header_count_max, 1, 2},\n};\n'

# A tree that keeps every rule, small as it is; each violation below is one file laid over it.
CLEAN = {
    "README.md": "# pelton\n",
    "core/clock.hpp": "#pragma once\nint now();\n",
    "core/timer.hpp": '#pragma once\n#include "core/clock.hpp"\n',
    "core/clock.cpp": '#include "core/clock.hpp"\nint now() { return 1; }\n',
    "tests/core/clock_test.cpp": '#include "core/clock.hpp"\nTEST(Clock, runs) { now(); }\n',
    "http/serve/config.cpp": KEYS,
    "tests/http/serve/config_test.cpp": (
        "TEST(Config, bound) {\n  ask(header_count_max - 1);\n"
        "  ask(header_count_max);\n  ask(header_count_max + 1);\n}\n"
    ),
    "pyproject.toml": '[project]\n[project.optional-dependencies]\nmsgspec = ["msgspec>=0.18"]\n',
    "pymod/package/pelton/__init__.py": 'from pelton.app import App\n\n__all__ = ["App"]\n',
    "pymod/package/pelton/app.py": "import msgspec\n\n\nclass App:\n    pass\n",
    "pymod/package/pelton/messages/__init__.py": '"""Requests and responses."""\n',
    "pymod/package/pelton/messages/headers.py": "FIELDS = ()\n",
    "pymod/package/pelton/messages/url.py": "from pelton.messages import headers\n\nFIELDS = headers.FIELDS\n",
    "tests/python/test_app.py": "from pelton import App\n\n\ndef test_app():\n    assert App()\n",
}

# Who may include whom, as the architecture has it: rows include, columns are included.
A_HEADER_OF = {
    "core": "core/clock.hpp",
    "uring": "uring/engine.hpp",
    "http": "http/h1/limits.hpp",
    "http/transport": "http/transport/transport.hpp",
    "http/serve": "http/serve/server.hpp",
    "pymod": "pymod/bridge/driver.hpp",
    "examples": "examples/hello.hpp",
    "tests": "tests/support/scripted.hpp",
    "benchmarks": "benchmarks/ceiling.hpp",
    "tools": "tools/generated.hpp",
}
ARROWS = {
    "core": {"core"},
    "uring": {"core", "uring"},
    "http": {"core", "http"},
    "http/transport": {"core", "uring", "http/transport"},
    "http/serve": {"core", "uring", "http", "http/transport", "http/serve"},
    "pymod": {"core", "http", "http/serve", "pymod"},
    "examples": {"core", "uring", "http", "http/serve"},
    "tests": set(A_HEADER_OF),  # these see everything, nobody sees them
    "benchmarks": set(A_HEADER_OF),
}

VIOLATIONS = [
    ("arrows", "core/clock.hpp", '#include "check.hpp"\n'),
    ("arrows", "core/clock.hpp", '#include "../uring/engine.hpp"\n'),
    ("imports", "pymod/package/pelton/loop.py", "import orjson\n"),
    *(
        ("imports", "pymod/package/pelton/loop.py", f"from {stranger} import x\n")
        for stranger in ("tools", "tests", "benchmarks")
    ),
    # A library is known to one folder, and to the tests of that folder.
    *(
        (rule, path, f"#include <{header}>\n")
        for rule, header, home in (
            ("python-header", "Python.h", "pymod/"),
            ("pybind11", "pybind11/pybind11.h", "pymod/bindings/"),
            ("liburing", "liburing.h", "uring/ring/"),
            ("openssl", "openssl/ssl.h", "http/tls/"),
            ("nghttp2", "nghttp2/nghttp2.h", "http/h2/"),
        )
        for path in (
            "core/clock.hpp",
            "uring/loop.hpp",
            "uring/ring/ring.hpp",
            "uring/epoll/readiness.hpp",
            "http/handler.hpp",
            "http/h1/limits.hpp",
            "http/tls/transform.hpp",
            "http/serve/server.hpp",
            "pymod/bindings/module.hpp",
            "pymod/hotpath/refs.hpp",
            "pymod/bridge/driver.hpp",
            "examples/hello.hpp",
            "tests/core/clock_test.cpp",
            "benchmarks/micro/router.cpp",
        )
        if not path.startswith(home)
    ),
    *(
        ("exit", "core/clock.hpp", f"void f() {{ {call}; }}\n")
        for call in ("std::exit(3)", "exit(3)", "::_exit(3)", "quick_exit(3)", "_Exit(3)", "std::abort()")
    ),
    *(
        ("exit", "pymod/package/pelton/app.py", f"import os, sys\n\n{call}\n")
        for call in ("sys.exit(1)", "os._exit(1)", "exit(1)", "quit()")
    ),
    *(
        ("printf", "core/clock.cpp", f"void f() {{ {call}; }}\n")
        for call in ('std::printf("x")', 'fprintf(f, "x")', 'dprintf(1, "x")', 'puts("x")', 'std::cerr << "x"')
    ),
    ("printf", "pymod/package/pelton/app.py", 'print("x")\n'),
    ("format", "core/clock.cpp", "#include <format>\n"),
    ("format", "core/clock.cpp", 'auto text = std::format("{}", 1);\n'),
    ("sleep", "tests/core/clock_test.cpp", "TEST(Clock, t) { std::this_thread::sleep_for(1s); }\n"),
    *(
        ("sleep", "tests/core/clock_test.cpp", f"TEST(Clock, t) {{ {call}; }}\n")
        for call in ("usleep(1)", "::sleep(1)", "nanosleep(&t, nullptr)", "std::this_thread::sleep_until(t)")
    ),
    ("sleep", "core/clock.cpp", "void f() { ::usleep(1); }\n"),
    ("sleep", "tests/python/test_app.py", "import time\n\ntime.sleep(1)\n"),
    ("sleep", "tests/python/test_app.py", "from time import sleep\n"),
    ("sleep", "pymod/package/pelton/app.py", "import asyncio\n\nasyncio.sleep(1)\n"),
    ("thread-local", "core/clock.cpp", "thread_local int x;\n"),
    ("throw", "http/serve/server.hpp", "void f() { throw 1; }\n"),
    ("throw", "core/clock.cpp", "void f() { try { g(); } catch (...) {} }\n"),
    ("environment", "uring/loop.hpp", 'const char* e = getenv("X");\n'),
    ("macro", "core/clock.hpp", "#define TWICE(x) ((x) + (x))\n"),
    ("friend", "core/clock.hpp", "class A { friend class B; };\n"),
    ("bool-row", "core/clock.hpp", "void open(bool now, bool later);\n"),
    ("dead-code", "core/clock.cpp", "// arm_timer(deadline);\n"),
    ("dead-code", "core/clock.cpp", "  // int x = y;\n"),
    ("narration", "core/clock.cpp", "// Step 3: send.\n"),
    ("narration", "pymod/package/pelton/app.py", "# Now we start.\n"),
    ("todo", "core/clock.cpp", "// TODO: later\n"),
    ("todo", "README.md", "FIXME\n"),
    ("machine-path", "pymod/package/pelton/app.py", 'DATA = "/root/data/x"\n'),
    ("machine-path", "meson.build", "x = '/home/someone/pelton/x'\n"),
    ("root", "STATE.txt", "x\n"),
    ("root", "scripts/one_off.sh", "x\n"),
    ("names", "core/utils.hpp", "#pragma once\n"),
    ("names", "http/common/x.hpp", "#pragma once\n"),
    ("names", "core/clock_v2.hpp", "#pragma once\n"),
    ("litter", "benchmarks/run.log", "x\n"),
    ("litter", "tools/thing", "\0\1\2"),
    ("litter", "docs_summary.md", "x\n"),
    ("length", "core/clock.cpp", "int x;\n" * 701),
    ("circle", "core/clock.hpp", '#include "core/timer.hpp"\n'),
    ("circle", "pymod/package/pelton/messages/headers.py", "def later():\n    from pelton.messages import url\n"),
    ("package-arrows", "pymod/package/pelton/messages/url.py", "import pelton.app\n"),
    ("package-arrows", "pymod/package/pelton/messages/url.py", "def later():\n    from pelton.routing.routes import RouteInfo\n"),
    ("package-arrows", "pymod/package/pelton/messages/url.py", "from pelton import App\n"),
    ("package-arrows", "pymod/package/pelton/security.py", "from pelton.openapi.document import document_of\n"),
    ("package-arrows", "pymod/package/pelton/hosting/asgi.py", "from pelton.cli.run import run\n"),
    ("package-arrows", "pymod/package/pelton/no_room/asgi.py", "import pelton.app\n"),
    ("private-app", "pymod/package/pelton/messages/url.py", "def f(app):\n    return app._table\n"),
    ("private-app", "pymod/package/pelton/messages/url.py", "def f(self):\n    return self._app._parts\n"),
    ("rooms", "pymod/package/pelton/config/__init__.py", '"""Settings."""\n'),
    ("rooms", "pymod/package/pelton/messages/__init__.py", '"""Requests."""\n\nfrom pelton.messages import url\n'),
    ("mirror", "core/arena.cpp", "int x;\n"),
    ("mirror", "core/list.hpp", "inline int f(int x) {\n  if (x > 3) return 0;\n  return x;\n}\n"),
    ("mirror", "pymod/package/pelton/callables.py", "def name_of():\n    pass\n"),
    ("mirror", "pymod/package/pelton/messages/app.py", "def route():\n    pass\n"),  # its test is that of another
    ("mirror", "pymod/bridge/handler.cpp", "int x;\n"),
    ("test-name", "tests/python/validation/test_app.py", "def test_app():\n    pass\n"),
    ("config-bound", "http/serve/config.cpp", KEYS.replace("header_count", "header_line")),
    ("config-bound", "tests/http/serve/config_test.cpp", "TEST(C, n) { ask(header_count_max); }\n"),
    ("config-bound", "tests/http/serve/config_test.cpp", "TEST(C, n) { header_count_max - 1; }\n"),
    ("public-name", "pymod/package/pelton/__init__.py", '__all__ = ["App", "Router"]\n'),
    ("exceptions", "tools/tidy_exceptions.toml", '[[allow]]\nrule = "todo"\npath = "README.md"\nreason = "x"\n'),
    (
        "exceptions",
        "tools/tidy_exceptions.toml",
        '[[allow]]\nrule = "length"\npath = "core/clock.cpp"\nlines_max = 800\nreason = "x"\n',
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
    assert judged == {rule for rule, _, _ in VIOLATIONS} | {"arrows"}


@pytest.mark.parametrize("ban", bans.BANS, ids=lambda ban: ban.rule)
def test_every_ban_has_a_violation(ban: bans.Ban) -> None:
    met = [path for rule, path, text in VIOLATIONS if rule == ban.rule and re.search(ban.pattern, text, re.MULTILINE)]
    assert any(path.endswith(ban.suffixes) and path.startswith(ban.folders or ("",)) for path in met)


@pytest.mark.parametrize("includes", ARROWS)
def test_every_arrow_is_held(includes: str, tmp_path: Path) -> None:
    """Whatever is not an arrow of the architecture is a finding, whatever is one is none."""
    path = A_HEADER_OF[includes]
    text = "".join(f'#include "{included}"\n' for included in A_HEADER_OF.values())
    findings = tidy.findings_in(lay_out(tmp_path, CLEAN | {path: text}))["arrows"]
    refused = {finding.line for finding in findings if finding.path == path}
    assert refused == {line for line, room in enumerate(A_HEADER_OF, 1) if room not in ARROWS[includes]}


@pytest.mark.parametrize("room", ["config", "messages", "routing", "websocket", "app", "testing", "pytest_plugin"])
def test_every_arrow_of_the_package_is_held(room: str, tmp_path: Path) -> None:
    """A room imports itself and what stands above it in the list, at any level and not counting type checkers."""
    names = [name for line in package.ORDER for name in line]
    path = f"pymod/package/pelton/{room}/one.py"
    text = "".join(f"import pelton.{name}.one\n" for name in names) + "".join(
        f"if TYPE_CHECKING:\n    import pelton.{name}.one\n" for name in names
    )
    findings = tidy.findings_in(lay_out(tmp_path, CLEAN | {path: text}))["package-arrows"]
    mine = next(rank for rank, line in enumerate(package.ORDER) if room in line)
    allowed = {name for rank, line in enumerate(package.ORDER) for name in line if rank < mine} | {room}
    refused = {finding.line for finding in findings if finding.path == path}
    assert refused == {line for line, name in enumerate(names, 1) if name not in allowed}


def test_the_package_is_what_the_list_says() -> None:
    """No circle and no arrow against the list in this tree, and no entry of the list that does not exist."""
    tree = Tree(ROOT)
    rules = (package.find_package_arrows, package.find_circles, package.find_rooms, package.find_private_app_fields)
    assert [str(finding) for rule in rules for finding in rule(tree)] == []
    there = {path.name.partition(".")[0] for path in (ROOT / "pymod/package/pelton").iterdir()}
    assert {name for line in package.ORDER for name in line} <= there


def test_a_circle_is_named_whole() -> None:
    arrows = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"d", "e"}, "e": {"f"}, "f": {"e"}}
    assert sorted(package.circles_in(arrows)) == [["a", "b", "c"], ["e", "f"]]


def test_an_exception_excuses_its_file_alone(tmp_path: Path) -> None:
    allow = '[[allow]]\nrule = "macro"\npath = "core/clock.hpp"\nreason = "the one macro"\n'
    files = CLEAN | {"core/clock.hpp": "#define CHECK(x)\n", "tools/tidy_exceptions.toml": allow}
    assert broken_rules(lay_out(tmp_path, files)) == set()
    assert broken_rules(lay_out(tmp_path, {"core/other.hpp": "#define X\n"})) == {"macro"}


def test_a_longer_file_may_not_grow_past_its_ratchet(tmp_path: Path) -> None:
    allow = '[[allow]]\nrule = "length"\npath = "core/clock.cpp"\nlines_max = 710\nreason = "x"\n'
    files = CLEAN | {"tools/tidy_exceptions.toml": allow}
    assert broken_rules(lay_out(tmp_path, files | {"core/clock.cpp": "int x;\n" * 710})) == set()
    assert broken_rules(lay_out(tmp_path, {"core/clock.cpp": "int x;\n" * 711})) == {"length"}


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
