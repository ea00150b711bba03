"""Which files a process has open, read while it opens and closes them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def open_files(process: int | str = "self") -> dict[int, str]:
    """What each descriptor of a process stands for, as proc_pid_fd(5) names it: a path, or a kind such as
    `anon_inode:[eventpoll]`. A descriptor that is closed while its folder is read is left out."""
    found = {}
    folder = Path(f"/proc/{process}/fd")
    for entry in os.listdir(folder):
        with suppress(FileNotFoundError):
            found[int(entry)] = os.readlink(folder / entry)
    return found
