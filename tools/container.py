"""The steps of a Dockerfile, run in a bare Debian root: what a container engine would do with them, but for the images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import roots

KNOWN = ("FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "CMD")


class Image(NamedTuple):
    """What the steps end with."""

    folder: str  # in which the command runs
    user: str
    command: list[str]


def steps_of(text: str) -> list[tuple[str, str]]:
    """Instruction and argument of each line; roots.Trouble for one that is not known here."""
    steps = []
    for line in text.splitlines():
        name, _, argument = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if name not in KNOWN or line.endswith("\\"):
            raise roots.Trouble(f"the Dockerfile has a step that is not known here: {line}")
        steps.append((name, argument))
    return steps


def build(root: roots.Root, context: Path, environment: dict[str, str], log: Path) -> Image:
    """Runs the steps of the Dockerfile of this folder; the root and `environment` stand for the image that it begins with."""
    folder, user, command = "/", "root", []
    for name, argument in steps_of((context / "Dockerfile").read_text()):
        if name == "WORKDIR":
            folder = argument
            (root.directory / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            *files, target = argument.split()
            for file in files:
                shutil.copy(context / file, root.directory / folder.lstrip("/") / target / file)
        elif name == "RUN":
            root.run(["sh", "-c", argument], folder, environment, log)
        elif name == "USER":
            user = argument
        elif name == "CMD":
            command = json.loads(argument)
    return Image(folder, user, command)
