"""The command `pelton` as it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_command_is_installed() -> None:
    done = subprocess.run([Path(sys.executable).parent / "pelton", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout == "pelton 0.1.0\n"
