"""`breakpoint()` under `pelton run`: a prompt on the terminal of the command if there is one, else a line that says how."""

from __future__ import annotations

import os
import sys
from pdb import Pdb

from pelton.serving.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


class Debugger(Pdb):
    """Prompts on a terminal that belongs to the supervisor's process group.

    A worker has a group of its own, which the kernel lets read no terminal. While it prompts it is a member
    of the supervisor's, and the supervisor waits for no sign of life (PRC-034).
    """

    def __init__(self, foreground: int) -> None:
        super().__init__(nosigint=True)  # INT stops the server, before and after
        self._foreground = foreground

    def interaction(self, *arguments: Any, **keywords: Any) -> None:
        os.setpgid(0, self._foreground)
        try:
            super().interaction(*arguments, **keywords)
        finally:
            os.setpgid(0, 0)


def stop_at(frame: FrameType, supervisor: int, workers: int, given: tuple[tuple[Any, ...], dict[str, Any]]) -> Any:
    """What `breakpoint()` does in a worker: `frame` is the caller's, `given` what it was called with."""
    if os.environ.get("PYTHONBREAKPOINT", "") not in ("", "pdb.set_trace"):
        return sys.__breakpointhook__(*given[0], **given[1])  # another debugger, or none
    foreground = os.getpgid(supervisor)
    if (obstacle := _obstacle(foreground, workers)) is None:
        debugger = Debugger(foreground)
        if header := given[1].get("header"):
            debugger.message(header)
        return debugger.set_trace(frame)
    place = f"{os.path.relpath(frame.f_code.co_filename)}:{frame.f_lineno}"
    complain(f"breakpoint() at {place} is passed over: {obstacle}; to debug, use pelton run --workers 1 in a terminal")
    return None


def _obstacle(foreground: int, workers: int) -> str | None:
    if workers > 1:
        return f"{workers} workers cannot share a terminal"
    try:
        is_ours = os.tcgetpgrp(0) == foreground
    except OSError:
        return "standard input is no terminal"
    return None if is_ours else "the command runs in the background of its terminal"
