"""Blueprints: routes and hooks of one part of an application, put into it below a prefix."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.routing.places import Registration, Within, blueprints_in
from pelton.routing.registrar import Registrar
from pelton.routing.route_options import taken_dependencies, taken_guards, taken_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from pelton.routing.entries import Entry
    from pelton.routing.routes import RouteInfo

__all__ = ["Blueprint", "Router"]


class Blueprint(Registrar):
    """Collects routes, WebSockets, hooks and middleware for an app or another blueprint. `Router` is an alias.

    What is added after it was registered counts too, until the app first serves.

    Args:
        prefix: Put before the paths of its routes.
        name: Put before the names of its routes, with a dot.
        tags: Of its routes in the OpenAPI document.
        guards: Judged before its routes.
        dependencies: Of `Depends()`, called before its routes.
        lifespan: An async context manager of the app around its time of serving.

    Raises:
        RegistrationError: The prefix is no beginning of a path.
    """

    def __init__(
        self,
        prefix: str = "",
        name: str | None = None,
        *,
        tags: Sequence[str] = (),
        guards: Sequence[Any] = (),
        dependencies: Sequence[Any] = (),
        lifespan: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(lifespan, tags, guards, dependencies)
        self.prefix = _prefix(prefix, f"Blueprint({prefix!r})")
        self.name = _name(name, f"Blueprint({prefix!r})")
        self._entries: list[Entry] = []

    register = Registrar.register_blueprint

    def get_all_routes(self) -> Sequence[RouteInfo]:
        """Its routes and those of the blueprints in it, with paths from its own prefix on."""
        here = Within(None, (), "", "", (), (), ()).below(Registration(self, "", None, (), (), ()))
        return tuple(self._infos(here))

    def _infos(self, within: Within) -> Iterator[RouteInfo]:
        for entry in self._entries:
            yield entry.info(within)
        for registration in self._registrations:
            yield from registration.blueprint._infos(within.below(registration))

    def _registering(self, what: str, place: str) -> None:
        for within in self._places:
            within.parts.refuse_late(what, place)

    def _arrives(self, entry: Entry) -> None:
        for within in self._places:
            entry.add(within)
        self._entries.append(entry)

    def _register_in(
        self,
        into: Registrar,
        prefix: str,
        name: str | None,
        tags: Sequence[str],
        guards: Sequence[Any],
        dependencies: Sequence[Any],
    ) -> None:
        """Puts it into an app or another blueprint; RegistrationError where it cannot be."""
        where = f"register_blueprint({self!r}, {prefix!r})"
        into._registering(where, where)
        if into is self or any(into is one for one in blueprints_in(self)):
            raise RegistrationError("a blueprint cannot be registered in itself", where=where, fix="make another Blueprint")
        registration = Registration(
            self,
            _prefix(prefix, where),
            _name(name, where),
            taken_sequence("tags", tags),
            taken_guards(guards),
            taken_dependencies(dependencies),
        )
        for other in into._registrations:
            if other.blueprint is self and other.prefix == registration.prefix:
                raise RegistrationError(
                    f"the blueprint is registered there already, below {registration.prefix!r}",
                    where=where,
                    fix="give it another prefix, and another name= if it has one",
                )
        for within in into._places:
            self._arrive(within.below(registration))
        into._registrations.append(registration)

    def _arrive(self, within: Within) -> None:
        """Everything of this one and in it, in an app."""
        self._places.append(within)
        for entry in self._entries:
            entry.add(within)
        for registration in self._registrations:
            registration.blueprint._arrive(within.below(registration))

    def __repr__(self) -> str:
        return f"<Blueprint {self.prefix!r} {self.name!r}>"


Router = Blueprint


def _prefix(prefix: str, where: str) -> str:
    if not isinstance(prefix, str):
        raise TypeError(f"a prefix is a str, not {prefix!r}")
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise RegistrationError(
            f"{prefix!r} is no prefix: it begins with a slash and ends without one",
            where=where,
            fix=f"/{prefix.strip('/')}" if prefix.strip("/") else "leave it out",
        )
    return prefix


def _name(name: str | None, where: str) -> str | None:
    if name is not None and (not isinstance(name, str) or not name or "." in name):
        raise RegistrationError(
            f"{name!r} is no name of a blueprint: it is part of dotted ones",
            where=where,
            fix="a str without dots, or leave it out",
        )
    return name
