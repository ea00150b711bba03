"""Contenders of benchmarks/versus: what to install, how to start, and whether they answer rightly."""

from __future__ import annotations

import ast
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import payloads

HERE = Path(__file__).resolve().parent
FILES = HERE / "versus" / "contenders"
QUESTIONS = HERE / "versus" / "questions"
CACHE = HERE / ".cache"
MADE = CACHE / "payloads"  # see payloads.py
SERVER_CORE = 0
CONNECTIONS = 64
START_TIMEOUT_S = 20


@dataclass(frozen=True)
class Question:
    name: str
    question: str
    path: str
    answer: str = ""
    answer_payload: str = ""  # instead of an answer written out
    ceiling: str = "keep"  # the mode of the bare servers, see versus/ceiling/answer.h
    method: str = "GET"
    body: str = ""  # a file beside the question's, or a payload
    depth: int = 1  # requests written together
    connections: int = CONNECTIONS
    headers: tuple[str, ...] = ()
    answer_headers: tuple[str, ...] = ()  # that must be among the answer's
    refusals: tuple[int, ...] = ()  # the status without the headers, where they are what lets a request pass
    contenders: tuple[str, ...] = ()  # files that alone take part, or a pattern; empty: all that ask for none
    services: tuple[str, ...] = ()  # that run while it is asked; see tests/python/services.py

    @property
    def body_file(self) -> Path | None:
        if not self.body:
            return None
        return payloads.file(MADE, self.body) if self.body in payloads.MAKERS else QUESTIONS / self.body

    @property
    def fields(self) -> dict[str, str]:
        """What is sent beside the fields of every request."""
        pairs = (header.partition(":") for header in self.headers)
        return {name: value.strip() for name, _, value in pairs}

    def octets(self, answer: str) -> bytes:
        """The body of the right answer."""
        return payloads.file(MADE, self.answer_payload).read_bytes() if self.answer_payload else answer.encode()


@dataclass(frozen=True)
class Contender:
    name: str
    command: list[str]
    requires: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)  # empty: all
    # By question, instead of the question's own; a contender with paths answers only what it names.
    paths: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    python: str = ""  # X.Y when the default Python will not do
    program: str = ""  # must be on PATH
    crate: str = ""  # the folder of versus whose Rust programs cargo builds
    polls: bool = False  # takes the core when nothing is asked of it, so it is held between its slices


class Unavailable(Exception):
    """This contender cannot take part here; the text is the reason."""


def questions() -> dict[str, Question]:
    found = {}
    for path in sorted(QUESTIONS.glob("*.toml")):
        entry = tomllib.loads(path.read_text())
        for name in ("headers", "answer_headers", "refusals", "contenders", "services"):
            entry[name] = tuple(entry.get(name, ()))
        stems = sorted(path.stem for path in FILES.glob("*.py"))
        entry["contenders"] = tuple(
            stem
            for one in entry["contenders"]
            for stem in ([name for name in stems if fnmatchcase(name, one)] if "*" in one else [one])
        )
        found[path.stem] = Question(path.stem, **entry)
    return found


def _constants(path: Path) -> dict[str, Any]:
    """Runs a file's capital assignments down to CONTENDERS, and nothing else of it: not its imports."""
    module = ast.parse(path.read_text())
    kept: list[ast.stmt] = [
        node
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("_RUN", "_REQUIRES", "CONTENDERS")
    ]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(kept, []), str(path), "exec"), names)  # noqa: S102
    return names


# The ceilings come first, then ours; every ratio is to the first.
_ORDER = (
    "ceiling",
    "pelton_cpp",
    "pelton_python",
    "pelton_async",
    "pelton_live",
    "framework_pelton",
    "hosted_pelton",
    "hosted_pelton_wsgi",
    "rust_frameworks",
)


def contenders_of(question: str) -> Iterator[Contender]:
    asked = questions()
    special = {stem for other in asked.values() for stem in other.contenders}
    stems = sorted(
        asked[question].contenders or {path.stem for path in FILES.glob("*.py")} - special,
        key=lambda stem: (_ORDER.index(stem) if stem in _ORDER else len(_ORDER), stem),
    )
    for stem in stems:
        for name, entry in _constants(FILES / f"{stem}.py")["CONTENDERS"].items():
            contender = Contender(name, **entry)
            if contender.paths and question not in contender.paths:
                continue
            if not contender.questions or question in contender.questions:
                yield contender


def _python_of(version: str) -> str:
    if not version:
        return str(Path(sys.executable).resolve())
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*map(str, sorted(pyenv.glob(f"{version}.*/bin/python3"))), f"python{version}"]
    for candidate in candidates:
        if shutil.which(candidate):
            done = subprocess.run([candidate, "-c", "import ensurepip"], capture_output=True)
            if done.returncode == 0:
                return candidate
    raise Unavailable(f"needs Python {version}, which is not here")


