"""The pages of docs/ and what is fenced on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs"
FENCED = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w/]+\.py)\n")


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    line: int  # of its first line


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self, *kinds: str) -> list[Block]:
        text = self.text
        found = [Block(one["kind"], one["text"], text[: one.start("text")].count("\n")) for one in FENCED.finditer(text)]
        return [block for block in found if not kinds or block.kind in kinds]

    def program(self) -> str:
        """All Python of the page, each line where it stands there."""
        lines: list[str] = []
        for block in self.blocks("python"):
            lines += [""] * (block.line - len(lines)) + block.text.splitlines()
        return "\n".join(lines) + "\n"

    def write_files(self, folder: Path) -> None:
        """Blocks that begin with `# NAME.py` are files of that name."""
        for block in self.blocks("python"):
            if (match := FILE.match(block.text)) is not None:
                (folder / match[1]).write_text(block.text)


def pages() -> list[Page]:
    return [Page(path) for path in sorted(FOLDER.glob("*.md"))]
