"""What a process does before it serves."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_PRC_053_they_are_gone_for_good() -> None:
    program = (
        "import os\n"
        "from pelton.cli.process import drop_privileges\n"
        "drop_privileges('nobody', None)\n"
        "assert set(os.getresuid() + os.getresgid()) == {65534}, os.getresuid()\n"
        "try:\n    os.setuid(0)\nexcept PermissionError:\n    print('gone')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "gone\n", done.stderr
