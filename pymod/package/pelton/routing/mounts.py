"""Mounts: whole applications below a path of another one."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.messages.url import quoted
from pelton.routing.routes import Template, check_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol, TypeGuard

    from pelton._native import Server
    from pelton.app import App
    from pelton.routing.app_parts import AppParts
    from pelton.serving.runtime import Runtime

    class Mountable(Protocol):
        """What mount() takes beside an App."""

        def _mount(self, app: App, path: str, name: str | None) -> App | None:
            """Registers with the app what is to be served below the path, or returns an App to be mounted there.

            `path` is empty for the whole app, else it begins with a slash and ends without one.
            """
            ...


class Mount:
    """One application in another."""

    __slots__ = ("name", "parts", "prefix")

    def __init__(self, prefix: str, parts: AppParts, name: str | None) -> None:
        self.prefix = prefix
        self.parts = parts
        self.name = name

    @property
    def path(self) -> str:
        """The prefix as it stands in a URL."""
        return quoted(self.prefix)


def is_mountable(target: Any) -> TypeGuard[Mountable]:
    return hasattr(target, "_mount")


class Mounts:
    """What one application has below its paths: other applications, and directories that the native half serves."""

    def __init__(self, parts: AppParts) -> None:
        self.parts = parts
        self._mounts: list[Mount] = []
        self.static_prefixes: set[str] = set()
        self.static_names: dict[str, str] = {}  # for url_for(): the prefix of each

    def __iter__(self) -> Iterator[Mount]:
        return iter(self._mounts)

    def add(self, path: str, target: App | Mountable, name: str | None) -> None:
        """RegistrationError if the path or the name is taken, or the target cannot be mounted."""
        where = f"mount({path!r})"
        self.parts.refuse_late(where, where)
        prefix = _prefix(path, where)
        if is_mountable(target):
            if name is not None and self._has(name):
                raise _named_twice(name, where)
            made = target._mount(self.parts.app, prefix, name)
            if made is None:
                return
            target = made
        assert isinstance(target, self.parts.kind)  # as App.mount() has seen to
        below = target._parts
        if any(one is self.parts for _, one in below.mounts.tree()):
            raise RegistrationError("an app cannot be mounted in itself", where=where, fix="make another App")
        if prefix in self.static_prefixes:
            raise RegistrationError(
                f"there are static files at {path!r} already", where=where, fix="give one of them another path"
            )
        if any(other.prefix == prefix for other in self):
            raise RegistrationError(f"there is a mount at {path!r} already", where=where, fix="give it another path")
        if name is not None and self._has(name):
            raise _named_twice(name, where)
        self._mounts.append(Mount(prefix, below, name))

    def _has(self, name: str) -> bool:
        return name in self.static_names or any(mount.name == name for mount in self)

    def tree(self, root_path: str = "") -> Iterator[tuple[str, AppParts]]:
        """The application and all that are mounted in it, each with its whole prefix."""
        yield root_path, self.parts
        for mount in self:
            yield from mount.parts.mounts.tree(root_path + mount.prefix)

    def serve_by(self, runtime: Runtime | None, server: Server | None = None) -> None:
        """Sets which runtime and server serve the application and all that are mounted in it; None once they are no longer served."""
        for root_path, parts in self.tree():
            service = parts.service
            service.runtime, service.server, service.root_path = runtime, server, root_path

    def collect_unhandled(self, unhandled: list[BaseException] | None) -> None:
        """Sets where exceptions that end in a 500 are collected, in the application and all that are mounted in it."""
        for _, parts in self.tree():
            assert parts.service.answers is not None
            parts.service.answers.unhandled = unhandled

    def freeze(self) -> None:
        """Freezes what is mounted, before the application itself."""
        seen: dict[int, str] = {}
        pools: dict[str, str] = {}
        for root_path, parts in self.tree():
            if id(parts) in seen:
                raise RegistrationError(
                    "one app is mounted twice",
                    where=f"{seen[id(parts)]!r} and {root_path!r}",
                    fix="make two, and register the same blueprint in both",
                )
            seen[id(parts)] = root_path
            for name in parts.pools:
                if name in pools:
                    raise RegistrationError(
                        f"two apps have a blocking pool {name!r}, and one process has one of each name",
                        where=f"{pools[name]!r} and {root_path!r}",
                        fix="give one of them another name",
                    )
                pools[name] = root_path
        around = self.parts
        outer = (*around.outer_layers, around.layers)
        for mount in self:
            inner = mount.parts
            # Layers are compiled into routes once: it would go without those around it now.
            if inner.is_frozen and inner.outer_layers != outer and any(one.middleware for one in outer):
                raise RegistrationError(
                    "a mounted app was served before the one around it, whose middleware it lacks",
                    where=f"mount({mount.prefix!r})",
                    fix="serve the outer app first, or make another App to be served by itself",
                )
            if inner.middleware.enabled:
                raise RegistrationError(
                    f"enable_{inner.middleware.enabled[0]}() of a mounted app: it is for all that a server serves",
                    where=f"mount({mount.prefix!r})",
                    fix="call it on the app that is served",
                )
            inner.outer_layers = outer
            around.native.mount(mount.prefix, inner.freeze())


def _named_twice(name: str, where: str) -> RegistrationError:
    return RegistrationError(f"there is a mount as {name!r} already", where=where, fix="give it another name=")


def _prefix(path: str, where: str) -> str:
    if path == "/":
        return ""
    if not path.startswith("/") or path.endswith("/") or any(one in path for one in "{}?#"):
        raise RegistrationError(
            f"{path!r} is no path of a mount: literal, with a slash at its beginning and none at its end",
            where=where,
            fix="/admin, or / for everything",
        )
    check_literals(Template(path), where)
    return path
