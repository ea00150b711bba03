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
    from pelton.serving.runtime import Runtime

    class Mountable(Protocol):
        """What mount() takes beside an App."""

        def _mount(self, app: App, path: str, name: str | None) -> App | None:
            """Registers on the app what is to be served below the path, or returns an App to be mounted there.

            `path` is empty for the whole app, else it begins with a slash and ends without one.
            """
            ...


class Mount:
    """One application in another."""

    __slots__ = ("app", "name", "prefix")

    def __init__(self, prefix: str, app: App, name: str | None) -> None:
        self.prefix = prefix
        self.app = app
        self.name = name

    @property
    def path(self) -> str:
        """The prefix as it stands in a URL."""
        return quoted(self.prefix)


def _is_mountable(target: Any) -> TypeGuard[Mountable]:
    return hasattr(target, "_mount")


class Mounting:
    """The half of App that is about mounts."""

    def __init__(self) -> None:
        self._mounts: list[Mount] = []
        self._static_prefixes: set[str] = set()  # below which the native half serves files
        self._static_names: dict[str, str] = {}  # for url_for(): the prefix of each
        self._root_path = ""  # where the app that is served has this one
        self._runtime: Runtime | None = None
        self._serving: Server | None = None

    def mount(self, path: str, target: App | Mountable, *, name: str | None = None) -> None:
        """Gives another application a path and everything below it that no route of this one matches.

        The longest path wins. With a name, `url_for("name.route")` reaches its routes, and
        `url_for("name", path="a.css")` a file of StaticFiles.

        Args:
            path: Where it begins, such as `/admin`.
            target: An `App`, or `StaticFiles`.
            name: For `url_for()`.

        Raises:
            RegistrationError: The path is taken, or the target cannot be mounted.
        """
        app: Any = self
        where = f"mount({path!r})"
        app._registering(where, where)
        prefix = _prefix(path, where)
        if _is_mountable(target):
            if name is not None and self._has_mount(name):
                raise _named_twice(name, where)
            made = target._mount(app, prefix, name)
            if made is None:
                return
            target = made
        if not isinstance(target, Mounting):
            raise TypeError(f"mount() takes an App or StaticFiles, not {target!r}")
        if target is self or any(one is self for _, one in target._tree()):
            raise RegistrationError("an app cannot be mounted in itself", where=where, fix="make another App")
        if prefix in self._static_prefixes:
            raise RegistrationError(
                f"there are static files at {path!r} already", where=where, fix="give one of them another path"
            )
        if any(other.prefix == prefix for other in self._mounts):
            raise RegistrationError(f"there is a mount at {path!r} already", where=where, fix="give it another path")
        if name is not None and self._has_mount(name):
            raise _named_twice(name, where)
        self._mounts.append(Mount(prefix, target, name))

    def _has_mount(self, name: str) -> bool:
        return name in self._static_names or any(mount.name == name for mount in self._mounts)

    def _tree(self, root_path: str = "") -> Iterator[tuple[str, App]]:
        """This app and all that are mounted in it, each with its whole prefix."""
        yield root_path, self  # type: ignore[misc]
        for mount in self._mounts:
            yield from mount.app._tree(root_path + mount.prefix)

    def _serve_by(self, runtime: Runtime | None, serving: Server | None = None) -> None:
        """Tells the whole tree who serves it; None: nobody does any more."""
        for root_path, app in self._tree():
            app._runtime, app._serving, app._root_path = runtime, serving, root_path

    def _tell_unhandled(self, unhandled: list[BaseException] | None) -> None:
        """Where exceptions that end in a 500 go, of the whole tree."""
        for _, app in self._tree():
            assert app._answers is not None
            app._answers.unhandled = unhandled

    def _freeze_mounts(self) -> None:
        """Before the app itself is."""
        seen: dict[int, str] = {}
        pools: dict[str, str] = {}
        for root_path, app in self._tree():
            if id(app) in seen:
                raise RegistrationError(
                    "one app is mounted twice",
                    where=f"{seen[id(app)]!r} and {root_path!r}",
                    fix="make two, and register the same blueprint in both",
                )
            seen[id(app)] = root_path
            for name in app._pools:
                if name in pools:
                    raise RegistrationError(
                        f"two apps have a blocking pool {name!r}, and one process has one of each name",
                        where=f"{pools[name]!r} and {root_path!r}",
                        fix="give one of them another name",
                    )
                pools[name] = root_path
        native: Any = self
        for mount in self._mounts:
            outer = (*native._outer_layers, native._layers)
            # Layers are compiled into routes once: it would go without those around it now.
            if mount.app._answers is not None and mount.app._outer_layers != outer and any(one.middleware for one in outer):
                raise RegistrationError(
                    "a mounted app was served before the one around it, whose middleware it lacks",
                    where=f"mount({mount.prefix!r})",
                    fix="serve the outer app first, or make another App to be served by itself",
                )
            mount.app._outer_layers = outer
            native._native.mount(mount.prefix, mount.app._freeze())


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
