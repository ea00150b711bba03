"""Blueprints: routes and hooks of one part of an application, put into it below a prefix."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.routing.layers import Layered
from pelton.routing.registrar import Routed, taken_guards
from pelton.routing.route_options import taken_dependencies, taken_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pelton.app import App
    from pelton.routing.registrar import Entry
    from pelton.routing.routes import RouteInfo

__all__ = ["Blueprint", "Router"]


class Blueprint(Layered, Routed):
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
        Layered.__init__(self)
        Routed.__init__(self, lifespan, tags, guards, dependencies)
        self.prefix = _prefix(prefix, f"Blueprint({prefix!r})")
        self.name = _name(name, f"Blueprint({prefix!r})")
        self._entries: list[Entry] = []
        self._places: list[Within] = []  # in apps; one of each way there

    register = Routed.register_blueprint

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
            within.app._registering(what, place)

    def _arrives(self, entry: Entry) -> None:
        for within in self._places:
            entry.add(within)
        self._entries.append(entry)

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


class Registration:
    """One blueprint in an app or in another blueprint, with what was said of it there."""

    __slots__ = ("blueprint", "dependencies", "guards", "name", "prefix", "tags")

    def __init__(
        self,
        blueprint: Blueprint,
        prefix: str,
        name: str | None,
        tags: tuple[str, ...],
        guards: tuple[Any, ...],
        dependencies: tuple[Any, ...],
    ) -> None:
        self.blueprint = blueprint
        self.prefix = prefix + blueprint.prefix
        self.name = blueprint.name if name is None else name
        self.tags = tags + blueprint._tags
        self.guards = guards + blueprint._guards
        self.dependencies = dependencies + blueprint._dependencies


class Within:
    """A place in an app where routes arrive, with what they inherit from all around them, outer first."""

    __slots__ = ("app", "dependencies", "guards", "name", "owners", "prefix", "tags")

    def __init__(
        self,
        app: App | None,
        owners: tuple[Any, ...],
        prefix: str,
        name: str,
        tags: tuple[str, ...],
        guards: tuple[Any, ...],
        dependencies: tuple[Any, ...],
    ) -> None:
        self.app: App = app  # type: ignore[assignment]  # None only where nothing is added
        self.owners = owners  # the app, then blueprints
        self.prefix = prefix
        self.name = name  # dotted; empty where nothing around has one
        self.tags = tags
        self.guards = guards
        self.dependencies = dependencies

    def below(self, registration: Registration) -> Within:
        name = registration.name
        if name is not None and self.app is not None:
            self._take_name(self.named(name), self.prefix + registration.prefix)
        return Within(
            self.app,
            (*self.owners, registration.blueprint),
            self.prefix + registration.prefix,
            self.name if name is None else self.named(name),
            self.tags + registration.tags,
            self.guards + registration.guards,
            self.dependencies + registration.dependencies,
        )

    def _take_name(self, name: str, prefix: str) -> None:
        names = self.app._blueprint_names
        if name in names:
            raise RegistrationError(
                f"two blueprints are named {name!r}",
                where=f"{prefix!r} and {names[name]!r}",
                fix="give each its own name, register_blueprint(..., name=) where it is one in two places",
            )
        names[name] = prefix

    def named(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name

    def added_to(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A route's options behind what is inherited."""
        added = dict(options)
        if self.dependencies:
            added["dependencies"] = (*self.dependencies, *options.get("dependencies", ()))
        if self.guards:
            added["guards"] = (*self.guards, *options.get("guards", ()))
        if self.tags:
            added["tags"] = [*self.tags, *options.get("tags", ())]
        return added


def register(
    into: Routed,
    blueprint: Any,
    prefix: str,
    name: str | None,
    tags: Sequence[str],
    guards: Sequence[Any],
    dependencies: Sequence[Any],
) -> None:
    """Puts a blueprint into an app or another blueprint; RegistrationError where it cannot be."""
    if not isinstance(blueprint, Blueprint):
        raise TypeError(f"register_blueprint() takes a Blueprint, not {blueprint!r}; an App is mounted: app.mount()")
    where = f"register_blueprint({blueprint!r}, {prefix!r})"
    into._registering(where, where)
    if into is blueprint or any(into is one for one in _within(blueprint)):
        raise RegistrationError("a blueprint cannot be registered in itself", where=where, fix="make another Blueprint")
    registration = Registration(
        blueprint,
        _prefix(prefix, where),
        _name(name, where),
        taken_sequence("tags", tags),
        taken_guards(guards),
        taken_dependencies(dependencies),
    )
    for other in into._registrations:
        if other.blueprint is blueprint and other.prefix == registration.prefix:
            raise RegistrationError(
                f"the blueprint is registered there already, below {registration.prefix!r}",
                where=where,
                fix="give it another prefix, and another name= if it has one",
            )
    for within in _places(into):
        blueprint._arrive(within.below(registration))
    into._registrations.append(registration)


def inner(routed: Routed) -> Iterator[Blueprint]:
    """All blueprints in an app, outer before inner, each once."""
    return iter({id(one): one for one in _within(routed)}.values())


def _within(routed: Routed) -> Iterator[Blueprint]:
    for registration in routed._registrations:
        yield registration.blueprint
        yield from _within(registration.blueprint)


def _places(routed: Any) -> list[Within]:
    places: list[Within] = routed._places if isinstance(routed, Blueprint) else [routed._within]
    return places


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
