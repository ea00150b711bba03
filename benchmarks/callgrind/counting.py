"""User instructions that a program spends inside some of its functions, counted by callgrind."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path


def instructions(program: list[str], within: str) -> int:
    """Of all calls of the functions whose names match the pattern `within`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", "--error-exitcode=9", f"--callgrind-out-file={out}"]
        command += [f"--toggle-collect={within}", *program]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        counted = re.search(r"^(?:totals|summary):\s+(\d+)", out.read_text(), re.MULTILINE)
        if counted is None:
            raise RuntimeError(f"callgrind wrote no totals into {out}")
        return int(counted[1])


def is_made_by_clang() -> bool:
    """Whether clang compiled the native module, whose counts are other than gcc's; the module's section .comment says so."""
    from pelton import _native

    return b"clang version" in Path(_native.__file__).read_bytes()
