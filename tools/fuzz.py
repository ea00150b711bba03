"""Runs one libFuzzer target on its committed corpus; what it finds new stays in the build folder."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True)
    arguments.add_argument("target")
    arguments.add_argument("seconds", type=int, nargs="?", default=60)
    options = arguments.parse_args()
    folder = options.build / "tests" / "fuzz"
    targets = {
        path.name.removesuffix("_fuzz"): path
        for path in folder.glob("*_fuzz")
        if path.is_file() and os.access(path, os.X_OK)
    }
    if options.target not in targets:
        known = ", ".join(sorted(targets)) or "none is built"
        print(f"fuzz: no target {options.target!r}; there are: {known}", file=sys.stderr)
        return 1
    found = options.build / "corpus" / options.target
    crashes = options.build / "crashes" / options.target
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    committed = ROOT / "tests" / "fuzz" / "corpus" / options.target
    command = [
        str(targets[options.target]),
        f"-max_total_time={options.seconds}",
        f"-artifact_prefix={crashes}/",
        "-print_final_stats=1",
        "-timeout=10",
        str(found),
    ]
    if committed.is_dir():
        command.append(str(committed))
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL)
    verdict = "no finding" if done.returncode == 0 else f"FINDING, see {crashes}"
    print(f"fuzz {options.target}: {options.seconds} s, {verdict}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
