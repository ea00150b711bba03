"""The file with the supervisor's process ID, locked as long as that process lives."""

from __future__ import annotations

import fcntl
import os

from pelton.errors import StartupError


class PidFile:
    """Written at once; StartupError if that is not possible, or if a process that lives has it."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StartupError(f"{path} cannot be written: {error.strerror}; choose another file with --pid-file") from None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.descriptor)
            raise StartupError(f"{path} belongs to a pelton that runs; stop that or choose another file with --pid-file") from None
        os.ftruncate(self.descriptor, 0)
        os.write(self.descriptor, f"{os.getpid()}\n".encode())

    @classmethod
    def inherited(cls, descriptor: int) -> PidFile:
        """The file, with its lock, of the supervisor that this process will replace; that one writes the new process ID."""
        made = cls.__new__(cls)
        made.path, made.descriptor = os.readlink(f"/proc/self/fd/{descriptor}"), descriptor
        return made

    def remove(self) -> None:
        """Leaves an empty file where the directory is not this user's."""
        os.ftruncate(self.descriptor, 0)
        try:
            os.unlink(self.path)
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        """The file stays another process's, or nobody's."""
        os.close(self.descriptor)


def process_of(path: str) -> int:
    """The process ID in the file; StartupError unless that process lives and has the file."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
            else:
                raise StartupError(f"no pelton that runs has {path}; start one with --pid-file {path}")
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}; is pelton started with --pid-file {path}?") from None
    if not text.isascii() or not text.isdigit():
        raise StartupError(f"{path} holds no process ID; is it the file of pelton run --pid-file?")
    return int(text)
