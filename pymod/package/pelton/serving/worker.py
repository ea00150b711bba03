"""Which of a server's processes this one is."""

from __future__ import annotations

import os

__all__ = ["WorkerInfo"]


class WorkerInfo:
    """A worker process, as it was when it started."""

    __slots__ = {
        "id": "Its place among the workers, from 0 on; a replacement has that of the process before.",
        "pid": "Its process ID.",
        "count": "How many workers the server has.",
        "restarts": "How many processes had its place before.",
        "generation": "Which load of the application it serves: 1 at first, one more after each reload.",
    }

    def __init__(self, id: int, pid: int, count: int, restarts: int, generation: int) -> None:
        self.id = id
        self.pid = pid
        self.count = count
        self.restarts = restarts
        self.generation = generation

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)}" for name in ("id", "pid", "count", "restarts", "generation"))
        return f"WorkerInfo({fields})"


_told: WorkerInfo | None = None


def set_this_worker(told: WorkerInfo) -> None:
    """Says what the supervisor has told this process."""
    global _told
    _told = told


def this_worker() -> WorkerInfo:
    """This process; without a supervisor worker 0 of 1."""
    return _told or WorkerInfo(0, os.getpid(), 1, 0, 1)
