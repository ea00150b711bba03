"""tools/container.py: the Dockerfile that `pelton new` makes, step by step."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pelton.cli.starter import files_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import container  # noqa: E402
import roots  # noqa: E402


class NoRoot(roots.Root):
    """Keeps what it should run."""

    def __init__(self, folder: Path) -> None:
        super().__init__("bookworm", "root", folder, "http://mirror.test/debian")
        self.ran: list[tuple[object, ...]] = []

    def run(self, command, folder="/", environment=None, log=None, check=True) -> int:  # type: ignore[no-untyped-def,override]
        self.ran.append((*command, folder))
        return 0


def test_the_steps_of_the_dockerfile_of_pelton_new(tmp_path: Path) -> None:
    context = tmp_path / "shop"
    context.mkdir()
    for name, text in files_of("shop").items():
        (context / name).write_text(text)
    root = NoRoot(tmp_path)
    image = container.build(root, context, {}, tmp_path / "log")
    assert sorted(path.name for path in (tmp_path / "root/srv/app").iterdir()) == ["main.py", "pelton.toml", "requirements.txt"]
    assert root.ran == [
        ("sh", "-c", "pip install --no-cache-dir -r requirements.txt", "/srv/app"),
        ("sh", "-c", "pelton check", "/srv/app"),
    ]
    assert image.folder == "/srv/app" and image.user == "nobody" and image.command[:2] == ["pelton", "run"]


@pytest.mark.parametrize("line", ["ADD a b", "RUN a \\", "run a", "HEALTHCHECK NONE"])
def test_a_step_that_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(roots.Trouble, match="a step that is not known here: "):
        container.steps_of(f"FROM a\n# a comment\n\n{line}\n")
