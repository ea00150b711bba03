"""pelton completion: the scripts, in the shells that are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelton.cli.command import main
from pelton.cli.commands import COMMANDS, SHELLS, Command, Flag
from pelton.cli.completion import bash, fish, zsh

SILENCE_S = 60
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\a\b\r\0]")  # bells, and what a terminal does not print
LINES = [
    ("pelton do", ["doctor"]),
    ("pelton r", ["run", "reload", "routes"]),
    ("pelton run --engine ", ["auto", "uring", "epoll"]),
    ("pelton run --engine u", ["uring"]),
    ("pelton check --loop e", ["epoll"]),
    ("pelton run --timeout-ke", ["--timeout-keep-alive"]),
    ("pelton run --no-date", ["--no-date-header"]),
    ("pelton run --print", []),
    ("pelton check --print", ["--print-config"]),
    ("pelton routes --ex", ["--explain"]),
    ("pelton run --limit-queued ", ["none"]),
    ("pelton run --app-dir sho", ["shop"]),
    ("pelton run --config pel", ["pelton.toml"]),
    ("pelton run mai", ["main.py"]),
    ("pelton new sho", ["shop"]),
    ("pelton completion z", ["zsh"]),
    ("pelton doctor x", []),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("main.py", "main.txt", "pelton.toml", "a file.py"):
        (tmp_path / name).touch()
    (tmp_path / "shop").mkdir()
    return tmp_path


def script(shell: str, folder: Path) -> Path:
    text = {"bash": bash, "zsh": zsh, "fish": fish}[shell](COMMANDS.values())
    path = folder / f".script.{shell}"
    path.write_text(text)
    return path


def missing(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS.values():
        assert command.name in said
        for flag in command.flags:
            assert flag.spelled in said or f" -l {flag.name} " in said or f" -s {flag.name} " in said


@pytest.mark.parametrize(("arguments", "says"), [([], "takes one SHELL"), (["tcsh"], "write bash, zsh or fish"), (["zhs"], "write zsh;")])
def test_a_shell_that_is_none(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", *arguments]) == 2 and says in capsys.readouterr().err


# --- bash ---


def completed_by_bash(line: str, folder: Path) -> list[str]:
    words = re.findall(r"=|[^\s=]+|(?<= )$", line)
    program = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pelton; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", script("bash", folder), *words],
        cwd=folder, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout != "\n" else []


@missing("bash")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        *LINES,
        ("pelton run --engine=", ["auto", "uring", "epoll"]),
        ("pelton run --engine=e", ["epoll"]),
        ("pelton run --access-log=pel", ["pelton.toml"]),
        ("pelton run --access-log mai", ["main.py"]),
        ("pelton run a", ["a file.py"]),
        ("pelton run --host ", []),
        ("pelton openapi -o pel", ["pelton.toml"]),
    ],
)
def test_bash(line: str, words: list[str], folder: Path) -> None:
    assert completed_by_bash(line, folder) == words


class Terminal:
    """An interactive shell."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.master, slave = pty.openpty()
        environment = {**os.environ, "PS1": "> ", "TERM": "vt100", "INPUTRC": "/dev/null", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment, start_new_session=True)
        os.close(slave)

    def type(self, keys: str, until: str) -> None:
        os.write(self.master, keys.encode())
        shown = ""
        while until not in CONTROL.sub("", shown):
            assert select.select([self.master], [], [], SILENCE_S)[0], shown
            shown += os.read(self.master, 65536).decode()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened = list[Terminal]()
    yield opened
    for one in opened:
        one.end()


@missing("bash")
def test_bash_at_a_terminal(folder: Path, terminals: list[Terminal]) -> None:
    script("bash", folder)
    terminal = Terminal(folder, "bash", "--norc", "-i")
    terminals.append(terminal)
    terminal.type("source .script.bash; echo so''urced\n", "\nsourced")
    terminal.type("pelton run a\t", "a\\ file.py ")
    terminal.type(" --engine=u\t", "--engine=uring ")
    terminal.type("--access-lo\t-f\t", "--access-log-format ")


# --- zsh and fish ---


@missing("zsh")
@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("pelton do", "doctor "),
        ("pelton run --engine u", "--engine uring "),
        ("pelton run --engine=e", "--engine=epoll "),
        ("pelton check --print", "--print-config "),
        ("pelton run --app-dir sho", "shop"),
        ("pelton run mai", "main.py "),
        ("pelton run --no-date", "--no-date-header "),
        ("pelton completion z", "completion zsh "),
    ],
)
def test_zsh(line: str, then: str, folder: Path, terminals: list[Terminal]) -> None:
    script("zsh", folder)
    terminal = Terminal(folder, "zsh", "-f", "-i")
    terminals.append(terminal)
    terminal.type("unsetopt zle_bracketed_paste; autoload -U compinit && compinit -u -D; source .script.zsh; echo so''urced\n", "\nsourced")
    terminal.type(f"{line}\t", then)


@missing("zsh")
def test_zsh_takes_the_script(folder: Path) -> None:
    subprocess.run(["zsh", "-f", "-n", script("zsh", folder)], check=True)


@missing("fish")
@pytest.mark.parametrize(("line", "words"), [*LINES, ("pelton run --engine=e", ["--engine=epoll"]), ("pelton openapi -o pel", ["pelton.toml"])])
def test_fish(line: str, words: list[str], folder: Path) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', str(script("fish", folder)), line],
        cwd=folder, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found = {row.partition("\t")[0].removesuffix("/") for row in done.stdout.splitlines()}
    # After the files with the suffix fish offers the others.
    assert done.stderr == "" and (found - {"main.txt"} == set(words) if words else not found & {"main.py", "--print-config"})


def test_texts_are_quoted() -> None:
    command = Command("x", "DIR", "it's [a:b] \\ $c", (Flag("y", "Z", "it's [a:b]"), Flag("debug", "", "d", off=True)))
    assert "'x:it'\\''s \\[a\\:b\\] \\\\ $c'" in zsh([command]) and "'-y[it'\\''s \\[a\\:b\\]]:Z: '" in zsh([command])
    assert "-d 'it\\'s [a:b] \\\\ $c'" in fish([command]) and "-l no-debug" in fish([command])
    assert "x:*) kind=folder" in bash([command]) and "--debug --no-debug --help" in bash([command])
