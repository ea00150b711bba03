"""Where in an application a blueprint stands, and what its routes inherit there."""

from __future__ import annotations

from pelton.errors import RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pelton.routing.app_parts import AppParts
    from pelton.routing.blueprints import Blueprint
    from pelton.routing.registrar import Registrar


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

    __slots__ = ("dependencies", "guards", "name", "owners", "parts", "prefix", "tags")

    def __init__(
        self,
        parts: AppParts | None,
        owners: tuple[Any, ...],
        prefix: str,
        name: str,
        tags: tuple[str, ...],
        guards: tuple[Any, ...],
        dependencies: tuple[Any, ...],
    ) -> None:
        self.parts: AppParts = parts  # type: ignore[assignment]  # None only where nothing is added
        self.owners = owners  # the app, then blueprints
        self.prefix = prefix
        self.name = name  # dotted; empty where nothing around has one
        self.tags = tags
        self.guards = guards
        self.dependencies = dependencies

    def below(self, registration: Registration) -> Within:
        name = registration.name
        if name is not None and self.parts is not None:
            self._take_name(self.named(name), self.prefix + registration.prefix)
        return Within(
            self.parts,
            (*self.owners, registration.blueprint),
            self.prefix + registration.prefix,
            self.name if name is None else self.named(name),
            self.tags + registration.tags,
            self.guards + registration.guards,
            self.dependencies + registration.dependencies,
        )

    def _take_name(self, name: str, prefix: str) -> None:
        names = self.parts.blueprint_names
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
        """A route's options, after those that it inherits."""
        added = dict(options)
        if self.dependencies:
            added["dependencies"] = (*self.dependencies, *options.get("dependencies", ()))
        if self.guards:
            added["guards"] = (*self.guards, *options.get("guards", ()))
        if self.tags:
            added["tags"] = [*self.tags, *options.get("tags", ())]
        return added


def inner(registrar: Registrar) -> Iterator[Blueprint]:
    """All blueprints in an app, outer before inner, each once."""
    return iter({id(one): one for one in blueprints_in(registrar)}.values())


def blueprints_in(registrar: Registrar) -> Iterator[Blueprint]:
    """All blueprints in an app, outer before inner, one entry for each registration."""
    for registration in registrar._registrations:
        yield registration.blueprint
        yield from blueprints_in(registration.blueprint)
