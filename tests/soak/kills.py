"""Kills workers and supervisors by SIGKILL under load: `python tests/soak/kills.py [COUNT] [--engine ENGINE] [--seed SEED]`.

Clients that are connected to a worker that dies may lose the answer they wait for. Nothing else may be lost: every
answer is right, no other client is reset, and none is refused, because the supervisor keeps the listening sockets. A
replacement serves; nothing of a dead worker stays. After a supervisor's death, which comes under load too, its workers end
within a second (PRC-032), nobody listens any more, and its address can be bound again. The exit code is 0 then.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from supervised import SILENCE_S, Supervised  # noqa: E402

APP = """
import os
from pelton import App, Response
app = App()

@app.get("/")
def pid():
    return Response(str(os.getpid()), media_type="text/plain")
"""
WORKERS = 2
CLIENTS = 8
END_S_MAX = 1.0
HEAD = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Client:
    """Asks on one connection until it ends; then on the next. Says who answers it, and what it loses."""

    def __init__(self, port: int, dying: set[int], all_die: bool = False) -> None:
        self.port = port
        self.dying = dying  # of processes that were killed
        self.all_die = all_die  # the first refusal is the end then
        self.answers = 0
        self.lost = 0  # with a worker that was killed
        self.faults: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stopped.is_set() and not self.faults:
            try:
                self.one_connection()
            except ConnectionRefusedError as error:
                if self.all_die and self.dying:
                    return
                self.faults.append(f"refused: {error}")
            except ConnectionResetError:  # while it connects
                if not (self.all_die and self.dying):
                    raise

    def one_connection(self) -> None:
        worker = 0  # unknown until the first answer: it may be any of those that were killed
        with socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_S) as connection:
            while not self.stopped.is_set():
                try:
                    connection.sendall(HEAD)
                    received = connection.recv(65536)
                except (ConnectionResetError, BrokenPipeError):
                    received = b""
                except TimeoutError:
                    self.faults.append("no answer")
                    return
                if not received:
                    if self.dying if worker == 0 else worker in self.dying:
                        self.lost += 1
                    else:
                        self.faults.append(f"worker {worker}, which lives, has ended the connection")
                    return
                head, _, body = received.partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200 ") or not body.isdigit() or worker not in (0, int(body)):
                    self.faults.append(f"a wrong answer: {received!r}")
                    return
                worker = int(body)
                self.answers += 1

    def end(self) -> None:
        self.stopped.set()
        self.thread.join(SILENCE_S)


def wait_for_ends(processes: list[int]) -> float:
    """Until processes, of which there are pidfds, have ended; the seconds that took."""
    began = time.monotonic()
    for process in processes:
        assert select.select([process], [], [], SILENCE_S)[0], "a worker stays"
        os.close(process)
    return time.monotonic() - began


def kill_workers(count: int, engine: str, chance: random.Random) -> list[str]:
    """Kills a worker after the other; the faults."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        (Path(folder) / "web.py").write_text(APP)
        # Restarts are not slowed down: that is another rule's.
        running = Supervised(Path(folder), "web.py", "--workers", str(WORKERS), "--restarts-burst", "1000", PELTON_ENGINE=engine)
        stack.callback(running.end)
        alive = running.ready(WORKERS)
        descriptors = len(os.listdir(f"/proc/{running.pid}/fd"))
        dying: set[int] = set()
        clients = [Client(running.port, dying) for _ in range(CLIENTS)]
        for _ in range(count):
            seen = sum(one.answers for one in clients)
            while sum(one.answers for one in clients) < seen + CLIENTS and not any(one.faults for one in clients):
                with running.connect() as connection:
                    running.ask(connection)
            victim = alive.pop(chance.randrange(len(alive)))
            dying.add(victim)
            os.kill(victim, signal.SIGKILL)
            running.say_until(rf"^pelton: worker \d \(pid {victim}\) was killed by signal 9$")
            alive += running.ready()
        for one in clients:
            one.end()
        faults = [fault for one in clients for fault in one.faults]
        lost, answers = sum(one.lost for one in clients), sum(one.answers for one in clients)
        if lost > count * CLIENTS:
            faults.append(f"{lost} requests were lost, more than clients waited")
        if len(os.listdir(f"/proc/{running.pid}/fd")) > descriptors:
            faults.append("the supervisor has more descriptors than before")
        if running.stop() != 0:
            faults.append("the supervisor did not end with 0")
        print(f"{engine}: {count} workers killed; {answers} answers, {lost} requests lost with them, {len(faults)} faults", flush=True)
        return faults


def kill_supervisors(count: int, engine: str, end_s_max: float = SILENCE_S) -> list[str]:
    """Kills a supervisor after the other, whose workers have so many seconds to end; the faults."""
    faults = []
    longest_s = 0.0
    answers = 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "web.py").write_text(APP)
        for _ in range(count):
            running = Supervised(Path(folder), "web.py", "--workers", str(WORKERS), PELTON_ENGINE=engine, PELTON_ADMIN_BIND="unix:admin")
            try:
                processes = [os.pidfd_open(pid) for pid in running.ready(WORKERS)]
                dying: set[int] = set()
                clients = [Client(running.port, dying, all_die=True) for _ in range(CLIENTS)]
                while sum(one.answers for one in clients) < 10 * CLIENTS and not any(one.faults for one in clients):
                    with running.connect() as connection:
                        running.ask(connection)
                dying |= set(running.workers)
                os.kill(running.pid, signal.SIGKILL)
                longest_s = max(longest_s, wait_for_ends(processes))
                for one in clients:
                    one.thread.join(SILENCE_S)
                    faults += one.faults
                    answers += one.answers
                # A ring gives its sockets back some time after its process has ended. The path that was left is no
                # obstacle to the next start.
                if not running.closes():
                    faults.append(f"somebody still listens at {running.port}")
            finally:
                running.end()
    if longest_s > end_s_max:
        faults.append(f"workers lived for {longest_s:.2f} s after their supervisor")
    print(
        f"{engine}: {count} supervisors killed; {answers} answers, workers ended within {1000 * longest_s:.0f} ms, {len(faults)} faults",
        flush=True,
    )
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=50)
    parser.add_argument("--engine", choices=["epoll", "uring"])
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked_for = parser.parse_args()
    print(f"seed {asked_for.seed}")
    faults = []
    for engine in [asked_for.engine] if asked_for.engine else ["epoll", "uring"]:
        faults += kill_workers(asked_for.count, engine, random.Random(asked_for.seed))
        faults += kill_supervisors(asked_for.count, engine, END_S_MAX)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
