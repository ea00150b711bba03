"""Watching an application's files, so that each change of one reloads it."""

from __future__ import annotations

import os
import signal
import threading
from fnmatch import fnmatch

from pelton.cli.usage import UsageError
from pelton.serving.terminal import complain, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# How often the files are looked at without watchfiles; a look that takes long makes the next ones rarer.
POLL_S = 0.25
POLL_SHARE = 0.1  # of a core
# watchfiles reports at least this often, even if nothing has changed. Its first report says that it watches.
REPORT_MS = 500
INCLUDE = ("*.py",)
EXCLUDE = (".*",)
DELAY_S = 0.25

Look = dict[str, tuple[int, int, int]]


class Watch:
    """Which files are watched, and what they are now.

    Args:
        folders: Where they are; folders below are watched too, but no virtual environments and no caches of byte code.
        include: Patterns of their names, as of fnmatch(3).
        exclude: Patterns of names of files, and of folders between, that are not watched.
        files: Further files, whatever their names.
        delay_s: How long nothing more must change until a change counts, in seconds.

    Raises:
        UsageError: A folder is not there.
    """

    def __init__(
        self,
        folders: list[str],
        include: tuple[str, ...] = INCLUDE,
        exclude: tuple[str, ...] = EXCLUDE,
        files: tuple[str, ...] = (),
        delay_s: float = DELAY_S,
    ) -> None:
        for folder in folders:
            if not os.path.isdir(folder):
                raise UsageError(f"--reload-dir {folder}: there is no such folder")
        self.folders = [os.path.abspath(folder) for folder in folders]
        self.files = tuple(map(os.path.abspath, files))
        self.delay_s = delay_s
        self._include = include
        self._exclude = exclude

    def takes(self, path: str) -> bool:
        """Whether a file, which may be gone by now, is one of those that are watched."""
        if path in self.files:
            return True
        for folder in self.folders:
            inner = os.path.relpath(path, folder)
            if inner.startswith(".."):
                continue
            *between, name = inner.split(os.sep)
            if self._is_wanted(name) and all(map(self._is_entered, between)):
                return True
        return False

    def look(self) -> Look:
        """Every watched file, with what tells its versions apart."""
        found: Look = {}
        for path in (*self.files, *self._listed()):
            try:
                is_now = os.stat(path)
            except OSError:  # it has gone since it was listed
                continue
            found[path] = (is_now.st_mtime_ns, is_now.st_size, is_now.st_ino)
        return found

    def _listed(self) -> Iterator[str]:
        for top in self.folders:
            for folder, inner, names in os.walk(top):
                if "pyvenv.cfg" in names:
                    inner.clear()
                    continue
                inner[:] = filter(self._is_entered, inner)
                for name in filter(self._is_wanted, names):
                    yield os.path.join(folder, name)

    def _is_wanted(self, name: str) -> bool:
        return any(fnmatch(name, one) for one in self._include) and not self._is_excluded(name)

    def _is_entered(self, name: str) -> bool:
        return name != "__pycache__" and not self._is_excluded(name)

    def _is_excluded(self, name: str) -> bool:
        return any(fnmatch(name, one) for one in self._exclude)


class Watcher:
    """A thread that sends HUP to this process, a supervisor, whenever watched files have changed.

    Args:
        watch: The files.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def begin(self) -> None:
        """Starts the thread, which misses no change from here on."""
        self._seen = self._watch.look()
        # The supervisor takes its signals from a descriptor, for which every thread has to block them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def end(self) -> None:
        """Returns once the thread has ended."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for paths in self._changes():
                _forget_compiled(paths)
                names = ", ".join(sorted(map(os.path.relpath, paths))[:3])
                more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
                tell(f"pelton: {names}{more} changed", "info")
                os.kill(os.getpid(), signal.SIGHUP)
        except Exception as error:  # without it nothing would be reloaded, and nobody would know why
            complain(f"files are no longer watched: {type(error).__name__}: {error}")

    def _changes(self) -> Iterator[set[str]]:
        """The paths of each change, once it is over."""
        try:
            from watchfiles import watch
        except ImportError:
            yield from self._polled()
            return
        delay_ms = max(1, round(self._watch.delay_s * 1000))
        watches = False
        for told in watch(  # by inotify(7)
            *self._watch.folders,
            *self._watch.files,
            watch_filter=lambda _, path: self._watch.takes(path),
            debounce=delay_ms,
            step=min(50, delay_ms),
            stop_event=self._ended,
            raise_interrupt=False,
            ignore_permission_denied=True,
            rust_timeout=REPORT_MS,
            yield_on_timeout=True,
        ):
            changed = {path for _, path in told}
            if not watches:  # until now: a change between begin() and its start is not reported
                watches = True
                changed |= _differing(self._seen, self._watch.look())
            if changed:
                yield changed

    def _polled(self) -> Iterator[set[str]]:
        from time import monotonic, thread_time

        seen = self._seen
        changed: set[str] = set()
        last_change = 0.0
        while True:
            began = thread_time()
            now = self._watch.look()
            took = thread_time() - began
            if now != seen:
                changed |= _differing(seen, now)
                seen, last_change = now, monotonic()
            elif changed and monotonic() - last_change >= self._watch.delay_s:
                yield changed
                changed = set()
            if self._ended.wait(max(POLL_S, took / POLL_SHARE)):
                return


def _differing(before: Look, after: Look) -> set[str]:
    """The paths that are not the same in both."""
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def _forget_compiled(paths: set[str]) -> None:
    """Removes the byte code of sources. It names the second and the size of its source, which two saves may share."""
    from importlib.util import cache_from_source

    for path in paths:
        if path.endswith(".py"):
            try:
                os.unlink(cache_from_source(path))
            except OSError:
                pass
