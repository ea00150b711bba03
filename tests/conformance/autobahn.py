"""VER-010: an echo under Autobahn's fuzzing client: a Python handler's, or with --server the C++ example's.

`autobahn.py WSTEST [--all]` runs every case but the slow 9.*, 12.* and 13.* (with --all those too), prints each
finding and closes with `N passed, N failed`. --write keeps the verdicts in autobahn_summary.json beside this file.
Autobahn needs a Python 2.7 of its own: `tools/dev conformance` installs it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SUMMARY = Path(__file__).with_name("autobahn_summary.json")
AGENT = "pelton"
SLOW = ("9.", "12.", "13.")
# Autobahn would have these fail later than they may: we fail at once (WS-015), or leave out what nobody reads.
NON_STRICT_ALLOWED = {
    "3.2", "3.3", "4.1.3", "4.1.4", "4.2.3", "4.2.4", "5.15", "6.4.1", "6.4.2", "6.4.3", "6.4.4",
}  # fmt: skip


def findings_in(cases: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with these verdicts, a line each."""
    findings = []
    for name, case in cases.items():
        behaviour, closing = case["behavior"], case["behaviorClose"]
        allowed = {"OK", "INFORMATIONAL"} | ({"NON-STRICT"} if name in NON_STRICT_ALLOWED else set())
        if behaviour not in allowed:
            findings.append(f"case {name}: {behaviour}")
        if closing not in ("OK", "INFORMATIONAL"):
            findings.append(f"case {name}: {closing} when closing, with code {case['remoteCloseCode']}")
    return findings


def summary_of(cases: Mapping[str, Mapping[str, Any]], server: str) -> dict[str, Any]:
    """Counts, and by name whatever is not OK."""
    return {
        "suite": "autobahntestsuite 25.10.1",
        "server": server,
        "cases": len(cases),
        "behavior": dict(sorted(Counter(case["behavior"] for case in cases.values()).items())),
        "close": dict(sorted(Counter(case["behaviorClose"] for case in cases.values()).items())),
        "not_ok": {name: case["behavior"] for name, case in cases.items() if case["behavior"] != "OK"},
    }


def command_of(server: Path | None, engine: str) -> list[str]:
    if server is not None:
        return [str(server.absolute()), "0", engine]
    pelton = str(Path(sys.executable).parent / "pelton")
    app = ["websocket_echo:app", "--app-dir", str(Path(__file__).parent)]
    return [pelton, "run", *app, "--port", "0", "--engine", engine]


def verdicts(wstest: Path, command: list[str], everything: bool) -> dict[str, dict[str, Any]]:
    """Runs the suite against a server of its own; the verdict of each case in Autobahn's order."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stderr is not None
            line = serving.stderr.readline()
            address = next(word for word in line.split() if "://" in word).replace("http://", "ws://")
            with tempfile.TemporaryDirectory() as folder:
                specification = {
                    "outdir": folder,
                    "servers": [{"agent": AGENT, "url": address}],
                    "cases": ["*"],
                    "exclude-cases": [] if everything else [f"{group}*" for group in SLOW],
                    "exclude-agent-cases": {},
                }
                path = Path(folder, "specification.json")
                path.write_text(json.dumps(specification))
                run = [str(wstest), "-m", "fuzzingclient", "-s", str(path)]
                subprocess.run(run, check=True, cwd=folder, stdout=subprocess.DEVNULL)
                cases: dict[str, dict[str, Any]] = json.loads(Path(folder, "index.json").read_text())[AGENT]
        finally:
            serving.terminate()
    return dict(sorted(cases.items(), key=lambda one: [int(part) for part in one[0].split(".")]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wstest", type=Path)
    parser.add_argument("--server", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    cases = verdicts(given.wstest.absolute(), command_of(given.server, given.engine), given.all)
    findings = findings_in(cases)
    for finding in findings:
        print(finding)
    if given.write:
        server = "a Python handler" if given.server is None else f"examples/{given.server.name}.cpp"
        summary = summary_of(cases, f"{server}, engine {given.engine}")
        SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    failed = len({finding.split(":")[0] for finding in findings})
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
