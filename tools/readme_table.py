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
OWN = ("pelton Python, epoll", "pelton Python, uring")
RUST = " (Rust)"


def newest(results: Path) -> Path | None:
    """The last that has answers to questions; loads alone are no table."""
    answered = (path for path in results.glob("*.json") if json.loads(path.read_text())["questions"])
    return max(answered, default=None, key=lambda path: json.loads(path.read_text())["date"])


def _cell(entry: dict[str, Any] | None, unavailable: str | None) -> str:
    if entry is None:
        return "no" if unavailable else "–"
    summary = entry["summary"]
    mark = "\\*" if "errors" in summary["marks"] else ""
    return f"{summary['ratio']:.2f} ({summary['cpu_us_per_request']:.1f}){mark}"


def _tables(questions: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that anyone may answer, then each family that has contenders of its own."""
    families: dict[str, dict[str, Any]] = {}
    for name, asked in questions.items():
        contenders = asked["question"].get("contenders")
        families.setdefault(name.partition("_")[0] if contenders else "", {})[name] = asked
    return [one for family, one in sorted(families.items()) if not family or len(one) > 1]


def _span(values: set[float]) -> str:
    return "–".join(f"{value:g}" for value in sorted({min(values), max(values)}))


def _table(questions: dict[str, Any]) -> list[str]:
    """One row a contender, one column a question: ratio to the first contender, CPU-µs in brackets."""
    rounds = _span({asked["rounds"] for asked in questions.values()})
    seconds = _span({asked["seconds"] for asked in questions.values()})
    columns = [question.replace("_", " ") for question in questions]
    lines = [
        f"{rounds} interleaved rounds of {seconds} s:",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---|" + "--:|" * len(columns),
    ]
    contenders = [name for asked in questions.values() for name in asked["contenders"]]
    contenders += [name for asked in questions.values() for name in asked["unavailable"]]
    for contender in dict.fromkeys(contenders):
        cells = [
            _cell(asked["contenders"].get(contender), asked["unavailable"].get(contender))
            for asked in questions.values()
        ]
        lines.append(f"| {contender} | " + " | ".join(cells) + " |")
    return lines


def _leading(questions: dict[str, Any]) -> list[str]:
    """pelton's Python handlers beside Rust's frameworks, in CPU-µs a request; the least of a column is bold."""
    asked = {name: one["contenders"] for name, one in questions.items() if not one["question"].get("contenders")}
    asked = {name: one for name, one in asked.items() if any(peer.endswith(RUST) for peer in one)}
    if not asked:
        return []
    rows = [
        contender
        for contender in dict.fromkeys(name for one in asked.values() for name in one)
        if contender in OWN or contender.endswith(RUST)
    ]
    lines = [
        "A Python handler on pelton beside Rust's frameworks (serde structs, one worker), CPU-µs of the server"
        " per request:",
        "",
        "| | " + " | ".join(name.replace("_", " ") for name in asked) + " |",
        "|---|" + "--:|" * len(asked),
    ]
    costs = {
        (row, name): one[row]["summary"]["cpu_us_per_request"]
        for name, one in asked.items()
        for row in rows
        if row in one
    }
    for row in rows:
        cells = []
        for name in asked:
            cost = costs.get((row, name))
            least = min(value for (_, column), value in costs.items() if column == name)
            text = "–" if cost is None else f"{cost:.1f}"
            cells.append(f"**{text}**" if cost == least else text)
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return ["", *lines]


def markdown(result: dict[str, Any], name: str) -> str:
    """A table for each family of questions, what they have in common above and what went wrong below."""
    machine = result["machine"]
    lines = [
        f"CPU time of the server per request, as a ratio to the first row (µs in brackets); {machine['cpu']},"
        f" {machine['cores']} cores, Linux {machine['kernel']}, {result['method']['connections']} connections,"
        f" {result['date'][:10]}. Everything else is in `benchmarks/results/{name}`.",
    ]
    lines += _leading(result["questions"])
    unavailable = set()
    for questions in _tables(result["questions"]):
        lines += ["", *_table(questions)]
        for asked in questions.values():
            unavailable |= {f"{contender}: {why}" for contender, why in asked["unavailable"].items()}
    if unavailable:
        lines += ["", "no = could not take part (" + "; ".join(sorted(unavailable)) + ")."]
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