def environment_of(contender: Contender) -> Path | None:
    """The virtual environment with what the contender requires, made when it is not there."""
    if not contender.requires:
        return None
    key = "-".join(sorted(contender.requires)).replace("=", "")
    folder = CACHE / "venvs" / f"{contender.python or 'py'}-{key}"
    done = folder / ".done"
    if done.exists():
        return folder
    print(f"installing {', '.join(contender.requires)}", flush=True)
    python = str(folder / "bin" / "python")
    subprocess.run([_python_of(contender.python), "-m", "venv", "--clear", str(folder)], check=True)
    pip = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *contender.requires],
        capture_output=True,
        text=True,
    )
    if pip.returncode != 0:
        raise Unavailable("pip: " + (pip.stderr.strip().splitlines() or ["failed"])[-1])
    freeze = [python, "-m", "pip", "freeze"]
    done.write_text(subprocess.run(freeze, capture_output=True, text=True, check=True).stdout)
    return folder


def programs_of(contender: Contender) -> Path | None:
    """The folder of the contender's Rust programs, built as its lock file says."""
    if not contender.crate:
        return None
    if shutil.which("cargo") is None:
        raise Unavailable("cargo is not installed")
    manifest = HERE / "versus" / contender.crate / "Cargo.toml"
    target = CACHE / "cargo"
    print(f"building {contender.name} with cargo (some minutes the first time)", flush=True)
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    where = ["--manifest-path", str(manifest), "--target-dir", str(target)]
    cargo = subprocess.run([*command, *where], capture_output=True, text=True)
    if cargo.returncode != 0:
        raise Unavailable("cargo: " + (cargo.stderr.strip().splitlines() or ["failed"])[-1])
    return target / "release"


def locked_versions(crate: str) -> list[str]:
    """What the crate itself depends on, as `name==version`."""
    folder = HERE / "versus" / crate
    wanted = tomllib.loads((folder / "Cargo.toml").read_text())["dependencies"]
    packages = tomllib.loads((folder / "Cargo.lock").read_text())["package"]
    return [f"{one['name']}=={one['version']}" for one in packages if one["name"] in wanted]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A started contender: a process tree of its own session, pinned to the server's core."""

    def __init__(
        self,
        contender: Contender,
        question: Question,
        build: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.contender = contender
        self.question = question
        self.path = contender.paths.get(question.name, question.path)
        self.answer = contender.answers.get(question.name, question.answer)
        self.port = free_port()
        if contender.program and shutil.which(contender.program) is None:
            raise Unavailable(f"{contender.program} is not installed")
        venv = environment_of(contender)
        programs = programs_of(contender)
        self.versions = (venv / ".done").read_text().split() if venv else []
        if contender.crate:
            self.versions = locked_versions(contender.crate)
        scratch = CACHE / "scratch" / str(self.port)
        scratch.mkdir(parents=True, exist_ok=True)
        words = {
            "port": str(self.port),
            "build": str(build.resolve()),
            "here": str(FILES),
            "answer": self.answer,
            "ceiling": question.ceiling,
            "venv": str(venv),
            "crate": str(programs),
            "python": f"{venv}/bin/python",
            "harness_python": sys.executable,
            "pelton": str(Path(sys.executable).parent / "pelton"),
            "scratch": str(scratch),
        }
        self.command = [part.format_map(words) for part in contender.command]
        self.log = scratch / "log"
        if not Path(self.command[0]).exists():
            raise Unavailable(f"{Path(self.command[0]).name} is not built")
        additions = {k: v.format_map(words) for k, v in contender.environment.items()}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(SERVER_CORE), *self.command],
                env=os.environ | (environment or {}) | additions,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=scratch,
            )

    def first_words(self) -> str:
        return self.log.read_text(errors="replace")[:2000]

    def check(self) -> dict[str, str]:
        """Waits for the first answer and compares it; returns its header fields."""
        question = self.question
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                response, content = self._ask(question.fields)
                break
            except OSError as error:
                if self.process.poll() is not None:
                    words = self.first_words().strip().splitlines() or [f"exit {self.process.returncode}"]
                    raise Unavailable(f"ended at once: {words[-1]}") from error
                if time.monotonic() > deadline:
                    raise Unavailable(f"no answer in {START_TIMEOUT_S} s") from error
                time.sleep(0.05)
        if response.status != 200 or content != question.octets(self.answer):
            raise Unavailable(f"answers {response.status} {content[:80]!r}")
        for header in question.answer_headers:
            name, _, value = header.partition(":")
            if response.getheader(name) != value.strip():
                raise Unavailable(f"answers without {header}")
        if question.refusals and (status := self._ask({})[0].status) not in question.refusals:
            raise Unavailable(f"answers {status} to who has no right to it")
        return dict(response.getheaders())

    def _ask(self, fields: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        question = self.question
        body = question.body_file.read_bytes() if question.body_file else None
        if body is not None:
            fields = {"Content-Type": "application/json"} | fields
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(question.method, self.path, body, fields)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def let_go_on(self) -> None:
        if self.contender.polls:
            self._signal(signal.SIGCONT)

    def hold(self) -> None:
        """Until it is asked again; who waits for events needs none."""
        if self.contender.polls:
            self._signal(signal.SIGSTOP)

    def _signal(self, number: int) -> bool:
        """False when it has ended."""
        try:
            # Its own session: nobody else's processes are in this group.
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def stop(self) -> None:
        if not self._signal(signal.SIGTERM):
            return
        self.let_go_on()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self.process.wait()
