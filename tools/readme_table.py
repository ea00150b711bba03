"""Writes the README's table of measurements, between its two markers, from the newest result.

`--check` writes nothing and fails when the README says something else than the result.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- measured: tools/readme_table.py writes from here -->"
END = "<!-- measured: to here -->"


def newest(results: Path) -> Path | None:
    """The last that has answers to questions; loads alone are no table."""
    answered = (path for path in results.glob("*.json") if json.loads(path.read_text())["questions"])
    return max(answered, default=None, key=lambda path: path.name)


def _cell(entry: dict[str, Any] | None, unavailable: str | None) -> str:
    if entry is None:
        return "no" if unavailable else "–"
    summary = entry["summary"]
    mark = "\\*" if "errors" in summary["marks"] else ""
    return f"{summary['ratio']:.2f} ({summary['cpu_us_per_request']:.1f}){mark}"


def markdown(result: dict[str, Any], name: str) -> str:
    """One row a contender, one column a question: ratio to the first contender, CPU-µs in brackets."""
    questions = {k: q for k, q in result["questions"].items() if not q["question"].get("contenders")}
    contenders = list(dict.fromkeys(c for q in questions.values() for c in q["contenders"]))
    contenders += list(dict.fromkeys(c for q in questions.values() for c in q["unavailable"]))
    machine, method = result["machine"], result["method"]
    lines = [
        f"CPU time of the server per request, as a ratio to the first row (µs in brackets); {machine['cpu']},"
        f" {machine['cores']} cores, Linux {machine['kernel']}, {method['connections']} connections,"
        f" {method['rounds']} interleaved rounds of {method['seconds']:g} s, {result['date'][:10]}."
        f" Everything else is in `benchmarks/results/{name}`.",
        "",
        "| | " + " | ".join(question.replace("_", " ") for question in questions) + " |",
        "|---|" + "--:|" * len(questions),
    ]
    for contender in dict.fromkeys(contenders):
        cells = [
            _cell(q["contenders"].get(contender), q["unavailable"].get(contender))
            for q in questions.values()
        ]
        lines.append(f"| {contender} | " + " | ".join(cells) + " |")
    notes = sorted({f"{c}: {why}" for q in questions.values() for c, why in q["unavailable"].items()})
    if notes:
        lines += ["", "no = could not take part (" + "; ".join(notes) + ")."]
    if any("\\*" in line for line in lines):
        lines += ["", "\\* with socket errors or answers other than 2xx; not comparable."]
    return "\n".join(lines)


def rewritten(readme: str, table: str) -> str:
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md lacks the markers:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: list[str]) -> int:
    root = Path(arguments[-1]) if arguments and arguments[-1] != "--check" else ROOT
    path = newest(root / "benchmarks" / "results")
    if path is None:
        print("readme_table: no result in benchmarks/results; run ./tools/dev bench")
        return 1
    readme = root / "README.md"
    text = readme.read_text()
    wanted = rewritten(text, markdown(json.loads(path.read_text()), path.name))
    if "--check" in arguments:
        if text != wanted:
            print(f"readme_table: README.md does not show {path.name}; run tools/readme_table.py")
        return int(text != wanted)
    readme.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
