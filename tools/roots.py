"""Debian roots made by debootstrap: a directory tree of another release, entered by chroot.

A root is made once and kept. What it needs of this machine (package mirror, certificates, pip's
settings, proxies) is read from this machine. Mounts live in a mount namespace of the running process,
so none is left behind however that ends.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
KEPT_AT = Path("/var/cache/pelton/roots")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IN_NAMESPACE = "--in-namespace"
FREE_MIN = 4 << 30  # octets that a root with compilers, what is built there included, may take
# A program that runs in a root takes over what is about the network, nothing else of the caller's.
CARRIED = re.compile(r"(?i)^(?:https?_proxy|ftp_proxy|no_proxy|all_proxy|pip_(?!find_links).*|ssl_cert_.*|requests_ca_bundle|curl_ca_bundle)$")


class Trouble(Exception):
    """What keeps a root from being made or entered, in one line."""


class NoRoots(Trouble):
    """This machine, or the network it is in, gives no root; nothing is known of what would happen in one."""


def say(line: str) -> None:
    print(f"roots: {line}", file=sys.stderr, flush=True)


def enter_namespace() -> None:
    """Starts this program again in mount and process namespaces of its own; returns in that one.

    Its mounts and the processes it leaves behind end with it.
    """
    if sys.argv[-1:] == [IN_NAMESPACE]:
        sys.argv.pop()
        return
    if os.geteuid() != 0:
        raise NoRoots("chroot and mount need root: sudo ./tools/dev ...")
    unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        raise NoRoots("this machine allows no mount namespace (unshare --mount --pid): run outside the container")
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv, IN_NAMESPACE])


def mirror_in(sources: str, codename: str) -> str | None:
    """The archive from which apt takes the release `codename`, given the text of all its sources."""
    for line in sources.splitlines():
        old = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        if old and old[2] == codename and "main" in old[3].split():
            return str(old[1])
    for paragraph in re.split(r"\n\s*\n", sources):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
        if (
            "deb" in fields.get("Types", "").split()
            and codename in fields.get("Suites", "").split()
            and "main" in fields.get("Components", "").split()
            and fields.get("URIs")
        ):
            return str(fields["URIs"].split()[0])
    return None


def machine_mirror() -> str:
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE))
    folder = Path("/etc/apt/sources.list.d")
    files = [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]
    text = "\n\n".join(file.read_text() for file in files if file.is_file())
    if release.get("ID") == "debian":
        found = mirror_in(text, release.get("VERSION_CODENAME", ""))
        if found:
            return found
    raise NoRoots("no Debian archive among the sources of apt: name one with --mirror=URL")


def apt_network_settings() -> str:
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "".join(
        line + "\n" for line in dumped.splitlines() if re.match(r"Acquire::(?:http|https|ftp)::.*\".+\"", line)
    )


def copy_source(to: Path) -> None:
    """The repository's files as they are now, tracked or not yet; what is built there stays."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={SOURCE}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=SOURCE,
        capture_output=True,
        check=True,
    ).stdout.decode()
    wanted = {name for name in listed.split("\0") if name and (SOURCE / name).is_file()}
    manifest = to / ".copied"
    before = set(manifest.read_text().split("\0")) if manifest.exists() else set()
    for name in before - wanted:
        (to / name).unlink(missing_ok=True)
    for name in wanted:
        source, target = SOURCE / name, to / name
        if not target.exists() or not filecmp.cmp(source, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            # Dated now: what was built there meanwhile, of what the file was before, is older.
            shutil.copy(source, target)
    manifest.write_text("\0".join(sorted(wanted)))


def mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise NoRoots(f"this machine refuses to mount: {done.stderr.strip()}")


class Root:
    """One release of Debian in a directory. `enter` before anything else."""

    def __init__(self, suite: str, name: str, kept_at: Path, mirror: str) -> None:
        self.suite, self.name, self.mirror = suite, name, mirror
        self.kept_at = kept_at
        self.directory = kept_at / name

    @contextmanager
    def enter(self) -> Iterator[Root]:
        """Makes the root if there is none yet, and mounts what a system needs, for us alone."""
        self.kept_at.mkdir(parents=True, exist_ok=True)
        with (self.kept_at / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.directory / ".made").exists():
                self._make()
            self._mount()
            self._carry_settings()
            try:
                yield self
            finally:
                subprocess.run(["umount", "--recursive", "--lazy", self.directory], check=False)

    def _make(self) -> None:
        if shutil.which("debootstrap") is None:
            raise NoRoots("debootstrap is missing: apt-get install debootstrap")
        if shutil.disk_usage(self.kept_at).free < FREE_MIN:
            raise NoRoots(f"{self.kept_at} has less than {FREE_MIN >> 30} GiB free: name another folder with --roots")
        say(f"making {self.directory} from {self.suite}")
        shutil.rmtree(self.directory, ignore_errors=True)
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates"]
            + [self.suite, self.directory, self.mirror],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise NoRoots(f"debootstrap {self.suite} failed: " + " / ".join(done.stdout.splitlines()[-3:]))
        # Packages of servers start none here.
        policy = self.directory / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        (self.directory / ".made").touch()

    def _mount(self) -> None:
        # Itself a mount point: `ip netns exec` changes how the mount at / propagates.
        mount("--bind", self.directory, self.directory)
        mount("-t", "proc", "proc", self.directory / "proc")
        for point in ("dev", "sys"):
            mount("--rbind", f"/{point}", self.directory / point)

    def bind(self, outside: Path, inside: str) -> None:
        target = self.directory / inside.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        mount("--bind", outside, target)

    def _carry_settings(self) -> None:
        etc = self.directory / "etc"
        for name in ("resolv.conf", "hosts"):
            if Path("/etc", name).exists():
                (etc / name).unlink(missing_ok=True)
                shutil.copyfile(Path("/etc", name), etc / name)
        named = [Path(os.environ[name]) for name in ("PIP_CERT", "SSL_CERT_FILE") if name in os.environ]
        for file in (CERTIFICATES, *named):
            if file.is_file():
                target = self.directory / str(file).lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
        for file in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
            if file.is_file():
                shutil.copyfile(file, etc / "pip.conf")
        (etc / "apt/apt.conf.d").mkdir(parents=True, exist_ok=True)
        (etc / "apt/apt.conf.d/90machine").write_text(apt_network_settings())

    def run(
        self,
        command: Sequence[str],
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        check: bool = True,
    ) -> int:
        """Its status; with `check` a status that is not 0 is Trouble, with the last lines of the log."""
        carried = {name: value for name, value in os.environ.items() if CARRIED.match(name)}
        settings = {"PATH": PATH, "HOME": "/srv", "CCACHE_DIR": "/srv/ccache", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        inside = ["chroot", str(self.directory), "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, *command]
        with open(log or os.devnull, "ab") as out:
            status = subprocess.run(
                inside,
                env=settings | carried | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            ).returncode
        if check and status != 0:
            last = log.read_text(errors="replace").splitlines()[-8:] if log else []
            raise Trouble(f"{self.name}: {' '.join(command[:4])} ended with {status}:\n  " + "\n  ".join(last))
        return status

    def output(self, command: Sequence[str]) -> str:
        """The first line that a command prints in the root."""
        done = subprocess.run(
            ["chroot", str(self.directory), *command],
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
        )
        return (done.stdout.splitlines() or [""])[0]

    def install(self, packages: Iterable[str], log: Path | None = None) -> None:
        missing = [
            name
            for name in packages
            if self.output(["dpkg-query", "-W", "-f=${db:Status-Status}", name]) != "installed"
        ]
        if missing:
            say(f"{self.name}: installing {len(missing)} packages")
            # A mirror that keeps an archive as it was some weeks ago is as good; what it signed is checked.
            apt = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "Acquire::Check-Valid-Until=false"]
            try:
                self.run([*apt, "update"], log=log)
                self.run([*apt, "install", "-y", "--no-install-recommends", *missing], log=log)
            except Trouble as trouble:
                raise NoRoots(str(trouble)) from None

    def share_compiler_cache(self) -> None:
        kept = Path(os.environ.get("CCACHE_DIR", Path.home() / ".cache/ccache"))
        kept.mkdir(parents=True, exist_ok=True)
        self.bind(kept, "/srv/ccache")
