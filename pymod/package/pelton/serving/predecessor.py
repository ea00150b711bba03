"""The supervisor in whose place an upgrade starts this one, and what it hands on."""

from __future__ import annotations

import os

from pelton.serving.listeners import Listener, inherited
from pelton.serving.pid_file import PidFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Predecessor:
    """What the environment of a successor says.

    `socket` is the one over which the two agree, `listeners` are those of each worker that the predecessor has.
    """

    def __init__(self, told: Mapping[str, str]) -> None:
        self.socket = _taken(told["PREDECESSOR"])
        workers = [numbers.split(",") for numbers in told["LISTENERS"].split(";")]
        kept = told["KEPT"].split(",")
        each = {number: _listener(number, number in kept) for numbers in workers for number in numbers}
        self.listeners = [[each[number] for number in numbers] for numbers in workers]
        self.admin = _listener(told["ADMIN"]) if "ADMIN" in told else None
        self.pid_file = PidFile.inherited(_taken(told["PID_FILE"])) if "PID_FILE" in told else None


def _taken(number: str) -> int:
    descriptor = int(number)
    os.set_inheritable(descriptor, False)
    return descriptor


def _listener(number: str, is_kept: bool = False) -> Listener:
    made = inherited(_taken(number), is_kept)
    if made.url.startswith("unix:"):
        made.uds = made.url.removeprefix("unix:")  # whose path this process removes, once it is this one's
    return made
