"""tools/rules.py: a rule that loses its test, or gains one, is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import rules  # noqa: E402

LISTED = rules.Listed({"AA-001": "one", "AA-002": "two"}, {"AA-002": "not built"}, {}, 1)
DOCUMENT = """
## 1. Requests
| ID | fact |
|---|---|
| AA-001 | a fact |
| AA-009 `[6]` | a later fact |
- **AA-002** another
## 6. Bodies
### 6.1 All
| BB-001 | not ours |
### 6.3 JSON
**AA-003** the third
## 8. TLS
| CC-001 | not ours |
"""


def mentions(path: str, text: str) -> set[tuple[str, str]]:
    return {(mention.rule, mention.test.partition("::")[2]) for mention in rules.mentions_in(path, text)}


def test_names_comments_and_docstrings_are_mentions_and_code_is_none() -> None:
    cpp = (
        "// AA-001 in general.\n#include <x>\n\n// AA-002 is why.\n// Two lines.\n"
        'TEST(Thing, AA_003_holds) {\n  expect("AA-004");  // AA-005\n}\n'
        "TEST_P(Thing, other) {\n  // AA-006\n}\n"
    )
    assert mentions("x_test.cpp", cpp) == {
        ("AA-001", ""),
        ("AA-002", "Thing.AA_003_holds"),
        ("AA-003", "Thing.AA_003_holds"),
        ("AA-005", "Thing.AA_003_holds"),
        ("AA-006", "Thing.other"),
    }
    python = (
        '"""AA-001: the module."""\n\nX = "AA-002"\n\n\ndef test_AA_003_holds():\n'
        '    """AA-004."""\n    x = "AA-005"  # AA-006\n\n\nclass Test:\n    def test_it(self):\n        """AA-007."""\n'
    )
    assert mentions("test_x.py", python) == {
        ("AA-001", ""),
        ("AA-003", "test_AA_003_holds"),
        ("AA-004", "test_AA_003_holds"),
        ("AA-006", "test_AA_003_holds"),
        ("AA-007", "test_it"),
    }


def test_a_vector_names_its_rule() -> None:
    assert mentions("v.txt", "# AA-001\n+ AA-002 GET\n- AA-003 word GET\n= AA-004\n") == {
        ("AA-002", ""),
        ("AA-003", ""),
    }


def test_the_document_is_read_by_section_and_stage() -> None:
    assert rules.document_rules(DOCUMENT) == {"AA-001", "AA-002", "AA-003"}


@pytest.mark.parametrize(
    ("listed", "tests", "check"),
    [
        (LISTED, {}, "tested"),
        (LISTED, {"AA-001": ["x"], "AA-002": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {"AA-002": " "}, {}, 1), {"AA-001": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {"AA-002": "why"}, {}, 0), {"AA-001": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {"AA-007": "why"}, {}, 1), {"AA-001": ["x"], "AA-002": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {}, {"AA-002": " "}, 0), {"AA-001": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {}, {"AA-002": "forms"}, 0), {"AA-001": ["x"], "AA-002": ["x"]}, "missing"),
        (rules.Listed(LISTED.rules, {"AA-002": "why"}, {"AA-002": "forms"}, 1), {"AA-001": ["x"]}, "missing"),
        (LISTED, {"AA-001": ["x"]}, "document"),  # AA-003 is not listed
        (LISTED, {"AA-001": ["x"], "AA-404": ["x"]}, "known"),
    ],
)
def test_a_violation_is_found(listed: rules.Listed, tests: dict[str, list[str]], check: str) -> None:
    assert rules.findings_in(listed, tests, DOCUMENT)[check]


def test_a_list_that_is_true_has_no_findings() -> None:
    whole = rules.Listed(LISTED.rules | {"AA-003": "three"}, {}, LISTED.missing, 0)
    tests = {"AA-001": ["x::AA_001"], "AA-003": ["x"], "AA-009": ["x"]}
    judged = rules.findings_in(whole, tests, DOCUMENT)
    assert set(judged) == {"tested", "missing", "document", "known"} and not any(judged.values())
    assert set(rules.findings_in(whole, tests, None)) == {"tested", "missing"}


def test_the_table_has_a_row_for_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    rules.print_table(LISTED, {"AA-001": ["x::AA_001", "y"]})
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| AA-001 | one | x::AA_001<br>y |",
        "| AA-002 | two | none: not built |",
    ]


def test_those_who_name_a_rule_come_first(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a_test.cpp").write_text("TEST(A, a) {  // AA-001\n}\nTEST(A, AA_001_b) {}\n")
    assert rules.tests_by_rule(tmp_path) == {"AA-001": ["tests/a_test.cpp::A.AA_001_b", "tests/a_test.cpp::A.a"]}


def test_this_projects_list_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules.main([]) == 0, capsys.readouterr().out
