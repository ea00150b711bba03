"""The turning of a server in memory between the callbacks of a loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from loops import LOOPS, run_on
from pelton.testing.client_pump import Pump
from pelton.testing.client_runtime import CALL, Call


class Memory:
    """Notes what is asked of it; open exchanges keep it turning."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.turns = 0
        self.open = 0
        self.failure: Exception | None = None

    def begin(self) -> None:
        self.log.append("begin")

    def end(self) -> None:
        self.log.append("end")

    def turn(self) -> bool:
        self.turns += 1
        if self.failure is not None:
            raise self.failure
        return False

    def pending(self) -> int:
        return self.open


def test_it_acts_and_turns_until_it_is_so() -> None:
    async def main() -> None:
        memory: Any = Memory()
        pump, call, acted = Pump(memory, asyncio.get_running_loop()), Call(set()), []

        def act() -> None:
            acted.append((CALL.get() is call, asyncio.current_task()))

        assert await pump.until(lambda: memory.turns == 5, 10, act, call)
        assert acted == [(True, None)] and CALL.get() is None
        assert memory.log == ["begin", "end"] * 5
        assert not await pump.until(lambda: False, 0.001, lambda: None, call)
        memory.open, turns = 1, memory.turns
        assert await pump.until(lambda: True, 10, lambda: None, call)
        while memory.turns < turns + 5:  # nobody waits, but an exchange is open
            await asyncio.sleep(0)
        pump.stop()

    for name in LOOPS:
        run_on(name, main())


def test_what_goes_wrong_is_told_to_who_waits() -> None:
    async def main() -> None:
        memory: Any = Memory()
        pump, call = Pump(memory, asyncio.get_running_loop()), Call(set())
        with pytest.raises(ZeroDivisionError):
            await pump.until(lambda: True, 10, lambda: 1 / 0, call)
        with pytest.raises(ZeroDivisionError):
            await pump.until(lambda: 1 / 0, 10, lambda: None, call)
        waiting = asyncio.ensure_future(pump.until(lambda: False, 10, lambda: None, call))
        await asyncio.sleep(0)
        memory.failure = RuntimeError("the app is being served already")
        with pytest.raises(RuntimeError, match="served already"):
            await waiting
        memory.failure = None
        waiting = asyncio.ensure_future(pump.until(lambda: False, 10, lambda: None, call))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        pump.stop()
        with pytest.raises(ConnectionError, match="closed"):
            await waiting

    for name in LOOPS:
        run_on(name, main())
