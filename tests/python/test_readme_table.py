"""tools/readme_table.py: the README shows the newest result and nothing typed by hand."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import readme_table  # noqa: E402

SUMMARY = {"ratio": 1.0, "cpu_us_per_request": 3.81, "marks": []}


def asked(ratio: float, marks: list[str], contenders: list[str], rounds: int = 5) -> dict:
    ours = {"ratio": ratio, "cpu_us_per_request": 4.0, "marks": marks}
    return {
        "question": {"contenders": contenders},
        "rounds": rounds,
        "seconds": 1.5,
        "unavailable": {} if contenders else {"Gone": "pip: none"},
        "contenders": {"bare": {"summary": SUMMARY}, "pelton": {"summary": ours}},
    }


def result_of(ratio: float, marks: list[str], date: str = "2026-11-21T12:00:00+00:00") -> dict:
    return {
        "date": date,
        "machine": {"cpu": "A CPU", "cores": 2, "kernel": "6.18"},
        "method": {"connections": 64},
        "questions": {
            "json": asked(ratio, marks, []),
            "routes": asked(7.77, [], ["pelton_routes"]),
        },
    }


def lay_out(root: Path, results: dict[str, dict]) -> Path:
    folder = root / "benchmarks" / "results"
    folder.mkdir(parents=True)
    for name, result in results.items():
        (folder / name).write_text(json.dumps(result))
    readme = root / "README.md"
    readme.write_text(f"# x\n{readme_table.BEGIN}\nold\n{readme_table.END}\nrest\n")
    return readme


def test_the_newest_result_is_written_between_the_markers(tmp_path: Path) -> None:
    readme = lay_out(
        tmp_path,
        {
            "2026-11-21-b.json": result_of(9.0, [], "2026-11-21T09:00:00+00:00"),
            "2026-11-21-a.json": result_of(1.15, []),
        },
    )
    assert readme_table.main(["--check", str(tmp_path)]) == 1
    assert readme_table.main([str(tmp_path)]) == 0
    text = readme.read_text()
    assert "| pelton | 1.15 (4.0) |" in text
    assert "| Gone | no |" in text
    assert "pip: none" in text
    assert "old" not in text
    assert "7.77" not in text, "a question of its own kind is in the results alone"
    assert text.startswith("# x\n")
    assert text.endswith("\nrest\n")
    assert readme_table.main(["--check", str(tmp_path)]) == 0


def test_the_comparison_with_rusts_frameworks_leads_and_its_least_costs_are_bold(tmp_path: Path) -> None:
    result = result_of(1.15, [])
    for name, cost in (("pelton Python, epoll", 8.0), ("pelton Python, uring", 7.0), ("axum (Rust)", 9.5)):
        entry = {"summary": {"ratio": 2.0, "cpu_us_per_request": cost, "marks": []}}
        result["questions"]["json"]["contenders"][name] = entry
    readme = lay_out(tmp_path, {"2026-11-21-a.json": result})
    assert readme_table.main([str(tmp_path)]) == 0
    lines = readme.read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows[:5] == [
        "| | json |",
        "|---|--:|",
        "| pelton Python, epoll | 8.0 |",
        "| pelton Python, uring | **7.0** |",
        "| axum (Rust) | 9.5 |",
    ]


def test_a_later_day_of_loads_alone_changes_nothing(tmp_path: Path) -> None:
    loads = result_of(9.0, []) | {"questions": {}}
    readme = lay_out(tmp_path, {"2026-11-21-a.json": result_of(1.15, []), "2026-11-22-a.json": loads})
    assert readme_table.main([str(tmp_path)]) == 0
    assert "| pelton | 1.15 (4.0) |" in readme.read_text()


def test_a_family_of_questions_has_a_table_of_its_own(tmp_path: Path) -> None:
    result = result_of(1.15, [])
    result["questions"] |= {
        "framework_typed": asked(1.25, [], ["framework_*"], 2),
        "framework_guard": asked(1.5, [], ["framework_*"], 3),
    }
    readme = lay_out(tmp_path, {"2026-11-21-a.json": result})
    assert readme_table.main([str(tmp_path)]) == 0
    text = readme.read_text()
    assert "5 interleaved rounds of 1.5 s:\n\n| | json |\n" in text
    assert "2–3 interleaved rounds of 1.5 s:\n\n| | framework typed | framework guard |\n" in text
    assert "| pelton | 1.25 (4.0) | 1.50 (4.0) |" in text


def test_a_run_with_errors_is_marked(tmp_path: Path) -> None:
    readme = lay_out(tmp_path, {"2026-11-21-a.json": result_of(1.15, ["errors"])})
    assert readme_table.main([str(tmp_path)]) == 0
    assert "1.15 (4.0)\\*" in readme.read_text()


def test_without_markers_nothing_is_written(tmp_path: Path) -> None:
    readme = lay_out(tmp_path, {"2026-11-21-a.json": result_of(1.0, [])})
    readme.write_text("# x\n")
    with pytest.raises(SystemExit):
        readme_table.main([str(tmp_path)])
    assert readme.read_text() == "# x\n"


def test_our_readme_shows_our_newest_result() -> None:
    if readme_table.newest(ROOT / "benchmarks" / "results") is None:
        pytest.skip("nothing has been measured yet")
    assert readme_table.main(["--check", str(ROOT)]) == 0
