"""UploadedFile by itself: in memory and spooled it reads alike."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from pelton import UploadedFile

CONTENT = bytes(range(256)) * 5


def made(spooled: bool, filename: str | None = "Sky.Tar.PNG") -> UploadedFile:
    file = UploadedFile(filename, "x/Sky.Tar.PNG", [("Content-Type", "image/png"), ("X", "y")])
    shared = TemporaryFile(buffering=0)
    shared.write(b"of another part")
    file._append(CONTENT[:100])
    file._append(memoryview(CONTENT)[100:700])
    if spooled:
        file._spool(shared)
    file._append(CONTENT[700:])
    if spooled:
        file._spool(shared)
    return file


@pytest.mark.parametrize("spooled", [False, True])
def test_reading(spooled: bool) -> None:
    file = made(spooled)
    assert (file.size(), file.content_type, file.headers["x"], file.extension()) == (1280, "image/png", "y", ".png")
    assert (file.filename, file.raw_filename) == ("Sky.Tar.PNG", "x/Sky.Tar.PNG")
    assert file.read(99) == CONTENT[:99] and file.read(0) == b"" and file.read() == CONTENT[99:] and file.read() == b""
    assert file.seek(1270) == 1270 and file.read(100) == CONTENT[1270:] and file.seek(5000) == 1280
    file.seek(65)
    assert file.read(2) == b"AB"
    with pytest.raises(ValueError, match="from 0"):
        file.seek(-1)
    file.seek(0)
    with pytest.raises(UnicodeDecodeError):
        file.read_text()
    file.seek(0)
    assert file.read_text("latin-1")[65] == "A"
    file._let_go()


@pytest.mark.parametrize("spooled", [False, True])
def test_saving_moves_nothing(spooled: bool, tmp_path: Path) -> None:
    file = made(spooled)
    file.read(10)
    file.save(tmp_path / "a")
    asyncio.run(file.save_async(str(tmp_path / "b")))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == CONTENT
    assert file.read(1) == CONTENT[10:11]


def test_frm_009_the_temporary_file_has_no_name_and_goes_with_the_object() -> None:
    file = made(True)
    assert file._file is not None and file._held == 0
    descriptor = file._file.fileno()
    assert "deleted" in str(Path(f"/proc/self/fd/{descriptor}").readlink())
    del file
    assert not Path(f"/proc/self/fd/{descriptor}").exists()


def test_extensions() -> None:
    names = {"a.txt": ".txt", "a": "", ".hidden": "", "a.": ".", "a.B.C": ".c", None: ""}
    for name, extension in names.items():
        assert made(False, name).extension() == extension
    assert made(False).__repr__() == "<UploadedFile 'Sky.Tar.PNG', 1280 bytes>"
    empty = UploadedFile(None, None, [])
    assert empty.read() == b"" and empty.size() == 0 and empty.content_type is None
