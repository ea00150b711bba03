"""Builds the guide and the reference as a site, without a network; every warning is an error."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from reference.pages import write_site

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "docs")
    output: Path = parser.parse_args(arguments).output
    write_site(ROOT, output / "source")
    site = output / "html"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html", "-c", str(ROOT / "tools/reference"),
         "-d", str(output / "doctrees"), str(output / "source"), str(site)],
        env={**os.environ, "PELTON_ROOT": str(ROOT)},
        check=False,
    )  # fmt: skip
    if done.returncode == 0:
        print(f"docs: {site / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
