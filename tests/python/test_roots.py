"""tools/roots.py: which archive it takes, and what it copies into a root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import roots  # noqa: E402

ONE_LINE = "# a remark\ndeb [arch=amd64] http://other.test/x bookworm contrib\ndeb http://mirror.test/debian bookworm main\n"
PARAGRAPHS = """Types: deb
URIs: http://mirror.test/security
Suites: trixie-security
Components: main

Types: deb
# a remark
URIs: http://mirror.test/debian
Suites: trixie trixie-updates
Components: main contrib
"""


def test_the_archive_is_the_one_of_this_release() -> None:
    assert roots.mirror_in(ONE_LINE, "bookworm") == "http://mirror.test/debian"
    assert roots.mirror_in(PARAGRAPHS, "trixie") == "http://mirror.test/debian"
    assert roots.mirror_in(PARAGRAPHS, "trixie-security") == "http://mirror.test/security"
    assert roots.mirror_in(ONE_LINE + "\n" + PARAGRAPHS, "sid") is None


def test_a_copy_follows_the_sources_and_keeps_what_is_built_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "core").mkdir(parents=True)
    target.mkdir()
    monkeypatch.setattr(roots, "SOURCE", source)
    subprocess.run(["git", "init", "-q", source], check=True)
    (source / ".gitignore").write_text("/build/\n")
    (source / "core/a.cpp").write_text("one")
    (source / "core/b.cpp").write_text("two")
    roots.copy_source(target)
    built = target / "build"
    built.mkdir()
    (built / "a.o").touch()
    # Changed before that build ended, which had a copy of what it was; as long as before, too.
    (source / "core/a.cpp").write_text("two")
    os.utime(source / "core/a.cpp", (1, 1))
    (source / "core/b.cpp").unlink()
    roots.copy_source(target)
    assert (target / "core/a.cpp").read_text() == "two"
    assert (target / "core/a.cpp").stat().st_mtime_ns >= (built / "a.o").stat().st_mtime_ns
    assert not (target / "core/b.cpp").exists()
    assert (built / "a.o").exists()


def test_a_root_takes_over_what_is_about_the_network_and_nothing_else() -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "no_proxy"):
        assert roots.CARRIED.match(name), name
    for name in ("PATH", "HOME", "PELTON_ENGINE", "CI", "PIP_FIND_LINKS"):
        assert not roots.CARRIED.match(name), name


@pytest.mark.skipif(os.geteuid() != 0, reason="asks as another user, which root alone can become")
@pytest.mark.parametrize("tool", ["matrix", "wheel"])
def test_without_the_rights_of_root_one_line_says_so(tool: str) -> None:
    done = subprocess.run(
        [Path("/usr/bin/python3"), ROOT / f"tools/{tool}.py"], user="nobody", capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == f"{tool}: chroot and mount need root: sudo ./tools/dev ...\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="asks as another user, which root alone can become")
def test_an_environment_that_is_not_possible_may_be_left_out() -> None:
    done = subprocess.run(
        [Path("/usr/bin/python3"), ROOT / "tools/matrix.py", "--quick", "--if-possible"],
        user="nobody",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout == "0 passed, 0 failed; left out: all, for chroot and mount need root: sudo ./tools/dev ...\n"


def refuse(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 1, "", "mount: permission denied")


def test_a_mount_that_is_refused_means_that_there_are_no_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots.subprocess, "run", refuse)
    with pytest.raises(roots.NoRoots, match="^this machine refuses to mount: mount: permission denied$"):
        roots.mount("--bind", "/a", "/b")


def test_a_failed_program_in_a_root_is_no_lack_of_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots.subprocess, "run", refuse)
    root = roots.Root("sid", "sid", tmp_path, "http://mirror.test/debian")
    with pytest.raises(roots.Trouble) as caught:
        root.run(["false"])
    assert not isinstance(caught.value, roots.NoRoots)
    with pytest.raises(roots.NoRoots):
        root.install(["g++"])


def test_a_root_is_not_made_where_it_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots.shutil, "which", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(roots.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(8 << 30, 5 << 30, roots.FREE_MIN - 1))
    with pytest.raises(roots.NoRoots, match="has less than 4 GiB free"):
        with roots.Root("sid", "sid", tmp_path, "http://mirror.test/debian").enter():
            pass
